/**
 * The tables of functions: which keys they have, and what follows from a function's definition whatever it is called by. That
 * the stage engine's table is complete is checked by its type; that rows say what is true, by the oracle of functions.
 */
import { expect } from 'chai';
import { FUNCTION_TABLES, STAGE_ENGINE } from '../../../../language/dialects/registry.ts';
import { emitterIn } from '../../../../language/functions/kit/emitter-in.ts';
import { FUNCTION_KEYS } from '../../../../language/types/function-keys.ts';
import { FLIGHTS_COLUMNS } from '../../../fixtures/language/flights.ts';
import { ALL_DEFINITIONS, castCases, functionCases } from '../../../support/function-cases.ts';
import { planOf } from '../run-plan.ts';

const F = 'select * from flights';
const CASES = [...ALL_DEFINITIONS.flatMap(functionCases), ...castCases()];

function placesOf(query: string): readonly string[] {
  const { stages } = planOf(query, FLIGHTS_COLUMNS, { pushdown: 'auto' });
  return stages.map(({ where, why }) => `${where}: ${why}`);
}

describe('tables of functions', () => {
  it('name each key once, and the stage engine has SQL for each', () => {
    expect(new Set(FUNCTION_KEYS).size).to.equal(FUNCTION_KEYS.length);
    expect(Object.keys(FUNCTION_TABLES[STAGE_ENGINE.name]).sort()).to.deep.equal([...FUNCTION_KEYS].sort());
  });

  for (const [dialect, table] of Object.entries(FUNCTION_TABLES))
    it(`have no row in ${dialect} under a key that no call has`, () => {
      expect(FUNCTION_KEYS).to.include.members(Object.keys(table));
    });

  it('have no key that no function is resolved to', () => {
    const used = new Set(CASES.flatMap(({ call }) => [call, ...call.args]).map((typed) => keyOf(typed)));
    // Functions that have syntax of their own, or take a parameter or a decimal without a fraction.
    const others = ['case', 'in/list', 'not in/list', 'div/decimal'];
    expect(FUNCTION_KEYS.filter((key) => !key.startsWith('own/') && !used.has(key))).to.have.members(others);
  });

  it('are asked with calls that are plain data', () => {
    for (const { call, title } of CASES) expect(JSON.parse(JSON.stringify(call)), title).to.deep.equal(call);
  });

  it('have SQL in the stage engine for every call, for a group and with an OVER', () => {
    for (const { call, title } of CASES)
      for (const use of ['group', 'over'] as const)
        expect(emitterIn(call, STAGE_ENGINE.name, use), title).to.be.a('function');
  });
});

describe('an alias of a function', () => {
  const pairs = ALL_DEFINITIONS.flatMap(({ name, aliases = [], aggregate, window }) =>
    aggregate === true && window !== true ? aliases.map((alias) => [name, alias] as const) : [],
  );
  for (const [name, alias] of pairs)
    it(`has its place row by row: ${alias} and ${name}`, () => {
      const argument = name === 'count_if' ? 'delay > 1' : 'delay';
      const shown = (as: string): readonly string[] =>
        placesOf(`${F} | eventstats ${as}(${argument}) as v`).map((place) =>
          place.replace(`\`${as}\``, 'it'),
        );
      expect(shown(alias)).to.deep.equal(shown(name));
    });

  it('fails for no value when the function does not', () => {
    const filters = (as: string): string =>
      `${F} | where ${as}(delay, 1) > 2 and origin ilike 'a%' and ${as}(distance, 1) > 5`;
    const sql = (as: string): string =>
      planOf(filters(as), FLIGHTS_COLUMNS, { pushdown: 'auto' }).sources[0]!.sql;
    expect(sql('nvl')).to.equal(sql('coalesce'));
    expect(sql('ifnull')).to.equal(sql('coalesce'));
  });
});

function keyOf(typed: { readonly kind: string; readonly key?: string }): string {
  return typed.key ?? typed.kind;
}
