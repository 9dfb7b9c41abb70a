/** The calls of functions as SQL of a database and of the stage engine, together where they read the same columns. */
import type { ColumnType } from '../../../core/protocol/types.ts';
import type { Dialect } from '../../../language/dialects/dialect.ts';
import { DUCKDB } from '../../../language/dialects/duckdb/traits.ts';
import type { AggregateText } from '../../../language/dialects/function-table.ts';
import { emitterIn } from '../../../language/functions/kit/emitter-in.ts';
import type { Typed, TypedCall } from '../../../language/types/typed.ts';
import { valueType } from '../../../language/types/typed.ts';
import type { CaseColumn, FunctionCase } from '../function-cases.ts';
import type { Shape } from './outcomes.ts';

const NO_AGGREGATE: AggregateText = { order: '', filter: '', over: '', condition: null };
const ORDER = ' ORDER BY i ASC NULLS LAST';
const RUNNING =
  ' OVER (PARTITION BY g ORDER BY i ASC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)';
const PLACE = ' OVER (PARTITION BY g ORDER BY i ASC NULLS LAST)';

/** The way in which an aggregate is tried. */
type Way = 'row' | 'group' | 'filtered' | 'over';

/** SQL of `typed` in a dialect; null: it is not exact there. */
function sqlOf(typed: Typed, dialect: Dialect, text: AggregateText, way: Way): string | null {
  if (typed.kind === 'column') return typed.name;
  if (typed.kind === 'literal') return dialect.literal(typed);
  if (typed.kind === 'parameter') throw new Error('there are no parameters here');
  const over = way === 'over' && typed.aggregate !== null;
  const emitter = emitterIn(typed, dialect.name, over ? 'over' : 'group');
  const args = typed.args.map((arg) => sqlOf(arg, dialect, text, way));
  if (emitter === null || args.includes(null)) return null;
  const added = typed.aggregate === null ? NO_AGGREGATE : text;
  return emitter(args as string[], { ...added, call: typed }); // no null among them
}

function textOf(call: TypedCall, way: Way): AggregateText {
  const aggregate = innerAggregate(call);
  if (way === 'group') return { ...NO_AGGREGATE, order: aggregate?.ordered === true ? ORDER : '' };
  if (way === 'filtered')
    return {
      order: aggregate?.ordered === true ? ORDER : '',
      filter: ' FILTER (WHERE i % 2 = 0)',
      over: '',
      condition: 'i % 2 = 0',
    };
  if (way === 'over') return { ...NO_AGGREGATE, over: aggregate?.window === undefined ? RUNNING : PLACE };
  return NO_AGGREGATE;
}

function innerAggregate(typed: Typed): TypedCall['aggregate'] {
  if (typed.kind !== 'call') return null;
  return typed.aggregate ?? typed.args.map(innerAggregate).find((found) => found !== null) ?? null;
}

function waysOf(aggregate: TypedCall['aggregate']): readonly Way[] {
  if (aggregate === null) return ['row'];
  return aggregate.window === undefined ? ['group', 'filtered', 'over'] : ['over'];
}

/** A call in one of its ways, as both engines compute it. */
export interface Tried {
  readonly title: string;
  readonly definition: string;
  readonly way: Way;
  readonly shape: Shape;
  /** The SQL of the database. */
  readonly sql: string;
  readonly inEngineSql: string;
  readonly type: ColumnType;
}

/** The calls that read the same columns. */
export interface TriedTogether {
  readonly columns: readonly CaseColumn[];
  readonly isGrouped: boolean;
  readonly tried: Tried[];
}

const SHAPES: Readonly<Record<Way, Shape>> = { row: 'row', group: 'group', filtered: 'group', over: 'over' };

/** Returns the calls that are exact in the dialect, together where they read the same columns. */
export function triedTogether(
  dialect: Dialect,
  cases: readonly FunctionCase[],
  held: (columns: readonly CaseColumn[]) => readonly CaseColumn[] | null,
): readonly TriedTogether[] {
  const found = new Map<string, TriedTogether>();
  for (const { title, definition, call, columns } of cases)
    for (const way of waysOf(innerAggregate(call))) {
      const text = textOf(call, way);
      const sql = sqlOf(call, dialect, text, way);
      const usable = sql === null ? null : held(columns);
      if (sql === null || usable === null) continue;
      const isGrouped = way !== 'row';
      const key = `${isGrouped} ${usable.map((one) => `${one.column} ${one.name}`).join()}`;
      const together = found.get(key) ?? { columns: usable, isGrouped, tried: [] };
      found.set(key, together);
      together.tried.push({
        ...{ title, definition: definition.name, way, shape: SHAPES[way], sql, type: valueType(call.type) },
        inEngineSql: sqlOf(call, DUCKDB, text, way)!,
      });
    }
  return [...found.values()];
}
