/**
 * `npm run soak -- 10m [seed]`: the soak of test/fault/soak.test.ts for as long as one likes. Durations: 90s, 10m, 2h. Ends
 * non-zero when anything that must hold did not, with what; prints what happened as JSON.
 */
import { runSpec } from './support/run-spec.mjs';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 };
const [duration = '10m', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const [, count, unit] = /^(\d+)([smh])$/.exec(duration) ?? [];

if (unit === undefined || Number(count) === 0 || !/^\d+$/.test(seed)) {
  console.error(
    `soak: \`${process.argv.slice(2).join(' ')}\` is no duration and seed; write \`npm run soak -- 10m\` or \`npm run soak -- 90s 7\``,
  );
  process.exitCode = 2;
} else {
  console.log(`soak for ${duration} with seed ${seed}`);
  const durationMs = Number(count) * UNITS[unit];
  runSpec('test/fault/soak.test.ts', { FORKLINE_SOAK_MS: String(durationMs), FORKLINE_SOAK_SEED: seed });
}
