/**
 * Brings the schema `forkline` of the store up to this build, as Flyway would: the history is Flyway's table with Flyway's
 * checksums, the lock is the one that Flyway takes, and every migration is applied and recorded in one transaction. So a
 * failure leaves the schema as it was before that migration, and of several servers that start at once one does the work.
 */
import type pg from 'pg';
import type { Migration } from './migration-files.ts';

export const SCHEMA = 'forkline';
const HISTORY = 'flyway_schema_history';

/** A schema that this build must not touch or cannot use: what is wrong, and how to mend it. */
export class SchemaError extends Error {}

export interface MigrationState {
  /** Versions that were applied before. */
  readonly applied: readonly number[];
  readonly pending: readonly Migration[];
}

interface HistoryRow {
  readonly version: string | null;
  readonly script: string;
  readonly checksum: number | null;
  readonly success: boolean;
}

/** Returns what is applied and what is not. Throws SchemaError for a history that does not fit these migrations. */
export async function checkSchema(
  client: pg.ClientBase,
  migrations: readonly Migration[],
): Promise<MigrationState> {
  const there = await client.query<{ found: string | null }>('select to_regclass($1) as found', [
    `${SCHEMA}.${HISTORY}`,
  ]);
  if (there.rows[0]!.found === null) return { applied: [], pending: migrations };
  const { rows } = await client.query<HistoryRow>(
    `select version, script, checksum, success from ${SCHEMA}.${HISTORY} where version is not null order by installed_rank`,
  );
  for (const row of rows) checkRow(row, migrations);
  const applied = rows.map(({ version }) => Number(version));
  const newest = Math.max(0, ...applied);
  if (newest > migrations.length + 1)
    throw new SchemaError(
      `the store's schema is at version ${newest}, and this build knows ${migrations.length}: it works beside a schema that is one version newer, no more. Update this Forkline`,
    );
  const gap = migrations.find(({ version }) => version < newest && !applied.includes(version));
  if (gap !== undefined)
    throw new SchemaError(
      `migration ${gap.script} was never applied, although version ${newest} was. Restore the store from a backup, or take the later rows out of ${SCHEMA}.${HISTORY} after you undid them`,
    );
  return { applied, pending: migrations.filter(({ version }) => !applied.includes(version)) };
}

function checkRow(
  { version, script, checksum, success }: HistoryRow,
  migrations: readonly Migration[],
): void {
  if (!success)
    throw new SchemaError(
      `migration ${script} failed half way under another tool. Undo what it did, delete its row from ${SCHEMA}.${HISTORY}, and migrate again`,
    );
  const known = migrations.find((migration) => migration.version === Number(version));
  if (known !== undefined && known.checksum !== checksum)
    throw new SchemaError(
      `migration ${known.script} has the checksum ${known.checksum}, and ${checksum} was applied: the file or the history was changed. Use the build that was deployed, or restore the store from a backup`,
    );
}

/** Applies what is pending, one transaction each. Returns the versions that were applied. Throws SchemaError. */
export async function migrate(
  client: pg.ClientBase,
  migrations: readonly Migration[],
): Promise<readonly number[]> {
  await client.query('select pg_advisory_lock($1)', [lockNumber()]);
  try {
    await createSchema(client);
    await createHistory(client);
    const { pending } = await checkSchema(client, migrations);
    for (const migration of pending) await applyOne(client, migration);
    return pending.map(({ version }) => version);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lockNumber()]);
  }
}

async function createSchema(client: pg.ClientBase): Promise<void> {
  const found = await client.query('select 1 from pg_namespace where nspname = $1', [SCHEMA]);
  if (found.rowCount === 0) await client.query(`create schema if not exists ${SCHEMA}`);
}

/** The table as Flyway makes it. */
async function createHistory(client: pg.ClientBase): Promise<void> {
  await client.query(`
    create table if not exists ${SCHEMA}.${HISTORY} (
      installed_rank integer not null constraint flyway_schema_history_pk primary key,
      version varchar(50),
      description varchar(200) not null,
      type varchar(20) not null,
      script varchar(1000) not null,
      checksum integer,
      installed_by varchar(100) not null,
      installed_on timestamp not null default now(),
      execution_time integer not null,
      success boolean not null
    );
    create index if not exists flyway_schema_history_s_idx on ${SCHEMA}.${HISTORY} (success)`);
}

async function applyOne(client: pg.ClientBase, migration: Migration): Promise<void> {
  const { version, description, script, sql, checksum } = migration;
  const startedAt = performance.now();
  await client.query('begin');
  try {
    await client.query(`set local search_path to ${SCHEMA}`);
    await client.query(sql);
    await client.query(
      `insert into ${SCHEMA}.${HISTORY}
         (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
       select coalesce(max(installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4, current_user, $5, true
       from ${SCHEMA}.${HISTORY}`,
      [String(version), description, script, checksum, Math.round(performance.now() - startedAt)],
    );
    await client.query('commit');
  } catch (thrown) {
    await client.query('rollback');
    throw new SchemaError(
      `migration ${script} failed and was rolled back, so that the store is as it was: ${(thrown as Error).message}`,
      { cause: thrown },
    );
  }
}

/** The number of the advisory lock that Flyway takes for its table: "Flyway" in hexadecimal, and Java's hash of the name. */
export function lockNumber(): string {
  let hash = 0;
  for (const character of `"${SCHEMA}"."${HISTORY}"`)
    hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return String(77_431_708_279_161n + BigInt(hash));
}
