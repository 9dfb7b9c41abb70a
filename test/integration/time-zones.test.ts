/** `at_timezone` takes every name that PostgreSQL knows, and gives what PostgreSQL does, wherever it runs. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import pg from 'pg';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import { TIME_ZONES } from '../../language/types/time-zones.ts';
import { testDatabase } from '../support/database.ts';
import { openDuckDb, planOf } from '../unit/language/run-plan.ts';

/** PostgreSQL takes these for abbreviations: one offset all year round. IANA's zones of these names have summer time. */
const ABBREVIATIONS = new Set(['CET', 'EET', 'MET', 'WET']);
const MOMENTS = Array.from({ length: 50 * 12 }, (_, month) => {
  const [year, rest] = [1970 + Math.floor(month / 12), String((month % 12) + 1).padStart(2, '0')];
  return `${year}-${rest}-${month % 2 === 0 ? '02' : '28'} 12:34:56`;
});
const COLUMNS = [{ name: 'z', type: nativeType(1184) }];
const EXPRESSION = (zone: string): string => `select z from t | eval v = at_timezone(z, '${zone}')`;

describe('time zones', function () {
  this.timeout(240_000);
  let client: pg.Client;
  let duck: DuckDBConnection;
  let names: string[];

  before(async () => {
    client = new pg.Client({ connectionString: (await testDatabase()).adminUrl });
    await client.connect();
    await client.query(`SET timezone = 'UTC'; CREATE TEMP TABLE input (i int, z timestamptz)`);
    await client.query(
      `INSERT INTO input SELECT i, (v || '+00')::timestamptz FROM unnest($1::text[]) WITH ORDINALITY AS u(v, i)`,
      [MOMENTS],
    );
    names = (await client.query('SELECT name FROM pg_timezone_names ORDER BY name')).rows.map(
      ({ name }) => name,
    );
    duck = await openDuckDb();
    const list = MOMENTS.map((text) => `TIMESTAMPTZ '${text}+00'`).join(', ');
    await duck.run(`CREATE TEMP TABLE input AS SELECT unnest([${list}]) AS z`);
  });
  after(async () => {
    duck.closeSync();
    await client.end();
  });

  it('are those that PostgreSQL knows', () => {
    expect(names.length).to.be.above(550);
    expect(names.filter((name) => !TIME_ZONES.has(name))).to.deep.equal([]);
    expect([...TIME_ZONES].filter((name) => !names.includes(name))).to.deep.equal([]);
  });

  it('show what PostgreSQL shows', async () => {
    const different: string[] = [];
    for (const zone of names.filter((name) => !ABBREVIATIONS.has(name))) {
      const worker = planOf(EXPRESSION(zone), COLUMNS).worker!;
      const here = await duck.runAndReadAll(`SELECT CAST(v AS VARCHAR) FROM (${worker.sql})`);
      const there = await client.query({
        text: `SELECT (z AT TIME ZONE '${zone}')::text FROM input ORDER BY i`,
        rowMode: 'array',
      });
      if (String(here.getRows()) !== String(there.rows)) different.push(zone);
    }
    expect(different).to.deep.equal([]);
  });

  it('go to the database only where it cannot have other rules', () => {
    const placed = (zone: string): boolean =>
      planOf(EXPRESSION(zone), COLUMNS, { pushdown: 'auto' }).stages.every(({ where }) => where !== 'worker');
    expect(['UTC', 'Etc/UTC', 'Etc/GMT-9'].map(placed)).to.deep.equal([true, true, true]);
    expect(['Asia/Seoul', 'Europe/Kyiv', 'CET', 'America/Vancouver'].map(placed)).to.deep.equal([
      ...[false, false, false, false],
    ]);
  });
});
