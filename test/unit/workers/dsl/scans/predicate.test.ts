/** Tests conditions on partitions and ranges before anything is read: "surely not" must be right, "perhaps" may be anything. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { type Condition, conditionOf, type Known } from '../../../../../workers/dsl/scans/predicate.ts';
import { parseSelect } from '../../../../../workers/dsl/user-sql/sql-tree.ts';
import { openDuckDb } from '../../../language/run-plan.ts';

const TYPES = new Map([
  ['p0', 'BIGINT'],
  ['p1', 'DATE'],
  ['p2', 'VARCHAR'],
  ['c0', 'BIGINT'],
] as const);
const is = (value: bigint | string): Known => ({ least: value, greatest: value });

describe('a condition on what is not read yet', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });

  async function conditionIn(text: string): Promise<Condition> {
    const tree = await parseSelect(duck, `SELECT 1 WHERE ${text}`);
    return conditionOf(tree.where_clause, TYPES, (name) => ({ 1: '5', 2: null })[name]);
  }

  async function possible(text: string, known: Readonly<Record<string, Known>>): Promise<boolean> {
    return (await conditionIn(text)).mayHold((column) => known[column]);
  }

  const ROW = { p0: is(5n), p1: is('2024-03-01'), p2: is('서울'), c0: { least: 10n, greatest: 20n } };

  for (const text of [
    '(p0 = 5)',
    '(5 = p0)',
    '(p0 != 4)',
    '(p0 > 4)',
    '(4 < p0)',
    '(p0 BETWEEN 5 AND 6)',
    '(p0 IN (1, 5))',
    '(p0 IS NOT NULL)',
    "(p1 >= '2024-03-01'::DATE)",
    "(p2 = '서울')",
    "((p0 = 4) OR (p2 = '서울'))",
    '(p0 = $1)',
    '(p0 = CAST($1 AS BIGINT))',
    '(c0 = 10)',
    '(c0 > 19)',
    '(c0 != 10)',
    '(CAST(c0 AS BIGINT) BETWEEN 20 AND 30)',
    '(c0 IS NULL)',
    // Nothing is known of these, so that they say nothing.
    '(p0 + 1 = 3)',
    "(p2 LIKE 'x%')",
    '(p0 = 4.5)',
    "(p0 = '4')",
    '(CAST(p0 AS DOUBLE) = 4.0)',
    '(p9 = 1)',
    '(random() < 0)',
    '(p0 = (SELECT 4))',
    "(p1 = '2024-03-02')",
  ])
    it(`${text} may be true`, async () => {
      expect(await possible(text, ROW)).to.equal(true);
    });

  for (const text of [
    '(p0 = 4)',
    '(4 = p0)',
    '(p0 != 5)',
    '(p0 > 5)',
    '(5 < p0)',
    '(p0 BETWEEN 6 AND 7)',
    '(p0 IN (1, 2))',
    '(p0 IS NULL)',
    "(p1 < '2024-03-01'::DATE)",
    "(p2 = '부산')",
    "((p0 = 4) OR (p2 = '부산'))",
    '((p0 = 4) AND (p0 + 1 = 3))',
    '(p0 = $2)',
    '(p0 = NULL)',
    '(c0 = 21)',
    '(c0 > 20)',
    '(CAST(c0 AS BIGINT) < 10)',
  ])
    it(`${text} is surely not`, async () => {
      expect(await possible(text, ROW)).to.equal(false);
    });

  it('compares texts by their bytes, as the engine does', async () => {
    // In UTF-16 the second is the smaller one.
    expect(await possible("(p2 > '\uffee')", { p2: is('\u{1F600}') })).to.equal(true);
    expect(await possible("(p2 < '\uffee')", { p2: is('\u{1F600}') })).to.equal(false);
  });

  it('with null is never true, and says nothing of what is deeper', async () => {
    expect(await possible('(p0 != 5)', { p0: null })).to.equal(false);
    expect(await possible('(p0 IS NULL)', { p0: null })).to.equal(true);
    expect(await possible('(p0 = 5)', {})).to.equal(true);
  });

  for (const [text, only] of [
    ['(p0 = 5)', { p0: [5n] }],
    ['(5 = p0)', { p0: [5n] }],
    ['(p0 IN (1, 2, 1))', { p0: [1n, 2n, 1n] }],
    ["((p0 IN (1, 2)) AND (p2 = '서울'))", { p0: [1n, 2n], p2: ['서울'] }],
    ['((p0 IN (1, 2)) AND (p0 = 3))', { p0: [3n] }],
    ['((p0 = 1) AND (p0 + 1 = 2))', { p0: [1n] }],
    ['((p0 = 1) OR (p0 = $1))', { p0: [1n, 5n] }],
    ["((p0 = 1 AND p2 = 'a') OR (p0 = 2))", { p0: [1n, 2n] }],
    ['(p0 = $2)', { p0: [] }],
    // Rows with other values are wanted as well, or may be.
    ["((p0 = 1) OR (p2 = 'a'))", {}],
    ['((p0 = 1) OR (p0 IS NULL))', {}],
    ['((p0 = 1) OR (p0 + 1 = 3))', {}],
    ['(p0 IN (1, 1.5))', {}],
    ['(p0 != 1)', {}],
    ['(p0 > 1)', {}],
    ['(NOT (p0 = 1))', {}],
    ["(p0 = '4')", {}],
  ] as const)
    it(`${text} leaves only the values of ${Object.keys(only).join(' and ') || 'no column'}`, async () => {
      expect(Object.fromEntries((await conditionIn(text)).only)).to.deep.equal(only);
    });
});
