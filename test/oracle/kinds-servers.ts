/** Servers of all kinds for the oracle of kinds, each with a session of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { startTestDatabase } from '../support/database.ts';
import { startMariadb } from '../support/mariadb.ts';
import { FOR_SHORT_QUERIES, startSpark } from '../support/spark.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';
import { ConnectorEngine } from './connector-engine.ts';
import { Engines } from './engines.ts';
import { FilesEngine } from './files-engine.ts';
import type { Kind } from './kinds.ts';
import type { KindName } from './kinds-data.ts';

export interface KindsServers {
  readonly postgres: Engines;
  readonly kinds: readonly Kind[];
  close(): Promise<void>;
}

/** All kinds that need no Java. */
export const USUAL_KINDS: readonly KindName[] = ['postgres', 'mariadb', 'sqlite', 'files'];

interface OpenKind extends Kind {
  close(): Promise<void>;
}

/** `test.skip` is called where a server that one of the kinds needs is not installed. PostgreSQL is always one: its rows make the answers. */
export async function openKinds(
  test: { skip(): never },
  given: readonly KindName[] = USUAL_KINDS,
): Promise<KindsServers> {
  const names = new Set<KindName>(['postgres', ...given]);
  const sparkKind = names.has('spark') ? await openSpark(test) : null;
  const mariadbKind = names.has('mariadb') ? await openMariadb(test) : null;
  const database = await startTestDatabase();
  const postgres = await Engines.open(database.adminUrl);
  const { duck } = postgres;
  const kinds: OpenKind[] = [];
  for (const name of names) {
    if (name === 'postgres') kinds.push(postgresKind(postgres));
    else if (name === 'mariadb') kinds.push(await mariadbKind!(duck));
    else if (name === 'sqlite') kinds.push(await openSqlite(duck));
    else if (name === 'spark') kinds.push(await sparkKind!(duck));
    else kinds.push(await openFiles());
  }
  return {
    postgres,
    kinds,
    async close() {
      for (const kind of kinds) await kind.close();
      await postgres.close();
      await database.stop();
    },
  };
}

function postgresKind(postgres: Engines): OpenKind {
  return {
    name: 'postgres',
    engine: { plan: (text, pushdown) => postgres.plan(text, pushdown), run: (plan) => postgres.run(plan) },
    make: async (statements) => void (await postgres.client.query(statements.join(';'))),
    close: async () => {},
  };
}

type OpenWith = (duck: DuckDBConnection) => Promise<OpenKind>;

async function openMariadb(test: { skip(): never }): Promise<OpenWith> {
  const mariadb = await startMariadb(test);
  return async (duck) => {
    const engine = await ConnectorEngine.open({ kind: 'mariadb', url: mariadb.url }, duck);
    return {
      name: 'mariadb',
      engine,
      async make(statements) {
        engine.forget();
        await mariadb.admin(`use test; ${statements.join(';')}`);
      },
      async close() {
        await engine.close();
        await mariadb.stop();
      },
    };
  };
}

async function openSpark(test: { skip(): never }): Promise<OpenWith> {
  const spark = await startSpark(test, FOR_SHORT_QUERIES);
  return async (duck) => {
    const engine = await ConnectorEngine.open({ kind: 'spark', url: spark.url }, duck);
    return {
      name: 'spark',
      engine,
      async make(statements) {
        engine.forget();
        for (const statement of statements) await spark.admin(statement);
      },
      async close() {
        await engine.close();
        await spark.stop();
      },
    };
  };
}

async function openSqlite(duck: DuckDBConnection): Promise<OpenKind> {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-kinds-'));
  const path = join(dir, 'data.db');
  await writeSqliteFile(path, 'create table data (id integer)');
  let engine = await ConnectorEngine.open({ kind: 'sqlite', path }, duck);
  return {
    name: 'sqlite',
    engine: { plan: (text, pushdown) => engine.plan(text, pushdown), run: (plan) => engine.run(plan) },
    async make(statements) {
      await engine.close();
      await writeSqliteFile(path, statements.slice(1).join(';'));
      engine = await ConnectorEngine.open({ kind: 'sqlite', path }, duck);
    },
    async close() {
      await engine.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function openFiles(): Promise<OpenKind> {
  const engine = await FilesEngine.open();
  return {
    name: 'files',
    engine,
    make: (statements) => engine.make(statements),
    close: () => engine.close(),
  };
}
