/** `cast column as type [format 'text'], ...`: another type for columns, in their places. A value that does not fit is an error. */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { type Column, type ColumnType, typeName } from '../../core/protocol/types.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseTypeName } from '../frontends/forkline/expression-call.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import { castTo } from '../functions/kit/coerce.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, type Scope } from '../resolve/scope.ts';
import { columnValue, ownCall } from '../select/own-values.ts';
import type { NamedValue } from '../select/relation.ts';
import { castExists, hintWithoutCast, type TypeName, typeFromName } from '../types/cast-types.ts';
import { isMoment, STRING } from '../types/rules.ts';
import { type Typed, valueType } from '../types/typed.ts';
import { exactIf } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';
import { percentFormat } from './kit/time-formats.ts';

interface Casting {
  readonly target: WrittenName;
  readonly to: TypeName;
  readonly format: { readonly text: string; readonly span: Span } | null;
}

interface Resolved extends ResolvedStage {
  readonly casts: readonly NamedValue[];
}

const USUAL = 'write `cast delay as string`';

function parseCasting(cursor: Cursor): Casting {
  if (cursor.isSymbol('(')) cursor.refuse('the stage `cast` has no brackets', USUAL);
  const target = parseName(cursor, 'the name of a column');
  if (cursor.isSymbol('=', '::'))
    cursor.refuse('`cast` is written with `as`', `write \`cast ${target.name} as int64\``);
  if (cursor.acceptWord('as') === null)
    cursor.fail(`\`as\` and a type are missing after \`${target.name}\``, USUAL);
  if (cursor.peek().kind !== 'word') cursor.fail('a type is missing after `as`', USUAL);
  const to = parseTypeName(cursor);
  if (cursor.acceptWord('format') === null) return { target, to, format: null };
  const token = cursor.peek();
  if (token.kind !== 'string')
    cursor.fail(
      "a text in 'single quotes' is missing after `format`",
      "write `cast t as timestamp format 'yyyy-MM-dd'`",
    );
  cursor.next();
  return { target, to, format: { text: token.text, span: { start: token.start, end: token.end } } };
}

/** Text read as a moment, or a moment written as text. */
function formatted(column: Column, to: ColumnType, { text, span }: NonNullable<Casting['format']>): Typed {
  const format = [percentFormat(text, span)];
  const value = columnValue(column);
  const reads = column.type.kind === 'string' && (isMoment(to) || to.kind === 'time');
  if (reads) return ownCall(to, [value], 'strptime', format);
  if (isMoment(column.type) && to.kind === 'string') return ownCall(STRING, [value], 'strftime', format);
  throw new QueryError(
    'wrong-arguments',
    `a format has no meaning from ${typeName(column.type)} to ${typeName(to)}`,
    {
      span,
      hint: 'it says how text is read as a moment, or a moment written as text; leave it away',
    },
  );
}

function resolveCasting({ target, to, format }: Casting, input: Scope): NamedValue {
  const column = getColumn(input, target);
  const { name } = column;
  const type = typeFromName(to);
  if (format !== null) return { name, value: formatted(column, type, format) };
  if (castExists(column.type, type)) return { name, value: castTo(columnValue(column), type) };
  throw new QueryError('wrong-type', `there is no cast from ${typeName(column.type)} to ${typeName(type)}`, {
    span: { start: target.span.start, end: to.span.end },
    hint: hintWithoutCast(column.type, type, name),
  });
}

/** The parsed arguments of the stage. */
export type Syntax = readonly Casting[];

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'cast',
  aliases: ['typecast'],
  docs: {
    syntax: "cast column as type [format 'text'], ...",
    summary: 'Gives columns another type; their places stay.',
    notes:
      'A format is written in letters (`yyyy MM dd HH mm ss SSS`, with other text in single quotes, doubled inside the string) or with `%` as in `strptime`; it says how a moment is read from text, or written as text. What does not fit is an error; `try_cast` in `eval` gives null.',
    examples: [
      { text: 'cast delay as string, price as float64', summary: 'two columns' },
      { text: "eval t = '20010203' | cast t as date format 'yyyyMMdd'", summary: 'text read as a date' },
      { text: "cast date as string format '%d.%m.%Y'", summary: 'a date written as text' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) cursor.fail('`cast` needs a column and a type', USUAL);
    const castings: Casting[] = [];
    do castings.push(parseCasting(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return castings;
  },
  resolve(syntax, input) {
    const casts: NamedValue[] = [];
    for (const casting of syntax) {
      const cast = resolveCasting(casting, input);
      if (casts.some(({ name }) => name === cast.name))
        throw new QueryError('duplicate-column', `\`${cast.name}\` is cast twice`, {
          span: casting.target.span,
          hint: 'cast it once, or add a second `cast` stage',
        });
      casts.push(cast);
    }
    const columns = input.columns.map((column) => {
      const cast = casts.find(({ name }) => name === column.name);
      return cast === undefined ? column : { name: column.name, type: valueType(cast.value.type) };
    });
    return { columns, casts };
  },
  columnsUsed: ({ casts }, wanted) => new Set([...wanted, ...casts.map(({ name }) => name)]),
  emit: ({ casts }, relation) =>
    casts.reduce((sofar, { name, value }) => sofar.assign(name, value), relation),
  exactIn: ({ casts }, dialect) =>
    exactIf(
      casts.map(({ value }) => value),
      dialect,
    ),
  computes: ({ casts }) => casts.map(({ value }) => value),
  rowByRow: true,
};
