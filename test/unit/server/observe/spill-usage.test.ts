import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSpillUsage } from '../../../../server/observe/spill-usage.ts';

describe('readSpillUsage', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'forkline-spill-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('adds up the files of each worker, and knows the largest worker', async () => {
    for (const [worker, kib] of [
      ['dsl-1', 64],
      ['dsl-2', 256],
    ] as const) {
      await mkdir(join(root, worker, 'spill'), { recursive: true });
      for (const name of ['a', 'b'])
        await writeFile(join(root, worker, 'spill', name), Buffer.alloc((kib * 1024) / 2, 1));
    }
    await mkdir(join(root, 'dsl-3', 'spill'), { recursive: true });
    await mkdir(join(root, 'sql-1'));
    const { totalBytes, largestBytes } = await readSpillUsage(root);
    expect(totalBytes).to.be.at.least(320 * 1024);
    expect(largestBytes)
      .to.be.at.least(256 * 1024)
      .and.below(totalBytes);
  });

  it('nothing there is nothing spilled', async () => {
    expect(await readSpillUsage(root)).to.deep.equal({ totalBytes: 0, largestBytes: 0 });
    expect(await readSpillUsage(join(root, 'gone'))).to.deep.equal({ totalBytes: 0, largestBytes: 0 });
  });
});
