/** The PostgreSQL that everything is measured on: the one that DATABASE_URL names, else an embedded one of our own. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCluster } from '../demo/cluster.ts';

const MAX_CONNECTIONS = 80;

export interface LoadDatabase {
  readonly url: string;
  readonly kind: 'embedded' | 'given';
  /** Pid of the postmaster; null for a given database, whose processes are not ours to look at. */
  readonly pid: number | null;
  /** `keep`: its files stay, for the next run. */
  close(keep: boolean): Promise<void>;
}

export interface DatabaseDeps {
  readonly givenUrl: string | null;
  /** The directory of an embedded one. */
  readonly dir: string;
  onProgress(text: string): void;
}

export async function openDatabase({ givenUrl, dir, onProgress }: DatabaseDeps): Promise<LoadDatabase> {
  if (givenUrl !== null) return { url: givenUrl, kind: 'given', pid: null, close: () => Promise.resolve() };
  onProgress('starting PostgreSQL');
  const cluster = await openCluster({
    dataDir: join(dir, 'database'),
    maxConnections: MAX_CONNECTIONS,
    onProgress,
    onTrouble: (line) => process.stderr.write(`${line}\n`),
  });
  return {
    url: cluster.adminUrl,
    kind: 'embedded',
    get pid() {
      return cluster.pid;
    },
    async close(keep) {
      await cluster.stop();
      if (keep) return;
      await rm(cluster.home.dir, { recursive: true, force: true });
      await rm(join(dir, 'database'), { recursive: true, force: true });
    },
  };
}
