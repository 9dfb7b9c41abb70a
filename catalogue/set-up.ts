/** Sets a store up for the demo: the schema, and models where nothing was ever changed. */
import pg from 'pg';
import { saveModel } from './models/changes.ts';
import type { PlannedModel } from './models/model-rows.ts';
import { migrate, SCHEMA } from './store/migrate.ts';
import { readMigrations } from './store/migration-files.ts';
import type { Statement } from './store/store.ts';

/** Migrates, and saves the models if the store is new. Those that others read come first. */
export async function setUpStore(url: string, models: readonly PlannedModel[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'forkline set-up' });
  await client.connect();
  try {
    await migrate(client, readMigrations());
    await client.query(`set search_path to ${SCHEMA}`);
    const { rows } = await client.query<{ revision: string }>('select revision from state');
    if (Number(rows[0]!.revision) > 0) return;
    const transaction = {
      rows: async <T>({ text, values }: Statement) =>
        (await client.query(text, [...(values ?? [])])).rows as readonly T[],
    };
    await client.query('begin');
    for (const model of models)
      await saveModel(transaction, model, 'absent', { author: 'demo', reason: 'the demo' });
    await client.query('commit');
  } finally {
    await client.end();
  }
}
