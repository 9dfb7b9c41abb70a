/** Servers of all kinds for the oracle of kinds, each with a session of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestDatabase } from '../support/database.ts';
import { startMariadb } from '../support/mariadb.ts';
import { FOR_SHORT_QUERIES, startSpark } from '../support/spark.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';
import { ConnectorEngine } from './connector-engine.ts';
import { Engines } from './engines.ts';
import { FilesEngine } from './files-engine.ts';
import type { Kind } from './kinds.ts';

export interface KindsServers {
  readonly postgres: Engines;
  readonly kinds: readonly Kind[];
  close(): Promise<void>;
}

/** `test.skip` is called where there is no MariaDB; `withSpark`: and where there is no Spark. */
export async function openKinds(test: { skip(): never }, withSpark = false): Promise<KindsServers> {
  const spark = withSpark ? await startSpark(test, FOR_SHORT_QUERIES) : null;
  const mariadb = await startMariadb(test);
  const database = await startTestDatabase();
  const postgres = await Engines.open(database.adminUrl);
  const { duck } = postgres;
  const dir = await mkdtemp(join(tmpdir(), 'forkline-kinds-'));
  const path = join(dir, 'data.db');
  await writeSqliteFile(path, 'create table data (id integer)');
  const ofMariadb = await ConnectorEngine.open({ kind: 'mariadb', url: mariadb.url }, duck);
  const ofFiles = await FilesEngine.open();
  let ofSqlite = await ConnectorEngine.open({ kind: 'sqlite', path }, duck);
  const ofSpark = spark === null ? null : await ConnectorEngine.open({ kind: 'spark', url: spark.url }, duck);
  const kinds: Kind[] = [
    {
      name: 'postgres',
      engine: { plan: (text, pushdown) => postgres.plan(text, pushdown), run: (plan) => postgres.run(plan) },
      make: async (statements) => void (await postgres.client.query(statements.join(';'))),
    },
    {
      name: 'mariadb',
      engine: ofMariadb,
      make: async (statements) => void (await mariadb.admin(`use test; ${statements.join(';')}`)),
    },
    {
      name: 'sqlite',
      engine: { plan: (text, pushdown) => ofSqlite.plan(text, pushdown), run: (plan) => ofSqlite.run(plan) },
      async make(statements) {
        await ofSqlite.close();
        await writeSqliteFile(path, statements.slice(1).join(';'));
        ofSqlite = await ConnectorEngine.open({ kind: 'sqlite', path }, duck);
      },
    },
    { name: 'files', engine: ofFiles, make: (statements) => ofFiles.make(statements) },
  ];
  if (spark !== null)
    kinds.push({
      name: 'spark',
      engine: ofSpark!,
      async make(statements) {
        for (const statement of statements) await spark.admin(statement);
      },
    });
  return {
    postgres,
    kinds,
    async close() {
      await ofSpark?.close();
      await spark?.stop();
      await ofMariadb.close();
      await ofSqlite.close();
      await ofFiles.close();
      await postgres.close();
      await database.stop();
      await mariadb.stop();
      await rm(dir, { recursive: true });
    },
  };
}
