/**
 * `union [distinct] source`: these rows and then those of another query. Columns are the same by name; one that only one
 * side has is null on the other; numbers and moments of two types become the wider one.
 */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { type Column, typeName } from '../../core/protocol/types.ts';
import type { QueryNode } from '../frontends/query-tree.ts';
import { castTo, coerce } from '../functions/kit/coerce.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, keepColumns } from '../select/own-values.ts';
import type { Relation } from '../select/relation.ts';
import { castExists } from '../types/cast-types.ts';
import { columnKey } from '../types/column-key.ts';
import { commonType, NULL } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { refuseJsonKey } from './kit/column-patterns.ts';
import { eachOnce } from './kit/each-once.ts';
import { EXACT, exactIf, exactKeys } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly distinct: boolean;
  readonly source: QueryNode;
}

interface Resolved extends ResolvedStage {
  readonly distinct: boolean;
  readonly left: readonly Column[];
  readonly right: readonly Column[];
}

const EXAMPLE = 'write `union (select * from old_flights)`';

function united(here: Column, there: Column | undefined, span: Span): Column {
  if (there === undefined) return here;
  const type = commonType(here.type, there.type);
  if (type !== null && type.kind !== 'null') return { ...here, type };
  const [own, other] = [typeName(here.type), typeName(there.type)];
  const to = castExists(there.type, here.type) ? own : 'string';
  throw new QueryError('wrong-type', `\`${here.name}\` is ${own} before and ${other} in the source`, {
    span,
    hint: `cast ${to === own ? 'one' : 'both'} of them: \`(... | cast ${there.name} as ${to})\``,
  });
}

function find(columns: readonly Column[], { name }: Column): Column | undefined {
  return columns.find((column) => columnKey(column.name) === columnKey(name));
}

function valuesOf(side: readonly Column[], columns: readonly Column[]): readonly Value[] {
  return columns.map((column) => {
    const own = find(side, column);
    if (own === undefined) return { own: null, column, value: castTo(NOTHING, column.type) };
    return { own: own.name, column, value: coerce(columnValue(own), column.type) };
  });
}

/** `side` with exactly `columns`, of their types. */
function shaped(relation: Relation, side: readonly Column[], columns: readonly Column[]): Relation {
  const values = valuesOf(side, columns);
  const changed = values.filter(({ own, value }) => own === null || value.kind !== 'column');
  const free = changed.map(({ column }) => relation.freeName(`united_${column.name}`));
  const assigned = changed.reduce(
    (sofar, { own, value }, index) =>
      own === null || sofar.has(own) ? sofar.assign(free[index]!, value) : sofar,
    relation,
  );
  return assigned.project(
    values.map((entry) => {
      const at = changed.indexOf(entry);
      return { name: at === -1 ? entry.own! : free[at]!, as: entry.column.name };
    }),
  );
}

interface Value {
  /** The column's name on this side; null: this side lacks it. */
  readonly own: string | null;
  readonly column: Column;
  readonly value: Typed;
}

const NOTHING: Typed = { kind: 'literal', value: null, type: NULL, span: { start: 0, end: 0 } };

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'union',
  aliases: ['append'],
  docs: {
    syntax: 'union [distinct] source',
    summary:
      'These rows and then those of another query, column by column of the same name; a column that only one side has is null on the other. With `distinct` each row once.',
    notes:
      'Numbers, and moments, of two types become the wider one; other types must be the same. Each side keeps its order.',
    examples: [
      {
        text: 'fields origin, delay | union (select origin, delay, reason from delays)',
        summary: 'with a new column `reason`, null for the rows before',
      },
      {
        text: 'fields origin | union distinct (select iata from airports | fields iata | rename iata as origin)',
        summary: 'each airport once',
      },
    ],
  },
  parse(cursor) {
    const distinct = cursor.acceptWord('distinct') !== null;
    if (cursor.isWord('all')) cursor.refuse('`all` is not needed', 'without `distinct` all rows stay');
    if (cursor.atStageEnd()) cursor.fail('`union` needs a source', EXAMPLE);
    const source = cursor.source();
    if (cursor.isSymbol(','))
      cursor.refuse('`union` takes one source', 'for another one add a second `union`');
    return { distinct, source };
  },
  resolve({ distinct, source }, input, span, [right]) {
    const added = right!.filter((column) => find(input.columns, column) === undefined);
    const both = input.columns.map((column) => united(column, find(right!, column), source.span));
    const columns = [...both, ...added];
    if (distinct) for (const column of columns) refuseJsonKey(column, span);
    return { columns, distinct, left: input.columns, right: right! };
  },
  columnsUsed: (resolved, wanted) => ownNames(resolved, resolved.left, wanted),
  sourcesUsed: (resolved, wanted) => [ownNames(resolved, resolved.right, wanted)],
  emit({ columns, distinct, left, right }, relation, [source]) {
    const rows = shaped(relation, left, columns).unionAll(shaped(source!, right, columns));
    return distinct ? eachOnce(columns, rows) : rows.project(keepColumns(columns));
  },
  exactIn({ columns, distinct, left, right }, dialect) {
    const values = [left, right].flatMap((side) => valuesOf(side, columns).map(({ value }) => value));
    const comparable = distinct ? exactKeys(columns, dialect) : EXACT;
    return comparable.exact ? exactIf(values, dialect) : comparable;
  },
};

/** Returns the side's own names of those columns of `wanted` that it has; `distinct` compares all. */
function ownNames(
  { columns, distinct }: Resolved,
  side: readonly Column[],
  wanted: ReadonlySet<string>,
): ReadonlySet<string> {
  const used = distinct ? columns : columns.filter(({ name }) => wanted.has(name));
  return new Set(used.flatMap((column) => find(side, column)?.name ?? []));
}
