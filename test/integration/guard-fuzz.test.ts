import { expect } from 'chai';
import { fuzzGuard } from '../fuzz-guard/fuzz.ts';
import { openScratchCluster } from '../support/scratch-cluster.ts';

const STATEMENTS = Number(process.env.FORKLINE_FUZZ_STATEMENTS ?? 600);

/** `npm run fuzz:guard` runs as many as one likes. */
describe('generated statements', function () {
  this.timeout(300_000);

  it('that pass the guard call no refused function', async () => {
    await using cluster = await openScratchCluster();
    const seed = Date.now() % 1_000_000;
    const tally = await fuzzGuard({ adminUrl: cluster.adminUrl, statements: STATEMENTS, seed });
    expect(tally.broken, `seed ${seed}`).to.deep.equal([]);
    // They do try, some of them are let through, and few are refused for nothing (a column named as a function is).
    expect(tally.attacks, `seed ${seed}`).to.be.above(STATEMENTS / 10);
    expect(tally.ran, `seed ${seed}`).to.be.above(STATEMENTS / 10);
    expect(tally.needless.length, `seed ${seed}`).to.be.below(STATEMENTS / 20);
  });
});
