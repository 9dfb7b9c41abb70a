import { mkdtemp, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { areUnchanged, filesSince } from '../../../../server/cache/watched-files.ts';

const HOUR_MS = 3_600_000;

describe('files that an answer was made from', () => {
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-watched-'));
    path = join(dir, 'a');
    await writeFile(path, 'one');
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('say nothing of an answer that began before their last change, or just then', async () => {
    expect(await filesSince([path], Date.now() - 1000)).to.equal(null);
    expect(await filesSince([path], Date.now() + HOUR_MS)).to.have.length(1);
  });

  it('are changed by any write, also of the same length and with the time set back, by another file, and when one comes or goes', async () => {
    const missing = join(dir, 'b');
    const changes: (() => Promise<void>)[] = [
      () => writeFile(path, 'two'),
      () => truncate(path, 1),
      () => utimes(path, 1, 1),
      async () => {
        await writeFile(join(dir, 'c'), 'one');
        await rename(join(dir, 'c'), path);
      },
      () => writeFile(missing, ''),
      () => rm(path),
    ];
    for (const [index, change] of changes.entries()) {
      const files = (await filesSince([path, missing], Date.now() + HOUR_MS))!;
      expect(await areUnchanged(files), String(index)).to.equal(true);
      await new Promise((resolve) => setTimeout(resolve, 15)); // the kernel notes times by its ticks
      await change();
      expect(await areUnchanged(files), String(index)).to.equal(false);
    }
  });
});
