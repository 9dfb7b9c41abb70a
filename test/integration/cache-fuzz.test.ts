import { expect } from 'chai';
import { fuzzCache } from '../fuzz-cache/fuzz.ts';

const PAIRS = Number(process.env.FORKLINE_FUZZ_PAIRS ?? 100);

/** `npm run fuzz:cache` asks as many as one likes. */
describe('pairs of requests that differ in one thing', function () {
  this.timeout(300_000);

  it("never get each other's answer from the cache", async () => {
    const seed = Date.now() % 1_000_000;
    const tally = await fuzzCache(PAIRS, seed);
    expect(tally.wrong, `seed ${seed}`).to.deep.equal([]);
    expect(tally.hits, `seed ${seed}`).to.be.above(PAIRS);
  });
});
