/**
 * `unpivot columns as (name, value)`: for each row one row a column, with the column's name and its value; the other
 * columns are repeated. Nulls stay. The order holds, and within a row it is that of the columns as written.
 */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import { unify } from '../functions/kit/coerce.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { refuseDuplicates, type Scope } from '../resolve/scope.ts';
import { columnValue, constantTexts, keepColumns, listOfValues } from '../select/own-values.ts';
import type { NamedValue } from '../select/relation.ts';
import { exprTypeName, STRING } from '../types/rules.ts';
import { type Typed, valueType } from '../types/typed.ts';
import { expandPattern, expandPatterns, type Pattern, parsePatterns } from './kit/column-patterns.ts';
import { exactLists } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly patterns: readonly Pattern[];
  readonly name: WrittenName;
  readonly value: WrittenName;
}

interface Resolved extends ResolvedStage {
  readonly turned: readonly Column[];
  readonly lists: readonly NamedValue[];
}

const USUAL = 'write `unpivot q1, q2 as (quarter, amount)`';

function parseNames(cursor: Cursor): Pick<Syntax, 'name' | 'value'> {
  if (cursor.acceptWord('as') === null) cursor.fail('`as` is missing after the columns of `unpivot`', USUAL);
  if (cursor.acceptSymbol('(') === null) cursor.fail('`(` is missing after `as`', USUAL);
  const name = parseName(cursor, 'a name for the column of names');
  if (cursor.acceptSymbol(',') === null) cursor.fail('`unpivot` makes two columns', USUAL);
  const value = parseName(cursor, 'a name for the column of values');
  if (cursor.acceptSymbol(')') === null) cursor.fail('`)` is missing', USUAL);
  return { name, value };
}

/** The columns as values of their common type. */
function unified(
  patterns: readonly Pattern[],
  input: Scope,
): { readonly type: Typed['type']; readonly args: readonly Typed[] } {
  const spans = new Map<string, Span>();
  for (const pattern of patterns)
    for (const column of expandPattern(pattern, input)) spans.set(column.name, pattern.span);
  const values = expandPatterns(patterns, input).map((column) => ({
    ...columnValue(column),
    span: spans.get(column.name)!,
  }));
  return unify(values, (at, sofar) => {
    const [name, has, before] = [
      at.kind === 'column' ? at.name : '',
      exprTypeName(at.type),
      exprTypeName(sofar),
    ];
    throw new QueryError('wrong-type', `\`${name}\` is ${has}, and the columns before it are ${before}`, {
      span: at.span,
      hint: `they become one column, of one type: \`cast ${name} as ${before}\` before, or cast the others`,
    });
  });
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'unpivot',
  aliases: [],
  docs: {
    syntax: 'unpivot column, ... as (name, value)',
    summary: 'Turns columns into rows: for each row one row a column, with its name and its value.',
    notes:
      'Nulls stay. The values have one type, the common one of the columns. The rest of the columns is repeated; the rows keep their order.',
    examples: [
      { text: 'unpivot delay, distance as (measure, amount)', summary: 'two rows for each flight' },
      { text: 'fields date, d*t | unpivot d*t as (what, place)', summary: 'those that a pattern matches' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd() || cursor.isSymbol('('))
      cursor.fail('`unpivot` begins with the columns that become rows', USUAL);
    const patterns = parsePatterns(cursor);
    if (cursor.isWord('for', 'on', 'into')) cursor.refuse('`unpivot` is written differently here', USUAL);
    return { patterns, ...parseNames(cursor) };
  },
  resolve({ patterns, name, value }, input, span) {
    const turned = expandPatterns(patterns, input);
    const { type, args } = unified(patterns, input);
    const kept = input.columns.filter((column) => !turned.includes(column));
    const columns = [...kept, { name: name.name, type: STRING }, { name: value.name, type: valueType(type) }];
    refuseDuplicates(
      columns,
      (index) => (index === kept.length ? name.span : index > kept.length ? value.span : span),
      () => 'choose another name',
    );
    const lists = [
      {
        name: name.name,
        value: constantTexts(turned.map((column) => column.name)),
      },
      {
        name: value.name,
        value: listOfValues(args, type),
      },
    ];
    return { columns, turned, lists };
  },
  columnsUsed: ({ turned, lists }, wanted) => {
    const used = new Set(wanted);
    for (const { name } of lists) used.delete(name);
    for (const { name } of turned) used.add(name);
    return used;
  },
  emit({ columns, lists }, relation) {
    // The new columns may be called like those that they come from.
    const free = lists.map(({ name, value }) => ({
      name: relation.freeName(`new_${name}`),
      as: name,
      value,
    }));
    const kept = keepColumns(columns.filter(({ name }) => !lists.some((list) => list.name === name)));
    return relation.unnest(free).project([...kept, ...free.map(({ name, as }) => ({ name, as }))]);
  },
  exactIn: ({ lists }, dialect) =>
    exactLists(
      lists.map(({ value }) => value),
      dialect,
    ),
};
