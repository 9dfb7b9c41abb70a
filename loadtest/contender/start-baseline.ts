/** Starts a one-process server of loadtest/baseline, as a process of its own. */
import { fileURLToPath } from 'node:url';
import { type Children, firstMatch } from '../children.ts';
import { type Contender, LABELS, POOL_SIZE } from './contender.ts';

const ENTRIES = {
  baseline: fileURLToPath(new URL('../baseline/server.js', import.meta.url)),
  duckdb: fileURLToPath(new URL('../baseline/duckdb-server.js', import.meta.url)),
} as const;
const START_TIMEOUT_MS = 30_000;

export async function startBaseline(
  name: keyof typeof ENTRIES,
  databaseUrl: string,
  children: Children,
): Promise<Contender> {
  const child = children.start({
    what: LABELS[name],
    args: [ENTRIES[name], String(POOL_SIZE)],
    env: { DATABASE_URL: databaseUrl, TZ: 'UTC' },
  });
  const port = await firstMatch(child, LABELS[name], /^(\d+)$/, START_TIMEOUT_MS);
  const stop = (): Promise<void> => children.end(child);
  return { name, label: LABELS[name], url: `http://127.0.0.1:${port}`, rootPid: child.pid!, stop };
}
