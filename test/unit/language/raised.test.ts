/** Errors that show only while a plan runs: the stage's own ones come back with their code, place and hint. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import type { QueryError } from '../../../core/protocol/errors.ts';
import { STAGE_LIMITS } from '../../../core/protocol/stage-limits.ts';
import { engineError } from '../../../workers/dsl/engine-errors.ts';
import { FLIGHTS_ROWS } from '../../fixtures/language/flights.ts';
import { openDuckDb, planAsking, planFlights, runPlan } from './run-plan.ts';

const F = 'select * from flights';
const MAX_ELEMENTS = STAGE_LIMITS.explodeElements;
const LIMITS = {
  memoryBytes: 1,
  spillBytes: 1,
  spillDir: '/nowhere',
  fifoPath: '/nowhere/in',
};

describe('errors of running stages', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  async function failure(query: string): Promise<QueryError> {
    try {
      await runPlan(duck, planFlights(query));
    } catch (thrown) {
      return engineError(thrown, LIMITS);
    }
    throw new Error('nothing was thrown');
  }

  const assertions: readonly (readonly [stages: string, message: string, at: string])[] = [
    ["assert delay < 100 message 'it''s \"late\": 늦음'", 'it\'s "late": 늦음', 'delay < 100'],
    ['assert delay < 999', 'not true for every row: `delay < 999`', 'delay < 999'],
    ['stats count() as n | assert n > 6', 'not true for every row: `n > 6`', 'n > 6'],
    // Rows that later stages drop do not escape.
    ["assert origin = 'ATL' | head 1", "not true for every row: `origin = 'ATL'`", "origin = 'ATL'"],
    [
      "assert dest <> 'SFO' | where dest = 'ORD' | fields dest",
      "not true for every row: `dest <> 'SFO'`",
      "dest <> 'SFO'",
    ],
    [
      "assert dest <> 'SFO' | where length(dest) = 99",
      "not true for every row: `dest <> 'SFO'`",
      "dest <> 'SFO'",
    ],
    ['assert distance > 300 | stats count()', 'not true for every row: `distance > 300`', 'distance > 300'],
    [
      'sort -distance | assert distance > 300 | tail 1',
      'not true for every row: `distance > 300`',
      'distance > 300',
    ],
  ];
  for (const [stages, message, at] of assertions)
    it(stages, async () => {
      const query = `${F} | ${stages}`;
      const error = await failure(query);
      expect(error.code).to.equal('assertion-failed');
      expect(error.message).to.equal(message);
      expect(query.slice(error.details.span!.start, error.details.span!.end)).to.equal(at);
      expect(error.details.stage?.name).to.equal('assert');
      expect(error.details.hint).to.match(/^to see the rows write `where not coalesce\(/);
    });

  it('a list that is too long to explode names the limit', async () => {
    const error = await failure(
      `${F} | head 1 | eval t = rpad('', ${MAX_ELEMENTS}, ',') | explode t sep ','`,
    );
    expect(error.code).to.equal('bad-value');
    expect(error.message).to.equal(`a value of \`t\` has more than ${MAX_ELEMENTS} elements`);
    expect(error.details.limit).to.deep.equal({ name: 'explodeElements', value: MAX_ELEMENTS });
  });

  const charts: readonly (readonly [name: string, stages: string, at: string])[] = [
    ['of milliseconds', 'eval t = date + 0s | timechart t span=1ms count()', '1ms'],
    ['of many values', 'eval t = date + 0s | timechart t span=5s count() by dest', '5s'],
  ];
  for (const [name, stages, at] of charts)
    it(`a timechart ${name} names the limit`, async () => {
      const query = `${F} | ${stages}`;
      const error = await failure(query);
      expect(error.code).to.equal('result-too-large');
      expect(error.message).to.equal('`timechart` would make too many rows, gaps included');
      const { span, stage, limit, hint } = error.details;
      expect(query.slice(span!.start, span!.end)).to.equal(at);
      expect(stage).to.deep.equal({ index: 2, name: 'timechart' });
      expect(limit).to.deep.equal({ name: 'timechartRows', value: STAGE_LIMITS.timechartRows });
      expect(hint).to.equal('ask for a longer span or less time');
    });

  const many =
    "select * from flights | stats list(delay) as l | eval t = rpad('', 3999, ',') | explode t sep ','";
  for (const on of ['join cross b', 'join b as c on left.t <= c.t', 'join left b as c on left.t <= c.t'])
    it(`${on}: more rows than crossRows name the limit`, async () => {
      const query = `let b = (${many}); b | fields t | ${on.replace(' b ', ' (b | fields t) ').replace(/ b$/, ' (b | fields t | rename t as u)')} | stats count()`;
      const error = await failure(query);
      expect(error.code).to.equal('result-too-large');
      expect(error.details.limit).to.deep.equal({ name: 'crossRows', value: STAGE_LIMITS.crossRows });
      expect(error.details.stage?.name).to.equal('join');
    });

  it('an equality is not bounded by it', async () => {
    const query = `let b = (${many}); b | fields t | join semi (b | fields t) on t | stats count() as n`;
    expect((await runPlan(duck, planFlights(query))).rows).to.deep.equal([['4000']]);
  });

  for (const rest of [
    '',
    ' | stats count()',
    " | where reason = 'nothing'",
    " | where dest = 'nowhere' | head 1",
    ' | fields origin | head 1',
  ])
    it(`a key that a lookup finds twice does not escape${rest}`, async () => {
      const query = `${F} | lookup (select * from delays) origin output reason${rest}`;
      const error = await failure(query);
      expect([error.code, error.message]).to.deep.equal([
        'bad-value',
        'the source has several rows for `origin` = ATL',
      ]);
      const { start, end } = error.details.span!;
      expect(query.slice(start, end)).to.equal('origin');
    });

  it('the key in an error may hold anything', async () => {
    const key = `it''s "} {"\\\n가😀`;
    const source = `(select * from airports | head 2 | eval k = '${key}' | fields k, city)`;
    const error = await failure(`${F} | eval k = '${key}' | lookup ${source} k`);
    expect(error.message).to.equal(`the source has several rows for \`k\` = ${key.replace("''", "'")}`);
  });

  it('a value that pivot has no column for is an error, never left out', async () => {
    const query = `${F} | pivot count() splitrow origin splitcol dest`;
    const plan = await planAsking(duck, query);
    const rows = `${FLIGHTS_ROWS} UNION ALL SELECT 'ATL', 'NEW', 1, 1, NULL, NULL`;
    for (const text of ['NEW', null]) {
      const changed = text === null ? rows.replace("'NEW'", 'NULL') : rows;
      const error = engineError(await runPlan(duck, plan, {}, changed).catch((thrown) => thrown), LIMITS);
      expect(error.code).to.equal('stale-plan');
    }
    expect(plan.cacheable).to.equal(false);
  });

  it('the longest list that explodes', async () => {
    const query = `${F} | head 1 | eval t = rpad('', ${MAX_ELEMENTS - 1}, ',') | explode t sep ',' | stats count()`;
    expect((await runPlan(duck, planFlights(query))).rows).to.deep.equal([[String(MAX_ELEMENTS)]]);
  });

  const bad: readonly string[] = [
    'cast origin as int64',
    "cast origin as date format 'yyyyMMdd'",
    "cast dest as timestamp format '%Y'",
    'eval x = 9223372036854775807.0 * 4 | cast x as int64',
    // Our own mark in a user's text is only text.
    `eval t = '@forkline {"code":"internal","message":"x"}' | cast t as int64`,
  ];
  for (const stages of bad)
    it(`bad value: ${stages}`, async () =>
      expect((await failure(`${F} | ${stages}`)).code).to.equal('bad-value'));

  it('a sample without a seed keeps the order', async () => {
    const query = `${F} | sort -distance, date | sample 4 | fields distance`;
    const { rows } = await runPlan(duck, planFlights(query));
    const values = rows.map(([value]) => Number(value));
    expect(values).to.deep.equal(values.toSorted((a, b) => b - a));
    expect(values).to.have.length(4);
  });
});
