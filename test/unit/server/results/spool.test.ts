import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Spool } from '../../../../server/results/spool.ts';

describe('a result that is being written', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-spool-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const open = (folder = dir) => {
    let grown = 0;
    const spool = new Spool({ part: join(folder, 'a.part'), final: join(folder, 'a') }, (bytes) => {
      grown += bytes;
    });
    const releases: number[] = [];
    let firstReleased = (): void => {};
    const first = new Promise<void>((resolve) => {
      firstReleased = resolve;
    });
    const append = (bytes: Buffer): void => {
      const index = releases.push(0) - 1;
      spool.append(bytes, () => {
        releases[index]!++;
        firstReleased();
      });
    };
    return { spool, append, releases, first, grown: () => grown };
  };

  it('gives each buffer back once when it is abandoned in the middle of a write', async () => {
    const { spool, append, releases, first, grown } = open();
    for (let n = 0; n < 5; n++) append(Buffer.alloc(100_000, n));
    await first; // the second one is being written now
    const inMidWrite = spool.abandon();
    append(Buffer.from('too late'));
    await inMidWrite;
    expect(releases).to.deep.equal([1, 1, 1, 1, 1, 1]);
    expect(grown()).to.equal(0);
    expect(await readdir(dir)).to.deep.equal([]);
  });

  it('gives each buffer back once when the disk fails', async () => {
    const { spool, append, releases, grown } = open(join(dir, 'is-not-there'));
    for (let n = 0; n < 3; n++) append(Buffer.alloc(1000, n));
    await spool.endUnkept();
    expect(spool.isAbandoned).to.equal(true);
    expect(spool.failure).to.be.instanceOf(Error);
    expect(releases).to.deep.equal([1, 1, 1]);
    expect(grown()).to.equal(0);
  });

  it('counts what it has, and what it will write', async () => {
    const { spool, append, releases } = open();
    append(Buffer.from('one '));
    append(Buffer.from('two'));
    expect(spool.bytes).to.equal(7);
    const pieces: Buffer[] = [];
    const followed = spool.follow(
      (bytes) => {
        pieces.push(bytes);
        return null;
      },
      () => false,
    );
    await spool.endUnkept();
    expect(await followed).to.equal(true);
    expect(Buffer.concat(pieces).toString()).to.equal('one two');
    expect(spool.bytes).to.equal(7);
    expect(releases).to.deep.equal([1, 1]);
    expect(await readFile(join(dir, 'a')).catch(() => null)).to.equal(null);
  });
});
