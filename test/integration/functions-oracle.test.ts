/**
 * Every function, with every combination of argument types that it takes, over values at the edges of those types, in each
 * kind of database and in the stage engine: where a dialect has a function in its table, they must agree in every row, errors
 * included. Generated from the definitions: a new function is here by itself, and one that takes no combination at all fails until
 * fixtures/functions/constants.ts says what it wants written out. A new kind of database is a row of tried-databases.ts.
 */
import { expect } from 'chai';
import type { Dialect } from '../../language/dialects/dialect.ts';
import { DUCKDB } from '../../language/dialects/duckdb/traits.ts';
import type { AggregateText } from '../../language/dialects/function-table.ts';
import { FUNCTION_TABLES } from '../../language/dialects/registry.ts';
import { emitterIn } from '../../language/functions/kit/emitter-in.ts';
import type { Typed, TypedCall } from '../../language/types/typed.ts';
import { valueType } from '../../language/types/typed.ts';
import { EDGE_VALUES } from '../fixtures/functions/edge-values.ts';
import {
  ALL_DEFINITIONS,
  type CaseColumn,
  castCases,
  type FunctionCase,
  functionCases,
} from '../support/function-cases.ts';
import { isSame } from '../support/tried/same-value.ts';
import { type EdgeColumn, FAILED, type Outcome } from '../support/tried/tried-database.ts';
import { TRIED_DATABASES } from '../support/tried/tried-databases.ts';
import { openTwoEngines, type TwoEngines } from '../support/tried/two-engines.ts';

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

/** Calls that may fail in every row, which shows nothing. */
const MOST_FRUITLESS = 20;

type SourceName = keyof typeof TRIED_DATABASES;

for (const name of Object.keys(TRIED_DATABASES) as SourceName[])
  describe(`functions in ${name} and the stage engine`, function () {
    this.timeout(300_000);
    let engines: TwoEngines;
    let loaded = '';
    /** Calls that failed in every row. */
    const fruitless: string[] = [];

    before(async function () {
      engines = await openTwoEngines(name, this);
    });
    after(() => engines?.close());

    /** Returns the columns with the values that the database holds; null when there is a type of which it holds none. */
    function held(columns: readonly CaseColumn[]): readonly CaseColumn[] | null {
      const { database } = engines;
      const found = columns.map((column) => ({
        ...column,
        texts: column.texts.filter((text) => database.holds(column.type, text)),
      }));
      return found.every(({ texts }) => texts.length > 0) ? found : null;
    }

    async function load(columns: readonly CaseColumn[], grouped: boolean): Promise<EdgeColumn[]> {
      const made = grouped ? groupsOf(columns) : crossProduct(columns);
      const key = `${grouped} ${columns.map((one) => `${one.column} ${one.name}`).join()}`;
      if (loaded !== key) await engines.load(made);
      loaded = key;
      return made;
    }

    async function compare({ title, call, columns }: FunctionCase, way: Way): Promise<string[]> {
      const { database } = engines;
      const text = textOf(call, way);
      const sql = sqlOf(call, database.dialect, text, way);
      const usable = sql === null ? null : held(columns);
      if (sql === null || usable === null) return [];
      const inEngineSql = sqlOf(call, DUCKDB, text, way)!;
      const made = await load(usable, way !== 'row');
      const type = valueType(call.type);
      const group = way === 'group' || way === 'filtered' ? 'g' : undefined;
      const inDatabase = await database.evaluate(sql, type, group);
      const inEngine = await engines.inEngine(inEngineSql, type, group);
      if (inDatabase.every((outcome) => outcome === FAILED)) fruitless.push(title);
      expect(inDatabase, `rows of ${title}`).to.have.length(inEngine.length);
      const rows = inDatabase.flatMap((outcome, row) => (isSame(outcome, inEngine[row]!, type) ? [] : [row]));
      return rows.slice(0, MOST_SHOWN).map((row) => {
        const given =
          group === undefined
            ? made.map(({ texts }) => texts[row])
            : made.map(({ texts }) => texts.filter((_, at) => made[0]!.texts[at] === String(row + 1)));
        return `${title} [${way}] of ${JSON.stringify(given)}: ${name} ${shown(inDatabase[row]!)}, the engine ${shown(inEngine[row]!)} (${rows.length} of ${inDatabase.length} rows)\n    ${sql}\n    ${inEngineSql}`;
      });
    }

    async function differences(cases: readonly FunctionCase[]): Promise<string[]> {
      const all: string[] = [];
      for (const one of cases) {
        const ways = waysOf(innerAggregate(one.call));
        for (const way of ways) all.push(...(await compare(one, way)));
      }
      return all;
    }

    it('holds the values that the engine gets', async () => {
      let compared = 0;
      for (const values of EDGE_VALUES) {
        const columns = held([{ ...values, column: 'c0' }]);
        if (columns === null) continue;
        await load(columns, false);
        const inDatabase = await engines.database.evaluate('c0', values.type);
        const inEngine = await engines.inEngine('c0', values.type);
        const same = inDatabase.map((outcome, row) => isSame(outcome, inEngine[row]!, values.type));
        expect(same, `${values.name}: ${inDatabase.map(shown)} / ${inEngine.map(shown)}`).to.not.include(
          false,
        );
        compared += same.length;
      }
      expect(compared).to.be.above(40);
    });

    it('tells a row that fails from the others', async () => {
      const [ints] = EDGE_VALUES.filter(({ type }) => type.kind === 'int64');
      await load([{ ...ints!, texts: ['1', '0', '9223372036854775807'], column: 'c0' }], false);
      const shownAll = (outcomes: readonly Outcome[]): unknown[] =>
        outcomes.map((one) => (one === FAILED ? 'failed' : one));
      const type = ints!.type;
      const abs = (sql: string): string => `abs(${sql} - 1 - 9223372036854775807)`;
      const outcomes = [null, '9223372036854775807', 'failed', '1'];
      expect(shownAll(await engines.database.evaluate(abs('c0'), type))).to.deep.equal(outcomes);
      expect(shownAll(await engines.inEngine(abs('c0'), type))).to.deep.equal(outcomes);
    });

    const own = ALL_DEFINITIONS.filter((definition) => !CLOCK.has(definition.name));
    if (Object.keys(FUNCTION_TABLES[name]).length > 0) {
      for (const definition of own)
        it(definition.name, async () => {
          const cases = functionCases(definition);
          expect(cases, 'calls that it takes').to.not.be.empty;
          const found = await differences(cases);
          expect(found, found.join('\n')).to.be.empty;
        });

      it('casts', async () => {
        const found = await differences(castCases());
        expect(found, found.join('\n')).to.be.empty;
      });

      it('hardly any call failed in every row', () => {
        expect(fruitless.length, fruitless.join('\n')).to.be.below(MOST_FRUITLESS);
      });
    }
  });
