/** A database for the store of a catalogue, on the shared test cluster: empty, with a role that may make its schema there. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testDatabase } from './database.ts';

export interface StoreDatabase extends AsyncDisposable {
  readonly url: string;
  /** Runs SQL as superuser in it. */
  admin<T extends object = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<readonly T[]>;
  /** Ends all sessions, and refuses new ones until `open`. */
  close(): Promise<void>;
  open(): Promise<void>;
}

export async function storeDatabase(): Promise<StoreDatabase> {
  const { adminUrl, admin: elsewhere } = await testDatabase();
  const name = `store_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await elsewhere(`create role ${name} login password '${password}'`);
  await elsewhere(`create database ${name} owner ${name}`);
  const own = new URL(adminUrl);
  own.pathname = name;
  const url = new URL(own);
  url.username = name;
  url.password = password;
  const end = (): Promise<unknown> =>
    elsewhere('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  return {
    url: url.href,
    async admin<T>(sql: string, values: unknown[] = []) {
      const client = new pg.Client({ connectionString: own.href });
      await client.connect();
      try {
        return (await client.query(sql, values)).rows as T[];
      } finally {
        await client.end();
      }
    },
    async close() {
      await elsewhere(`alter database ${name} allow_connections false`);
      await end();
    },
    async open() {
      await elsewhere(`alter database ${name} allow_connections true`);
    },
    async [Symbol.asyncDispose]() {
      await end();
      await elsewhere(`drop database ${name} with (force)`);
      await elsewhere(`drop role ${name}`);
    },
  };
}
