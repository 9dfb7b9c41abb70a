import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { splitStages } from '../../../../loadtest/baseline/http.ts';
import { type Row, runStage } from '../../../../loadtest/baseline/stages.ts';
import { stagesSql } from '../../../../loadtest/baseline/stages-sql.ts';
import { parseLoopLag } from '../../../../loadtest/measure/loop-lag.ts';
import { allColumns, twoColumns } from '../../../../loadtest/queries.ts';
import { comparableRows } from '../../../../loadtest/verify.ts';

const ROWS: Row[] = Array.from({ length: 60 }, (_, i) => ({
  id: i,
  time: '2026-01-01T00:00:00',
  host: `host-${i % 7}`,
  path: `/p/${i % 11}`,
  status: i % 5 === 0 ? 500 : 200,
  bytes: i * 1000,
  duration: (i * 31) % 50,
}));

const TABLE = `(VALUES ${ROWS.map((row) => `(${Object.values(row).map((value) => (typeof value === 'string' ? `'${value}'` : value))})`)})
  AS r(${Object.keys(ROWS[0]!)})`;

describe('the baselines', () => {
  for (const [name, query] of [
    ['all columns', allColumns('t')],
    ['two columns', twoColumns('t', 'off')],
  ] as const) {
    it(`agree on the load test's stages: ${name}`, async () => {
      const [, ...stages] = splitStages(query.text);
      const connection = await (await DuckDBInstance.create(':memory:')).connect();
      const reader = await connection.runAndReadAll(stagesSql(`SELECT * FROM ${TABLE}`, stages));
      const inDuckDb = comparableRows(reader.getRowObjectsJson());
      connection.closeSync();
      expect(inDuckDb.split('\n').length).to.equal(7);
      expect(comparableRows(stages.reduce(runStage, ROWS))).to.equal(inDuckDb);
    });
  }

  it('aggregate everything when there is no `by`', () => {
    expect(runStage(ROWS, 'stats count() as n, max(id) as last')).to.deep.equal([{ n: 60, last: 59 }]);
    expect(stagesSql('SELECT 1', ['stats count() as n'])).to.equal('SELECT count(*) as n FROM (SELECT 1)');
  });

  it('refuse stages that they do not have', () => {
    expect(() => runStage(ROWS, 'frob x')).to.throw('unknown stage frob');
    expect(() => stagesSql('SELECT 1', ['frob x'])).to.throw('unknown stage frob');
  });
});

describe('comparing answers', () => {
  it('takes rows for the same that differ in how they are written only', () => {
    const database = [{ n: '12', mean: '0.30000000000000004', time: '2026-01-01 00:00:05', none: null }];
    const answer = [{ none: null, time: '2026-01-01T00:00:05.000Z', mean: 0.3, n: 12 }];
    expect(comparableRows(answer)).to.equal(comparableRows(database));
  });

  for (const [what, row] of [
    ['a number', { n: 13, t: 'x' }],
    ['a null', { n: null, t: 'x' }],
    ['a column', { n: 12, u: 'x' }],
    ['a text', { n: 12, t: 'X' }],
  ] as const) {
    it(`tells ${what} apart`, () => {
      expect(comparableRows([row])).not.to.equal(comparableRows([{ n: 12, t: 'x' }]));
    });
  }

  it('tells the order and the number of rows apart', () => {
    const [a, b] = [{ n: 1 }, { n: 2 }];
    expect(comparableRows([a, b])).not.to.equal(comparableRows([b, a]));
    expect(comparableRows([a])).not.to.equal(comparableRows([a, a]));
  });
});

describe('event-loop lag', () => {
  it('is read from metrics with and without a prefix', () => {
    const text = (prefix: string) =>
      `${prefix}nodejs_eventloop_lag_p99_seconds 0.0125\n${prefix}nodejs_eventloop_lag_max_seconds 2.5e-1\n`;
    for (const prefix of ['', 'forkline_server_'])
      expect(parseLoopLag(text(prefix))).to.deep.equal({ p99Ms: 12.5, maxMs: 250 });
    expect(parseLoopLag('up 1')).to.equal(null);
  });
});
