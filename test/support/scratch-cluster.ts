/** An embedded PostgreSQL for a command of ours that is no mocha run; gone when its scope ends. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCluster } from '../../demo/cluster.ts';

export interface ScratchCluster extends AsyncDisposable {
  /** The superuser's, of the database `postgres`. */
  readonly adminUrl: string;
}

export async function openScratchCluster(settings: Record<string, string> = {}): Promise<ScratchCluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-scratch-db-'));
  await chmod(dataDir, 0o711); // under root the server runs as another user
  const cluster = await openCluster({
    dataDir,
    maxConnections: 40,
    settings: { fsync: 'off', ...settings },
    onProgress: () => {},
    onTrouble: (line) => process.stderr.write(`${line}\n`),
  });
  return {
    adminUrl: cluster.adminUrl,
    async [Symbol.asyncDispose]() {
      await cluster.stop();
      await rm(cluster.home.dir, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
