/** A disk without room for the log: nobody waits for it, and what could not be kept is counted in the log. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createLogClient } from '../../core/logging/client.ts';
import { type LogSetup, seqsByProcess, setUpLog, until } from '../fixtures/logger/harness.ts';
import { skipBecause } from '../support/skip.ts';

const DISK_BYTES = 4 * 1024 * 1024;

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** A file system of 4 MiB; null where this user may mount none. */
function mountSmallDisk(): (Disposable & { readonly dir: string }) | null {
  const dir = mkdtempSync(join(tmpdir(), 'flog-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', dir]);
  if (status !== 0) rmSync(dir, { recursive: true });
  if (status !== 0) return null;
  return {
    dir,
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', dir]);
      rmSync(dir, { recursive: true });
    },
  };
}

/** Takes all the room there is but `freeBytes`; the path of the file that does. */
function fillDisk(dir: string, freeBytes: number): string {
  const filler = join(dir, 'filler');
  writeFileSync(filler, Buffer.alloc(DISK_BYTES - freeBytes));
  return filler;
}

describe('logger on a full disk', function () {
  this.timeout(60_000);

  async function runUntilFull(setup: LogSetup, dir: string): Promise<void> {
    // The log stops growing at the last byte: a half-written batch is taken back, so that it ends below.
    await until('the disk is full', () => statSync(setup.file).size > 200_000);
    await until('lines go round it', () =>
      readdirSync(setup.rawDir).some((name) => name.startsWith('spill-')),
    );
    expect(readdirSync(dir)).to.include('forkline.log');
  }

  it('loses nothing while there is another place, stalls nobody, and tells of the gap', async function () {
    using disk = mountSmallDisk();
    if (disk === null) skipBecause(this, 'no tmpfs can be mounted here: needs root and mount(8)');
    const filler = fillDisk(disk.dir, 512 * 1024);
    await using setup = setUpLog({ logDir: disk.dir, maxBytes: 100_000_000 });
    const logger = await setup.startLogger();
    // 24 MB, more than the logger itself keeps for the disk (16 MiB).
    const writers = ['sql-1', 'sql-2'].map((workerId) =>
      setup.startWriter({
        workerId,
        lines: 3000,
        maxPadding: 8000,
        burst: 20,
        maxBufferedCharacters: 500_000,
      }),
    );
    await runUntilFull(setup, disk.dir);
    await Promise.all(writers.map((writer) => writer.handedOver));
    rmSync(filler);
    spawnSync('mount', ['-o', 'remount,size=200m', disk.dir]);
    await Promise.all(writers.map((writer) => writer.exited));
    expect(await setup.stopLogger(logger)).to.equal(0);
    const lines = setup.lines();
    const seqs = seqsByProcess(lines, 'written');
    for (const id of ['sql-1', 'sql-2']) expect(seqs.get(id)).to.deep.equal(upTo(3000));
    const [gap] = lines.filter((line) => line.event === 'log-write-gap');
    expect(gap?.failedWrites).to.be.above(0);
  });

  it('counts what it drops once as much as may be lies beside the log', async () => {
    await using setup = setUpLog();
    const { runDir, logSocket } = setup;
    const identity = { role: 'server', workerId: 'server-1', runDir, logSocket };
    const bounds = { maxBufferedCharacters: 20_000, maxSpilledBytes: 100_000 };
    const client = createLogClient({ identity, level: 'info', ...bounds });
    for (let n = 1; n <= 5000; n += 1) client.info('written', { n });
    const spilled = readdirSync(setup.rawDir).map((name) => statSync(join(setup.rawDir, name)).size);
    expect(spilled.reduce((sum, bytes) => sum + bytes, 0)).to.be.within(100_000, 125_000);
    const logger = await setup.startLogger();
    await client.close(30_000);
    expect(await setup.stopLogger(logger)).to.equal(0);
    const lines = setup.lines().filter((line) => line.process === 'server-1');
    const [dropped, ...others] = lines.filter((line) => line.event === 'log-lines-dropped');
    expect(others).to.deep.equal([]);
    const { count, fromSeq, toSeq } = dropped as unknown as { count: number; fromSeq: number; toSeq: number };
    expect(count)
      .to.equal(toSeq - fromSeq + 1)
      .and.to.be.above(0);
    const missing = upTo(5000).filter((seq) => seq >= fromSeq && seq <= toSeq);
    const written = seqsByProcess(lines, 'written').get('server-1')!;
    expect([...written, ...missing].sort((a, b) => a - b)).to.deep.equal(upTo(5000));
  });
});
