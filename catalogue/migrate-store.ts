/** Migrates a store, or checks it, for the command. */
import pg from 'pg';
import { checkSchema, migrate, SchemaError } from './store/migrate.ts';
import { readMigrations } from './store/migration-files.ts';

export type MigrateResult =
  | { readonly applied: readonly string[]; readonly pending: readonly string[] }
  | { readonly failure: string };

/** Returns the scripts that were applied, with `check` those that are pending. Never shows the URL, which may hold a password. */
export async function migrateStore(url: string, check: boolean): Promise<MigrateResult> {
  const migrations = readMigrations();
  const client = new pg.Client({
    connectionString: url,
    application_name: 'forkline migrate',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {}); // the statement that is under way rejects too
  try {
    await client.connect();
    if (check) {
      const { pending } = await checkSchema(client, migrations);
      return { applied: [], pending: pending.map(({ script }) => script) };
    }
    const versions = await migrate(client, migrations);
    const scripts = migrations.filter(({ version }) => versions.includes(version));
    return { applied: scripts.map(({ script }) => script), pending: [] };
  } catch (thrown) {
    if (thrown instanceof SchemaError) return { failure: thrown.message };
    const { code, message } = thrown as Error & { code?: string };
    return { failure: `the store does not answer: ${message || code}` };
  } finally {
    await client.end().catch(() => {});
  }
}
