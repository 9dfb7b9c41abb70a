/**
 * The embedded database wrote each error of a query into its own log, with the value that it quotes: a request of fifty bytes
 * became a hundred megabytes on the disk.
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import pg from 'pg';
import { openCluster } from '../../demo/cluster.ts';

describe("regression: errors fill the embedded database's log", function () {
  this.timeout(120_000);

  it('has nothing of what queries do wrong, and what the server says of itself', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'forkline-database-log-'));
    await chmod(dataDir, 0o711); // under root the server runs as another user
    const ignore = (): void => {};
    const cluster = await openCluster({ dataDir, maxConnections: 10, onProgress: ignore, onTrouble: ignore });
    try {
      const client = new pg.Client({ connectionString: cluster.adminUrl });
      await client.connect();
      for (const [text, values] of [
        ["select repeat('geheim', 1000000)::integer", []],
        ['select $1::text::integer', ['geheim']],
        ['select geheim', []],
      ] as const)
        await client.query(text, [...values]).then(
          () => expect.fail('it is wrong'),
          (error: Error) => expect(error.message).to.include('geheim'),
        );
      await client.end();
      const log = await readFile(cluster.logFile, 'utf8');
      expect(log).to.include('database system is ready').and.not.include('geheim');
    } finally {
      await cluster.stop();
      await rm(cluster.home.dir, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
