/** Connections in the store: read, saved and removed; every change is a version with author and reason. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { ConnectionDefinition, StoredConnection } from '../../core/protocol/stored-connections.ts';
import { type Authorship, checkExpected, type Expected, lockState, noteChange } from '../store/revisions.ts';
import type { Store, Transaction } from '../store/store.ts';

/** Begins the keys of connections among those of changes; no model's name begins so. */
const KEY_MARK = '@';

export interface ShownConnection extends StoredConnection {
  readonly author: string;
  readonly reason: string;
  readonly at: string;
}

export interface ConnectionVersion {
  readonly version: number;
  readonly author: string;
  readonly reason: string;
  readonly at: string;
  readonly removed: boolean;
}

export interface SavedConnection {
  readonly version: number;
  readonly changed: boolean;
}

/** Returns the connection that the key of a change is about; null: it is about a model. */
export function connectionOfKey(key: string): string | null {
  return key.startsWith(KEY_MARK) ? key.slice(KEY_MARK.length) : null;
}

/** The connections of a store. Every method throws store-unavailable. */
export class StoredConnectionBook {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  all(): Promise<readonly StoredConnection[]> {
    return allConnections(this.#store);
  }

  /** Returns one connection; null: there is none. */
  one(name: string): Promise<ShownConnection | null> {
    return oneConnection(this.#store, name);
  }

  /** Returns all versions, the newest first; none: there never was such a connection. */
  versions(name: string): Promise<readonly ConnectionVersion[]> {
    return connectionVersions(this.#store, name);
  }

  /** Saves a connection as a new version, or leaves it alone where nothing differs. Throws version-*. */
  save(
    { name, definition }: Pick<StoredConnection, 'name' | 'definition'>,
    expected: Expected,
    authorship: Authorship,
  ): Promise<SavedConnection> {
    return this.#store.transaction((transaction) =>
      saveConnection(transaction, name, definition, expected, authorship),
    );
  }

  /** Removes a connection; its versions stay. Throws version-*, not-found. */
  remove(name: string, expected: Expected, authorship: Authorship): Promise<void> {
    return this.#store.transaction((transaction) =>
      removeConnection(transaction, name, expected, authorship),
    );
  }
}

function allConnections(store: Store): Promise<readonly StoredConnection[]> {
  return store.rows<Row>({
    name: 'connections',
    text: 'select name, version, definition from connection order by name',
  });
}

type Row = StoredConnection & Readonly<Record<string, unknown>>;

async function oneConnection(store: Store, name: string): Promise<ShownConnection | null> {
  const [found] = await store.rows<ShownRow>({
    name: 'connection',
    text: `select c.name, c.version, c.definition, v.author, v.reason, v.at
           from connection c join connection_version v on v.name = c.name and v.version = c.version
           where c.name = $1`,
    values: [name],
  });
  return found === undefined ? null : { ...found, at: found.at.toISOString() };
}

type ShownRow = Omit<ShownConnection, 'at'> & { readonly at: Date } & Readonly<Record<string, unknown>>;

async function connectionVersions(store: Store, name: string): Promise<readonly ConnectionVersion[]> {
  const rows = await store.rows<
    Omit<ConnectionVersion, 'at'> & { readonly at: Date } & Readonly<Record<string, unknown>>
  >({
    text: `select version, author, reason, at, definition is null as removed
           from connection_version where name = $1 order by version desc`,
    values: [name],
  });
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

async function saveConnection(
  transaction: Transaction,
  name: string,
  definition: ConnectionDefinition,
  expected: Expected,
  { author, reason }: Authorship,
): Promise<SavedConnection> {
  const { rows } = transaction;
  const revision = await lockState(transaction);
  const json = JSON.stringify(definition);
  const [found] = await rows<{ version: number | null; last: number | null; same: boolean | null }>({
    text: `select c.version, c.definition = $2::jsonb as same,
             (select max(v.version) from connection_version v where v.name = $1) as last
           from (select 1) one left join connection c on c.name = $1`,
    values: [name, json],
  });
  const { version: before, last, same } = found!;
  checkExpected(`the connection ${name}`, expected, before ?? 0);
  if (same === true) return { version: before!, changed: false };
  const version = (last ?? 0) + 1;
  await rows({
    text: `with noted as (
             insert into connection_version (name, version, definition, author, reason) values ($1, $2, $3, $4, $5)
           )
           insert into connection (name, version, definition) values ($1, $2, $3)
           on conflict (name) do update set
             version = excluded.version, definition = excluded.definition, changed_at = now()`,
    values: [name, version, json, author, reason],
  });
  await noteChange(transaction, revision, `${KEY_MARK}${name}`);
  return { version, changed: true };
}

async function removeConnection(
  transaction: Transaction,
  name: string,
  expected: Expected,
  { author, reason }: Authorship,
): Promise<void> {
  const { rows } = transaction;
  const revision = await lockState(transaction);
  const [found] = await rows<{ version: number }>({
    text: 'select version from connection where name = $1',
    values: [name],
  });
  if (found === undefined) throw noConnection(name);
  checkExpected(`the connection ${name}`, expected, found.version);
  await rows({
    text: `with noted as (
             insert into connection_version (name, version, author, reason) values ($1, $2, $3, $4)
           )
           delete from connection where name = $1`,
    values: [name, found.version + 1, author, reason],
  });
  await noteChange(transaction, revision, `${KEY_MARK}${name}`);
}

function noConnection(name: string): QueryError {
  return new QueryError('not-found', `there is no connection ${JSON.stringify(name.slice(0, 100))}`, {
    hint: 'GET /v1/connections lists them',
  });
}
