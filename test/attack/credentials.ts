/**
 * `npm run attack:credentials -- [requests] [seed]`: as many requests with random credentials as one likes, over HTTP, to a server of its
 * own. Exits with 1 when one of them was let in, or the server is not well afterwards.
 */
import { endRun } from '../support/run-end.ts';
import { startTenants } from './tenants.ts';
import { tryCredentials } from './try-credentials.ts';

const [requests = '100000', seed = '1'] = process.argv.slice(2);

async function main(): Promise<number> {
  if (!/^[1-9]\d*$/.test(requests) || !/^\d+$/.test(seed)) {
    console.error(
      'attack:credentials: write `npm run attack:credentials -- 100000` or, with a seed, `... 100000 7`',
    );
    return 2;
  }
  const tenants = await startTenants();
  try {
    const { keys, forkline, ask } = tenants;
    const startedAt = performance.now();
    const tried = await tryCredentials({
      ...{ port: forkline.port, keys: Object.values(keys), count: Number(requests), seed: Number(seed) },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const { status } = await ask(keys.red, 'POST', '/v1/query', 'select 1');
    const lost = (await forkline.logLines()).filter((line) =>
      /"event":"(?:uncaught-exception|internal-error)"/.test(line),
    );
    console.log(
      `seed ${seed}: ${requests} requests in ${seconds.toFixed(1)} s, by status ${JSON.stringify(tried.statuses)}`,
    );
    console.log(
      `${tried.letIn.length} were let in, ${lost.length} crashes, a real key afterwards: ${status}`,
    );
    for (const what of tried.letIn.slice(0, 10)) console.log(`LET IN: ${what}`);
    return tried.letIn.length === 0 && lost.length === 0 && status === 200 ? 0 : 1;
  } finally {
    await tenants.stop();
  }
}

process.exitCode = await main();
await endRun();
