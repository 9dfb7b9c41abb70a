/**
 * Every function, with every combination of argument types that it takes, over values at the edges of those types, in each
 * kind of database and in the stage engine: where a dialect has a function in its table, they must agree in every row, errors
 * included. Generated from the definitions: a new function is here by itself, and one that takes no combination at all fails until
 * fixtures/functions/constants.ts says what it wants written out. A new kind of database is a row of tried-databases.ts.
 */
import { expect } from 'chai';
import { FUNCTION_TABLES } from '../../language/dialects/registry.ts';
import { EDGE_VALUES } from '../fixtures/functions/edge-values.ts';
import {
  ALL_DEFINITIONS,
  type CaseColumn,
  castCases,
  type FunctionCase,
  functionCases,
} from '../support/function-cases.ts';
import { crossProduct, groupsOf } from '../support/tried/made-cases.ts';
import { type Cases, casesOf, outcomesOf } from '../support/tried/outcomes.ts';
import { isSame } from '../support/tried/same-value.ts';
import { type Tried, type TriedTogether, triedTogether } from '../support/tried/tried-calls.ts';
import { type EdgeColumn, type Expression, FAILED, type Outcome } from '../support/tried/tried-database.ts';
import { TRIED_DATABASES } from '../support/tried/tried-databases.ts';
import { openTwoEngines, type TwoEngines } from '../support/tried/two-engines.ts';

/** Functions whose results depend on when they run. */
const CLOCK = new Set(['now', 'ago']);
const MOST_SHOWN = 5;
/** Calls that may fail in every row, which shows nothing. */
const MOST_FRUITLESS = 20;

function shown(outcome: Outcome): string {
  return outcome === FAILED ? 'fails' : outcome === null ? 'null' : JSON.stringify(outcome);
}

type SourceName = keyof typeof TRIED_DATABASES;

for (const name of Object.keys(TRIED_DATABASES) as SourceName[])
  describe(`functions in ${name} and the stage engine`, function () {
    this.timeout(300_000);
    let engines: TwoEngines;
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

    async function bothOf(
      expressions: readonly (Expression & { readonly inEngineSql: string })[],
      cases: Cases,
    ): Promise<readonly [Outcome[][], Outcome[][]]> {
      const inEngineExpressions = expressions.map(({ inEngineSql, type }) => ({ sql: inEngineSql, type }));
      const inEngine = await outcomesOf(engines.engine, inEngineExpressions, cases);
      return [await outcomesOf(engines.database, expressions, cases, inEngine), inEngine];
    }

    /** Resolves to the differences of each definition. */
    async function differences({
      columns,
      isGrouped,
      tried,
    }: TriedTogether): Promise<readonly (readonly [definition: string, told: string])[]> {
      const made = isGrouped ? groupsOf(columns) : crossProduct(columns);
      await engines.load(made);
      const told: (readonly [string, string])[] = [];
      for (const shape of ['row', 'group', 'over'] as const) {
        const ofShape = tried.filter((one) => one.shape === shape);
        if (ofShape.length === 0) continue;
        const cases = casesOf(shape, made[0]?.texts.length ?? 1, isGrouped ? made[0]!.texts : null);
        const [inDatabase, inEngine] = await bothOf(ofShape, cases);
        for (const [at, one] of ofShape.entries())
          for (const line of compared(one, inDatabase[at]!, inEngine[at]!, made))
            told.push([one.definition, line]);
      }
      return told;
    }

    function compared(
      { title, way, shape, sql, inEngineSql, type }: Tried,
      inDatabase: readonly Outcome[],
      inEngine: readonly Outcome[],
      made: readonly EdgeColumn[],
    ): readonly string[] {
      if (inDatabase.every((outcome) => outcome === FAILED)) fruitless.push(title);
      expect(inDatabase, `rows of ${title}`).to.have.length(inEngine.length);
      const rows = inDatabase.flatMap((outcome, row) => (isSame(outcome, inEngine[row]!, type) ? [] : [row]));
      return rows.slice(0, MOST_SHOWN).map((row) => {
        const given =
          shape !== 'group'
            ? made.map(({ texts }) => texts[row])
            : made.map(({ texts }) => texts.filter((_, at) => made[0]!.texts[at] === String(row + 1)));
        return `${title} [${way}] of ${JSON.stringify(given)}: ${name} ${shown(inDatabase[row]!)}, the engine ${shown(inEngine[row]!)} (${rows.length} of ${inDatabase.length} rows)\n    ${sql}\n    ${inEngineSql}`;
      });
    }

    it('holds the values that the engine gets', async () => {
      let compared = 0;
      for (const values of EDGE_VALUES) {
        const columns = held([{ ...values, column: 'c0' }]);
        if (columns === null) continue;
        const made = crossProduct(columns);
        await engines.load(made);
        const expression = { sql: 'c0', inEngineSql: 'c0', type: values.type };
        const cases = casesOf('row', made[0]!.texts.length, null);
        const [[inDatabase], [inEngine]] = await bothOf([expression], cases);
        const same = inDatabase!.map((outcome, row) => isSame(outcome, inEngine![row]!, values.type));
        expect(same, `${values.name}: ${inDatabase!.map(shown)} / ${inEngine!.map(shown)}`).to.not.include(
          false,
        );
        compared += same.length;
      }
      expect(compared).to.be.above(40);
    });

    it('tells a row, an expression and a group that fail from the others', async () => {
      const type = { kind: 'int64' } as const;
      const texts = ['1', '0', '9223372036854775807', '2'];
      await engines.load([
        { name: 'g', type, texts: ['1', '2', '1', '3'] },
        { name: 'c0', type, texts },
      ]);
      const abs = (sql: string): string => `abs(${sql} - 1 - 9223372036854775807)`;
      const asked = [abs('c0'), 'c0'].map((sql) => ({ sql, inEngineSql: sql, type }));
      const rows = ['9223372036854775807', FAILED, '1', '9223372036854775806'];
      // The rows are known, and found out by the database itself, where it awaits nothing.
      const known: readonly (readonly Outcome[])[] = [[null, FAILED, null, null], []];
      for (const awaited of [undefined, known])
        expect(await outcomesOf(engines.database, asked, casesOf('row', 4, null), awaited)).to.deep.equal([
          rows,
          texts,
        ]);
      expect((await bothOf(asked, casesOf('row', 4, null)))[1]).to.deep.equal([rows, texts]);
      const groups = ['1', '2', '1', '3'];
      const least = [`min(${abs('c0')})`, 'min(c0)'].map((sql) => ({ sql, inEngineSql: sql, type }));
      const over = least.map(({ sql }) => {
        const inGroup = `${sql} OVER (PARTITION BY g)`;
        return { sql: inGroup, inEngineSql: inGroup, type };
      });
      const ofGroups = [
        ['1', FAILED, '9223372036854775806'],
        ['1', '0', '2'],
      ];
      const ofRows = ofGroups.map(([one, two, three]) => [one, two, one, three]);
      expect(await bothOf(least, casesOf('group', 4, groups))).to.deep.equal([ofGroups, ofGroups]);
      expect(await bothOf(over, casesOf('over', 4, groups))).to.deep.equal([ofRows, ofRows]);
    });

    if (Object.keys(FUNCTION_TABLES[name]).length > 0)
      describe('each of them', () => {
        const told = new Map<string, string[]>();
        const own = ALL_DEFINITIONS.filter((definition) => !CLOCK.has(definition.name));
        /** By the names of functions, of which aggregates and others may share one. */
        const cases = new Map<string, readonly FunctionCase[]>([['casts', castCases()]]);
        for (const definition of own)
          cases.set(definition.name, [...(cases.get(definition.name) ?? []), ...functionCases(definition)]);

        before(async () => {
          const all = [...cases].flatMap(([definition, found]) =>
            found.map((one) => ({ ...one, definition: { ...one.definition, name: definition } })),
          );
          for (const together of triedTogether(engines.database.dialect, all, held))
            for (const [definition, line] of await differences(together))
              told.set(definition, [...(told.get(definition) ?? []), line]);
        });

        for (const [definition, found] of cases)
          it(definition, () => {
            expect(found, 'calls that it takes').to.not.be.empty;
            const lines = told.get(definition) ?? [];
            expect(lines, lines.join('\n')).to.be.empty;
          });

        it('hardly any call failed in every row', () => {
          expect(fruitless.length, fruitless.join('\n')).to.be.below(MOST_FRUITLESS);
        });
      });
  });
