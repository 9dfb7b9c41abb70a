/** `npm run fuzz:cache -- [pairs] [seed]`. Exits with 1 when an answer from the cache was not that of a run. */
import { endRun } from '../support/run-end.ts';
import { fuzzCache } from './fuzz.ts';

const [pairs = '10000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);

async function main(): Promise<number> {
  if (!/^[1-9]\d*$/.test(pairs) || !/^\d+$/.test(seed)) {
    console.error(
      'fuzz:cache: write `npm run fuzz:cache -- 10000` or, with a seed, `npm run fuzz:cache -- 10000 7`',
    );
    return 2;
  }
  try {
    const tally = await fuzzCache(Number(pairs), Number(seed), ({ pairs: done, hits, wrong }) =>
      console.log(`${done} pairs, ${hits} answers from the cache, ${wrong.length} wrong`),
    );
    for (const { differsIn, request, what } of tally.wrong.slice(0, 10))
      console.log(`WRONG, pair differs in ${differsIn}: ${JSON.stringify(request)}\n${what}\n`);
    console.log(
      `seed ${seed}: ${tally.pairs} pairs, ${tally.hits} answers from the cache, ${tally.errors} requests in error, ${tally.busy} asked again of a busy server, ${tally.wrong.length} wrong answers`,
    );
    return tally.wrong.length === 0 ? 0 : 1;
  } finally {
    await endRun();
  }
}

process.exitCode = await main();
