/**
 * `npm run fuzz:guard -- [statements] [seed]`: as many generated statements as one likes through the guard, in a database of its
 * own (fuzz.ts). Exits with 1 when one of them called what it may not.
 */
import { openScratchCluster } from '../support/scratch-cluster.ts';
import { fuzzGuard } from './fuzz.ts';

const [statements = '20000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);

async function main(): Promise<number> {
  if (!/^[1-9]\d*$/.test(statements) || !/^\d+$/.test(seed)) {
    console.error(
      'fuzz:guard: write `npm run fuzz:guard -- 20000` or, with a seed, `npm run fuzz:guard -- 20000 7`',
    );
    return 2;
  }
  await using cluster = await openScratchCluster();
  const tally = await fuzzGuard({
    adminUrl: cluster.adminUrl,
    statements: Number(statements),
    seed: Number(seed),
    onProgress: ({ statements: done, broken }) => console.log(`${done} statements, ${broken.length} broken`),
  });
  const { ran, failed, refused, attacks, needless, broken } = tally;
  console.log(`seed ${seed}: ${tally.statements} statements; ${ran} ran, ${failed} were no good SQL`);
  console.log(
    `${refused} were refused, of which ${attacks} would have called a refused function, and ${needless.length} nothing of the kind`,
  );
  for (const sql of needless.slice(0, process.env.FUZZ_SHOW_NEEDLESS ? 20 : 0))
    console.log(`needless: ${sql}`);
  for (const { sql, what } of broken.slice(0, 10)) console.log(`BROKEN: ${what}\n${sql}\n`);
  console.log(`${broken.length} called a refused function`);
  return broken.length === 0 ? 0 : 1;
}

process.exitCode = await main();
