/** The store of the catalogue: its options, and the URL with its secrets filled in. */
import { dirname, isAbsolute } from 'node:path';
import type { StoreConfig } from '../protocol/server-config.ts';
import { postgresUrlProblem, resolveReference } from './connections.ts';
import { choice, group, list, number, text } from './option.ts';
import type { ConfigFile, Environment } from './read.ts';

export function storeOptions() {
  return group({
    url: text(
      'FORKLINE_STORE_URL',
      'The PostgreSQL database of the catalogue (models, connections), in its schema `forkline`: a URL, `env:NAME` or `file:PATH`. Left out: with the embedded database it is there, else there is no catalogue.',
      'postgresql://forkline_store@db.example.com/app',
    ),
    migrate: choice(
      'FORKLINE_STORE_MIGRATE',
      'Whether servers bring the schema up to date themselves, or wait for `forkline migrate`.',
      ['auto', 'never'],
      'auto',
    ),
    driftCheckSeconds: number(
      'FORKLINE_STORE_DRIFT_CHECK_SECONDS',
      'How often each model is planned anew, to see whether its contract still holds; what is broken is told in the log and by GET /v1/models. 0: only when it is used or tested.',
      0,
      30 * 86_400,
      3600,
    ),
    directories: list(
      'FORKLINE_STORE_DIRECTORIES',
      'Directories below which connections of the catalogue may read files (kinds `sqlite` and `files`). None: those kinds stand in the configuration only.',
      'absolute paths of directories',
      ['/srv/data'],
      isAbsolute,
    ),
  });
}

const MEND =
  'For example: "store": {"url": "env:STORE_URL"}, with STORE_URL=postgresql://forkline:password@host:5432/database';

/** Returns the store, or null where none is named, or what is wrong. */
export function resolveStore(
  { url, migrate, driftCheckSeconds }: { readonly url?: string | undefined } & Omit<StoreConfig, 'url'>,
  file: ConfigFile,
  cwd: string,
  env: Environment,
): StoreConfig | { readonly error: string } | null {
  if (url === undefined) return null;
  const found = resolveReference(url, file.path === null ? cwd : dirname(file.path), env);
  const mistake = typeof found === 'string' ? postgresUrlProblem(found, MEND) : found.error;
  if (mistake !== null) return { error: `store.url: ${mistake}` };
  return { url: found as string, migrate, driftCheckSeconds };
}
