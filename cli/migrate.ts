/** `forkline migrate`: brings the store of the catalogue up to date, or with --check only says whether it is. */
import type { Output } from './kit/output.ts';
import { type ConfigQuestion, readConfig } from './kit/read-config.ts';

/** Resolves with the exit code: 0, 1 (it failed, or --check found something), 2 (the configuration is broken). */
export async function runMigrate(
  question: ConfigQuestion,
  check: boolean,
  { stdout, stderr }: Output,
): Promise<number> {
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    stderr.write(`forkline: ${loaded.errors.join('\n')}\n`);
    return 2;
  }
  const { store } = loaded.config;
  if (store === null) {
    stderr.write(
      'forkline: no store is configured: set FORKLINE_STORE_URL (store.url). That of the embedded database is migrated by "forkline start".\n',
    );
    return 1;
  }
  const { migrateStore } = await import('../catalogue/migrate-store.ts');
  const result = await migrateStore(store.url, check);
  if ('failure' in result) {
    stderr.write(`forkline: ${result.failure}\n`);
    return 1;
  }
  const { applied, pending } = result;
  for (const script of applied) stdout.write(`applied ${script}\n`);
  for (const script of pending) stdout.write(`pending ${script}\n`);
  if (applied.length + pending.length === 0) stdout.write('the store is up to date\n');
  return pending.length === 0 ? 0 : 1;
}
