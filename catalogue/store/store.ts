/**
 * The connection to the store: a small pool, opened when it is first needed. The schema is checked, and migrated where that is
 * wanted, before the first statement. Every failure is a QueryError that says what to do; a store that is down is tried
 * again at the next request, at most once a second.
 */
import pg from 'pg';
import { QueryError } from '../../core/protocol/errors.ts';
import type { StoreConfig } from '../../core/protocol/server-config.ts';
import { checkSchema, migrate, SCHEMA, SchemaError } from './migrate.ts';
import { readMigrations } from './migration-files.ts';

const POOL_SIZE = 4;
const CONNECT_MS = 3000;
const STATEMENT_MS = 10_000;
const RETRY_AFTER_MS = 1000;

export interface StoreOptions extends Pick<StoreConfig, 'url' | 'migrate'> {
  /** Called with a failure that an operator should know of. */
  onTrouble(message: string): void;
}

export type Row = Readonly<Record<string, unknown>>;

/** Runs statements of one transaction. */
export interface Transaction {
  rows<T extends Row>(statement: Statement): Promise<readonly T[]>;
}

/** A statement with a name is prepared once in each session. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export class Store {
  readonly #options: StoreOptions;
  readonly #pool: pg.Pool;
  #ready: Promise<void> | null = null;
  #failure: { readonly error: QueryError; readonly at: number } | null = null;
  /** The number of statements so far, so that tests can count them. */
  statements = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({ ...storeClient(options), max: POOL_SIZE });
    this.#pool.on('error', () => {}); // an idle session that breaks is replaced at the next statement
  }

  async rows<T extends Row>(statement: Statement): Promise<readonly T[]> {
    await this.ready();
    this.statements++;
    try {
      const { rows } = await this.#pool.query<T>(queryConfig(statement));
      return rows;
    } catch (thrown) {
      throw storeError(thrown);
    }
  }

  /** Runs `work` in one transaction, and once more where another transaction was in its way. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    await this.ready();
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (thrown) {
      throw storeError(thrown);
    }
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const result = await work({
        rows: async <R extends Row>(statement: Statement) => {
          this.statements++;
          return (await client.query<R>(queryConfig(statement))).rows;
        },
      });
      await client.query('commit');
      return result;
    } catch (thrown) {
      await client.query('rollback').catch((error: Error) => {
        broken = error;
      });
      throw storeError(thrown);
    } finally {
      client.release(broken);
    }
  }

  /** A session of its own, for notifications. */
  async session(): Promise<pg.Client> {
    await this.ready();
    const client = new pg.Client(storeClient(this.#options));
    try {
      await client.connect();
      return client;
    } catch (thrown) {
      throw storeError(thrown);
    }
  }

  /** Resolves when the schema fits this build. Throws store-unavailable. */
  ready(): Promise<void> {
    const { error, at } = this.#failure ?? {};
    if (error !== undefined && performance.now() - at! < RETRY_AFTER_MS) return Promise.reject(error);
    this.#ready ??= this.#prepare().catch((thrown: unknown) => {
      this.#ready = null;
      const failure = QueryError.from(storeError(thrown));
      this.#failure = { error: failure, at: performance.now() };
      this.#options.onTrouble(failure.message);
      throw failure;
    });
    return this.#ready;
  }

  async #prepare(): Promise<void> {
    const client = new pg.Client({ ...storeClient(this.#options), statement_timeout: 0 });
    client.on('error', () => {});
    await client.connect();
    try {
      const migrations = readMigrations();
      const { pending } = await checkSchema(client, migrations);
      if (pending.length > 0) {
        if (this.#options.migrate === 'never')
          throw new SchemaError(
            `${pending.length === 1 ? 'a migration is' : `${pending.length} migrations are`} pending (${pending.map(({ script }) => script).join(', ')}). Run \`forkline migrate\``,
          );
        await migrate(client, migrations);
      }
      this.#failure = null;
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function storeClient({ url }: Pick<StoreConfig, 'url'>): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    application_name: 'forkline catalogue',
    // Everything here is found by keys: a plan that reads a whole table to join it is always the wrong one.
    options: `-c search_path=${SCHEMA} -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off`,
  };
}

function queryConfig({ name, text, values }: Statement): pg.QueryConfig {
  return { ...(name !== undefined && { name }), text, values: [...(values ?? [])] };
}

/** Returns what a request is answered with. Errors of ours pass; those of an absent store never show its URL. */
function storeError(thrown: unknown): unknown {
  if (thrown instanceof QueryError) return thrown;
  if (thrown instanceof SchemaError)
    return new QueryError('store-unavailable', thrown.message, { hint: MEND }, thrown);
  const { code, message } = thrown as Error & { code?: string };
  // A statement of ours that the store refuses for what it says is a mistake of ours, not an absence.
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !ABSENT.test(code)) return thrown;
  if (code === '42501')
    return new QueryError(
      'store-unavailable',
      `the role of the catalogue's store lacks a right: ${message}`,
      { hint: `let its role own the schema: \`create schema ${SCHEMA} authorization ROLE\`` },
      thrown,
    );
  return new QueryError(
    'store-unavailable',
    `the store of the catalogue does not answer (${code ?? message})`,
    { hint: MEND, retryAfterSeconds: 1 },
    thrown,
  );
}

/** SQLSTATEs of a store that is not there: connections, rights, shutdowns, missing databases, schemas and tables. */
const ABSENT = /^(?:08|28|53|57|3D|3F|42501|42P01|55000)/;

const MEND =
  'Queries that read no model go on. `forkline migrate --check` tells what is wrong with the store that store.url (FORKLINE_STORE_URL) names.';
