/**
 * Every function, with every combination of argument types that it takes, over values at the edges of those types, in
 * a real PostgreSQL and in the stage engine: where a function says that it is exact in PostgreSQL, they must agree in
 * every row, errors included. Generated from the definitions: a new function is here by itself, and one that takes no
 * combination at all fails until fixtures/functions/constants.ts says what it wants written out.
 */
import { expect } from 'chai';
import type { Dialect } from '../../language/dialects/dialect.ts';
import { DUCKDB } from '../../language/dialects/duckdb/traits.ts';
import type { AggregateText } from '../../language/dialects/function-table.ts';
import { POSTGRES } from '../../language/dialects/postgres/source.ts';
import { emitterIn } from '../../language/functions/kit/emitter-in.ts';
import type { Typed, TypedCall } from '../../language/types/typed.ts';
import { valueType } from '../../language/types/typed.ts';
import {
  ALL_DEFINITIONS,
  type CaseColumn,
  castCases,
  type FunctionCase,
  functionCases,
} from '../support/function-cases.ts';
import { isSame } from '../support/same-value.ts';
import {
  type EdgeColumn,
  FAILED,
  type Outcome,
  openTwoEngines,
  type TwoEngines,
} from '../support/two-engines.ts';

const NO_AGGREGATE: AggregateText = { order: '', filter: '', over: '', condition: null };
const ORDER = ' ORDER BY i ASC NULLS LAST';
const RUNNING =
  ' OVER (PARTITION BY g ORDER BY i ASC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)';
const PLACE = ' OVER (PARTITION BY g ORDER BY i ASC NULLS LAST)';
const GREATEST_FLOAT = '1.7976931348623157e308';
/** Functions whose results depend on when they run. */
const CLOCK = new Set(['now', 'ago']);
const MOST_SHOWN = 5;
const MOST_ROWS_EACH: Readonly<Record<number, number>> = { 1: 100, 2: 40, 3: 9 };

/** How an aggregate is tried. */
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

function rotated<T>(values: readonly T[], by: number): readonly T[] {
  return values.map((_, index) => values[(index * by + by) % values.length]!);
}

/** Every combination of values, null among them. */
function crossProduct(columns: readonly CaseColumn[]): EdgeColumn[] {
  const lists = columns.map(({ texts }) =>
    [null, ...(columns.length > 2 ? rotated(texts, 5) : texts)].slice(0, MOST_ROWS_EACH[columns.length]),
  );
  const total = lists.reduce((product, list) => product * list.length, 1);
  return columns.map(({ type, column }, at) => {
    const after = lists.slice(at + 1).reduce((product, list) => product * list.length, 1);
    const list = lists[at]!;
    return {
      name: column,
      type,
      texts: Array.from({ length: total }, (_, row) => list[Math.floor(row / after) % list.length]!),
    };
  });
}

/** Groups of one value, of two with a null between, of equal ones, of all; and of null alone. */
function groupsOf(columns: readonly CaseColumn[]): EdgeColumn[] {
  const longest = Math.max(1, ...columns.map(({ texts }) => texts.length));
  const groups = [
    [null],
    ...Array.from({ length: longest }, (_, at) => [[at], [at, null, at + 1], [at, at, at + 1]]).flat(),
  ];
  // All of them, but for the greatest float: whether a sum with it and infinity fails depends on the order.
  groups.push(
    Array.from({ length: longest }, (_, at) => at).filter((at) => columns[0]?.texts[at] !== GREATEST_FLOAT),
    [1, 2, 3, 1, 2, null, 5],
  );
  const numbers = groups.flatMap((group, index) => group.map(() => String(index + 1)));
  const cells = groups.flat();
  const values = columns.map(({ type, texts, column: name }, column) => ({
    name,
    type,
    texts: cells.map((at, row) =>
      at === null && (column === 0 || row % 2 === 0)
        ? null
        : texts[((at ?? 0) * (column + 1) + column) % texts.length]!,
    ),
  }));
  return [{ name: 'g', type: { kind: 'int64' }, texts: numbers }, ...values];
}

function shown(outcome: Outcome): string {
  return outcome === FAILED ? 'fails' : outcome === null ? 'null' : JSON.stringify(outcome);
}

describe('functions in two engines', function () {
  this.timeout(300_000);
  let engines: TwoEngines;
  let loaded = '';
  before(async () => {
    engines = await openTwoEngines();
  });
  after(() => engines.close());

  async function load(columns: readonly CaseColumn[], grouped: boolean): Promise<EdgeColumn[]> {
    const made = grouped ? groupsOf(columns) : crossProduct(columns);
    const key = `${grouped} ${columns.map(({ name, column }) => `${column} ${name}`).join()}`;
    if (loaded !== key) await engines.load(made);
    loaded = key;
    return made;
  }

  async function compare({ title, call, columns }: FunctionCase, way: Way): Promise<string[]> {
    const text = textOf(call, way);
    const postgres = sqlOf(call, POSTGRES, text, way);
    if (postgres === null) return [];
    const duckdb = sqlOf(call, DUCKDB, text, way)!;
    const made = await load(columns, way !== 'row');
    const type = valueType(call.type);
    const group = way === 'group' || way === 'filtered' ? 'g' : undefined;
    const [inPostgres, inDuckdb] = [
      await engines.postgres(postgres, type, group),
      await engines.duckdb(duckdb, type, group),
    ];
    if (inPostgres.every((outcome) => outcome === FAILED)) fruitless.push(title);
    const rows = inPostgres.flatMap((outcome, row) => (isSame(outcome, inDuckdb[row]!, type) ? [] : [row]));
    return rows.slice(0, MOST_SHOWN).map((row) => {
      const given =
        group === undefined
          ? made.map(({ texts }) => texts[row])
          : made.map(({ texts }) => texts.filter((_, at) => made[0]!.texts[at] === String(row + 1)));
      return `${title} [${way}] of ${JSON.stringify(given)}: PostgreSQL ${shown(inPostgres[row]!)}, DuckDB ${shown(inDuckdb[row]!)} (${rows.length} of ${inPostgres.length} rows)\n    ${postgres}\n    ${duckdb}`;
    });
  }

  /** Calls that failed in every row: they show nothing. */
  const fruitless: string[] = [];

  async function differences(cases: readonly FunctionCase[]): Promise<string[]> {
    const all: string[] = [];
    for (const one of cases) {
      const ways = waysOf(innerAggregate(one.call));
      for (const way of ways) all.push(...(await compare(one, way)));
    }
    return all;
  }

  for (const definition of ALL_DEFINITIONS.filter(({ name }) => !CLOCK.has(name)))
    it(definition.name, async () => {
      const cases = functionCases(definition);
      expect(cases, 'calls that it takes').to.not.be.empty;
      expect((await differences(cases)).join('\n')).to.equal('');
    });

  it('hardly any call failed in every row', () => {
    expect(fruitless.length, fruitless.join('\n')).to.be.below(20);
  });

  it('casts', async () => {
    expect((await differences(castCases())).join('\n')).to.equal('');
  });
});
