/**
 * `explode column [sep 's']`: a row for each element of a list, or for each part of a text. No row is lost: null and
 * the empty list give one row with null. A list that is too long is an error that names the limit.
 */

import { QueryError, type Span, type WireError } from '../../core/protocol/errors.ts';
import { STAGE_LIMITS, stageLimit } from '../../core/protocol/stage-limits.ts';
import type { Column, ColumnType } from '../../core/protocol/types.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, type Scope } from '../resolve/scope.ts';
import { columnValue, keepColumns, ownCall } from '../select/own-values.ts';
import { STRING } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { assignColumn } from './kit/assign-columns.ts';
import { exactLists } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly target: WrittenName;
  readonly separator: { readonly text: string; readonly span: Span } | null;
}

interface Resolved extends ResolvedStage {
  readonly name: string;
  readonly list: Typed;
  readonly tooLong: WireError;
}

function elementOf({ name, type }: Column, { target, separator }: Syntax): ColumnType {
  if (type.kind === 'list') {
    if (separator === null) return type.of;
    throw new QueryError('wrong-arguments', `\`${name}\` is a list already: there is nothing to split`, {
      span: separator.span,
      hint: `write \`explode ${name}\``,
    });
  }
  if (type.kind !== 'string')
    throw new QueryError(
      'wrong-type',
      `\`explode\` takes a list or a text, and \`${name}\` is ${type.kind}`,
      {
        span: target.span,
        hint:
          type.kind === 'json'
            ? 'take the list apart in the SQL: `json_array_elements`'
            : 'nothing is in it to explode',
      },
    );
  if (separator !== null) return STRING;
  throw new QueryError(
    'wrong-arguments',
    `\`${name}\` is text: \`explode\` must know what separates its parts`,
    {
      span: target.span,
      hint: `write \`explode ${name} sep ','\``,
    },
  );
}

function listOf(column: Column, separator: Syntax['separator']): Typed {
  const value = columnValue(column);
  if (separator === null) return value;
  return ownCall({ kind: 'list', of: STRING }, [value], 'own/split', [separator.text]);
}

function tooLong(name: string, { stage }: Scope, span: Span): WireError {
  return {
    code: 'bad-value',
    message: `a value of \`${name}\` has more than ${STAGE_LIMITS.explodeElements} elements`,
    span,
    stage,
    hint: 'filter it out before, or take it apart in the SQL',
    limit: stageLimit('explodeElements'),
  };
}

/** The list in the column, with one null for none; fails with `error` when it is too long. */
function elementsOf(column: string, type: Typed['type'], error: WireError): Typed {
  const list = columnValue({ name: column, type: { kind: 'list', of: STRING } });
  return ownCall(type, [list], 'own/elements or null', [JSON.stringify(error)]);
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'explode',
  aliases: ['mvexpand'],
  docs: {
    syntax: "explode column [sep 'text']",
    summary:
      'A row for each element of a list, or for each part of a text between separators; the rest is repeated.',
    notes:
      'Null and an empty list give one row with null, so that no row is lost. A list of more than 1,000,000 elements is an error (`explodeElements`).',
    examples: [
      {
        text: 'stats list(delay) as delays by origin | explode delays',
        summary: 'the elements of a list',
      },
      { text: "eval route = origin || '-' || dest | explode route sep '-'", summary: 'the parts of a text' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd())
      cursor.fail('`explode` needs a column', "write `explode tags` or `explode tags sep ','`");
    const target = parseName(cursor, 'the name of a column');
    if (cursor.isSymbol('('))
      cursor.refuse('`explode` takes a column', 'compute it before: `eval parts = ... | explode parts`');
    if (cursor.isSymbol(','))
      cursor.refuse('`explode` takes one column', 'for a second one add a second `explode`');
    if (cursor.peek().kind === 'string')
      cursor.refuse('`sep` is missing before the separator', "write `explode tags sep ','`");
    if (cursor.acceptWord('sep') === null) return { target, separator: null };
    const token = cursor.peek();
    if (token.kind !== 'string') cursor.fail('a text is missing after `sep`', "write `explode tags sep ','`");
    const span = { start: token.start, end: token.end };
    if (token.text === '')
      throw new QueryError('wrong-arguments', 'the separator is empty', { span, hint: "write `sep ','`" });
    cursor.next();
    return { target, separator: { text: token.text, span } };
  },
  resolve(syntax, input, span) {
    const column = getColumn(input, syntax.target);
    const { name } = column;
    const type = elementOf(column, syntax);
    const columns = assignColumn(input.columns, { name, type });
    return { columns, name, list: listOf(column, syntax.separator), tooLong: tooLong(name, input, span) };
  },
  columnsUsed: ({ name }, wanted) => new Set([...wanted, name]),
  emit({ columns, name, list, tooLong: error }, relation) {
    const sized = relation.freeName('list');
    return relation
      .assign(sized, list)
      .unnest([{ name, value: elementsOf(sized, list.type, error) }])
      .project(keepColumns(columns));
  },
  exactIn: ({ name, list, tooLong: error }, dialect) =>
    exactLists([list, elementsOf(name, list.type, error)], dialect),
};
