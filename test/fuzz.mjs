/** `npm run fuzz -- 100000 [seed]`: test/fault/fuzz.test.ts with as many requests as one likes. */
import { runSpec } from './support/run-spec.mjs';

const [requests = '100000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);

if (!/^[1-9]\d*$/.test(requests) || !/^\d+$/.test(seed)) {
  console.error('fuzz: write `npm run fuzz -- 100000` or, with a seed, `npm run fuzz -- 100000 7`');
  process.exitCode = 2;
} else {
  runSpec('test/fault/fuzz.test.ts', { FORKLINE_FUZZ_REQUESTS: requests, FORKLINE_FUZZ_SEED: seed });
}
