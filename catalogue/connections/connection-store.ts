/** Connections that were made at run time, as the store has them. Secrets in them are references. */
import { QueryError } from '../../core/protocol/errors.ts';
import { type Authorship, checkExpected, type Expected, lockState, noteChange } from '../store/revisions.ts';
import type { Row, Store, Transaction } from '../store/store.ts';

/** The options as in the configuration file, secrets as references. */
export type ConnectionOptions = Readonly<Record<string, unknown>>;

export interface StoredConnection {
  readonly name: string;
  readonly version: number;
  readonly options: ConnectionOptions;
  readonly changedAt: string;
}

interface ConnectionRow extends Row {
  readonly name: string;
  readonly version: number;
  readonly definition: ConnectionOptions;
  readonly changed_at: Date;
}

export class ConnectionStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async all(): Promise<readonly StoredConnection[]> {
    const rows = await this.#store.rows<ConnectionRow>({
      text: 'select name, version, definition, changed_at from connection order by name',
    });
    return rows.map(({ name, version, definition, changed_at }) => ({
      ...{ name, version, options: definition, changedAt: changed_at.toISOString() },
    }));
  }

  /** Returns the new version. Throws version-missing and version-conflict. */
  async save(
    name: string,
    options: ConnectionOptions,
    expected: Expected,
    { author, reason }: Authorship,
  ): Promise<number> {
    return await this.#store.transaction(async (transaction) => {
      const revision = await lockState(transaction);
      const { version, last } = await versionOf(transaction, name);
      checkExpected(`the connection \`${name}\``, expected, version);
      const next = last + 1;
      await transaction.rows({
        text: `with noted as (
                 insert into connection_version (name, version, definition, author, reason) values ($1, $2, $3, $4, $5)
               )
               insert into connection (name, version, definition) values ($1, $2, $3)
               on conflict (name) do update set version = excluded.version, definition = excluded.definition, changed_at = now()`,
        values: [name, next, JSON.stringify(options), author, reason],
      });
      await noteChange(transaction, revision, 'connection', name);
      return next;
    });
  }

  async remove(name: string, expected: Expected, { author, reason }: Authorship): Promise<void> {
    await this.#store.transaction(async (transaction) => {
      const revision = await lockState(transaction);
      const { version, last } = await versionOf(transaction, name);
      if (version === 0) throw noStoredConnection(name);
      checkExpected(`the connection \`${name}\``, expected, version);
      await transaction.rows({ text: 'delete from connection where name = $1', values: [name] });
      await transaction.rows({
        text: 'insert into connection_version (name, version, author, reason) values ($1, $2, $3, $4)',
        values: [name, last + 1, author, reason],
      });
      await noteChange(transaction, revision, 'connection', name);
    });
  }
}

async function versionOf(
  { rows }: Transaction,
  name: string,
): Promise<{ readonly version: number; readonly last: number }> {
  const [found] = await rows<{ version: number | null; last: number | null }>({
    text: `select c.version, (select max(version) from connection_version where name = $1) as last
           from (select 1) one left join connection c on c.name = $1`,
    values: [name],
  });
  return { version: found!.version ?? 0, last: found!.last ?? 0 };
}

function noStoredConnection(name: string): QueryError {
  return new QueryError('not-found', `there is no connection \`${name}\` that was made at run time`, {
    hint: 'GET /v1/connections lists them; those of the configuration are changed there',
  });
}
