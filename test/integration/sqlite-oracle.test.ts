/**
 * SQLite as a source against PostgreSQL as a source: the same tables in both, all fixtures of all stages, the same answers
 * to the letter. Differences would be those of types on their way, since stages run in workers for SQLite. Connector, plan and stage engine
 * run in this process; one fixture of each stage, and what has no answer here, is asked over HTTP.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Plan, Pushdown } from '../../core/protocol/plan.ts';
import { columnType } from '../../language/dialects/postgres/types.ts';
import { SQLITE } from '../../language/dialects/sqlite/source.ts';
import type { QueryFixture, StageFixtures } from '../fixtures/language/fixture.ts';
import { TABLES } from '../fixtures/language/flights.ts';
import { fixtures as WHOLE } from '../fixtures/language/queries.ts';
import { ConnectorEngine } from '../oracle/connector-engine.ts';
import { Engines, type Outcome, type Params } from '../oracle/engines.ts';
import { startTestDatabase } from '../support/database.ts';
import { type Forkline, type JsonAnswer, startForkline } from '../support/forkline.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';

const MOST_OVER_HTTP = 60;
const directory = new URL('../fixtures/language/stages/', import.meta.url);
const STAGES = await Promise.all(
  readdirSync(directory).map(async (file): Promise<[string, readonly QueryFixture[]]> => {
    const module: StageFixtures = await import(new URL(file, directory).href);
    return [file.replace('.ts', ''), module.fixtures];
  }),
);

describe('SQLite and PostgreSQL as sources', function () {
  this.timeout(180_000);
  let dir: string;
  let forkline: Forkline;
  let database: Awaited<ReturnType<typeof startTestDatabase>>;
  let postgres: Engines;
  let file: ConnectorEngine;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-sqlite-'));
    database = await startTestDatabase();
    const client = new pg.Client(database.adminUrl);
    await client.connect();
    const statements: string[] = [];
    for (const [name, { columns, rows }] of Object.entries(TABLES)) {
      await client.query(`DROP TABLE IF EXISTS ${name} CASCADE`);
      await client.query(`CREATE TABLE ${name} AS ${rows.replaceAll('AS DOUBLE)', 'AS float8)')}`);
      await client.query(`GRANT SELECT ON ${name} TO PUBLIC`);
      const declared = columns.map((column) => `${column.name} ${SQLITE.typeName(columnType(column.type))}`);
      const texts = columns.map((column) => `${column.name}::text`);
      const found = await client.query<(string | null)[]>({
        text: `SELECT ${texts.join(', ')} FROM ${name} ORDER BY ctid`,
        rowMode: 'array',
      });
      const values = found.rows.map((row) => `(${row.map(literal).join(', ')})`);
      statements.push(`create table ${name} (${declared.join(', ')})`);
      statements.push(`insert into ${name} values ${values.join(', ')}`);
    }
    await client.end();
    await writeSqliteFile(join(dir, 'flights.db'), statements.join(';'));
    forkline = await startForkline({
      connections: {
        postgres: { url: database.url },
        other: { url: database.url },
        file: { kind: 'sqlite', path: join(dir, 'flights.db') },
      },
      defaultConnection: 'postgres',
    });
  });
  before(async () => {
    postgres = await Engines.open(database.adminUrl);
    file = await ConnectorEngine.open({ kind: 'sqlite', path: join(dir, 'flights.db') }, postgres.duck);
  });
  after(async () => {
    await file?.close();
    await postgres?.close();
    await forkline.stop();
    await database.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** SQLite's affinities make numbers of the texts of numbers. */
  function literal(value: string | null): string {
    return value === null ? 'null' : `'${value.replaceAll("'", "''")}'`;
  }

  async function answerOf(connection: string, { query, params = {} }: QueryFixture) {
    const body = { connection, pushdown: 'off' };
    const { status, text, json } = await forkline.query(query, { params, body });
    if (connection === 'file' && isOtherSql(json)) return null;
    expect(status, `${connection}: ${query}\n${text}`).to.equal(200);
    return { columns: json.columns, rows: json.rows };
  }

  /** A connection's SQL is its database's own, and some of the fixtures' is PostgreSQL's. */
  const otherSql: string[] = [];
  function isOtherSql({ code, stage }: JsonAnswer): boolean {
    const isOfSource = (stage as { name?: string } | undefined)?.name === 'source';
    return isOfSource && (code === 'sql-syntax' || code === 'unknown-function' || code === 'unknown-column');
  }
  after(() => expect(otherSql).to.have.length.below(4));

  async function expectSameOverHttp(fixture: QueryFixture): Promise<void> {
    const [expected, found] = await Promise.all([answerOf('postgres', fixture), answerOf('file', fixture)]);
    if (found === null || expected === null) {
      otherSql.push(fixture.query);
      return;
    }
    expect(found.columns, fixture.query).to.deep.equal(expected.columns);
    expectSameRows(found.rows, expected.rows, fixture);
  }

  function expectSameRows(
    found: readonly unknown[],
    expected: readonly unknown[],
    fixture: QueryFixture,
  ): void {
    if (fixture.unordered) expect(found, fixture.query).to.have.deep.members(expected as unknown[]);
    else expect(found, fixture.query).to.deep.equal(expected);
  }

  /** Fixtures with SQL for the stage engine, or of another connection. */
  let askedOverHttp = 0;
  after(() => expect(askedOverHttp).to.be.below(MOST_OVER_HTTP));

  async function expectSame(fixture: QueryFixture): Promise<void> {
    const [expected, found] = [await outcomeIn(postgres, fixture), await outcomeIn(file, fixture)];
    if (expected === null || found === null) {
      askedOverHttp++;
      return await expectSameOverHttp(fixture);
    }
    expect(found.columns, fixture.query).to.deep.equal(expected.columns);
    expectSameRows(found.rows, expected.rows, fixture);
  }

  for (const [name, fixtures] of [...STAGES, ['whole queries', WHOLE] as const])
    it(`give the same in the fixtures of ${name}`, async () => {
      const [first, ...others] = fixtures;
      if (first !== undefined) await expectSameOverHttp(first);
      for (const fixture of others) await expectSame(fixture);
    });
});

interface Asked {
  plan(text: string, pushdown: Pushdown, params: Params): Promise<Plan>;
  run(plan: Plan, params: Params): Promise<Outcome>;
}

/** Resolves to the answer of stages outside of the database; null when there is none here. */
async function outcomeIn(
  engine: Asked,
  { query, params = {} }: QueryFixture,
): Promise<Extract<Outcome, { kind: 'rows' }> | null> {
  let plan: Plan;
  try {
    plan = await engine.plan(query, 'off', params);
  } catch (thrown) {
    if (isOnlyOverHttp(thrown)) return null;
    throw thrown;
  }
  if (plan.columns === null) return null; // SQL alone
  const outcome = await engine.run(plan, params);
  return outcome.kind === 'rows' ? outcome : null;
}

/** A refusal, an error of the database, or a question of the planner that only a server answers. */
function isOnlyOverHttp(thrown: unknown): boolean {
  const isOfServer = thrown instanceof Error && /^SQL for the stage engine/.test(thrown.message);
  return thrown instanceof QueryError || thrown instanceof pg.DatabaseError || isOfServer;
}
