/**
 * `npm run attack:fairness -- [rounds]`: whether one principal who asks for a hundred times its share slows another down. Red asks one light
 * query after the other, alone and beside Blue with a hundred connections, in turns; prints Red's p99 of both, and the median of the ratios.
 */
import { type ChildProcess, fork } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { endRun } from '../support/run-end.ts';
import { until } from '../support/until.ts';
import { startTenants, type Tenants } from './tenants.ts';

const [rounds = '5'] = process.argv.slice(2);
const ROUND_MS = 4000;
const FLOOD_CONNECTIONS = 100;
const QUERY = 'select note from secrets where length(note) > 2';

/** Sends the query again and again on one connection; returns the time that each answered one took. */
async function asking(
  tenants: Tenants,
  key: string,
  endAt: number,
  counted: { answered: number; refused: number },
): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  while (performance.now() < endAt) {
    const startedAt = performance.now();
    const status = await post(agent, tenants.forkline.port, key);
    if (status === 200) {
      counted.answered++;
      times.push(performance.now() - startedAt);
    } else counted.refused++;
  }
  agent.destroy();
  return times;
}

function post(agent: http.Agent, port: number, key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/plain' };
    const request = http.request(
      { host: '127.0.0.1', port, path: '/v1/query', method: 'POST', agent, headers },
      (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)),
    );
    request.on('error', reject).end(QUERY);
  });
}

function quantile(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function measured(tenants: Tenants, floods: boolean): Promise<number> {
  const flood = floods ? await startFlood(tenants) : null;
  const counted = { answered: 0, refused: 0 };
  const times = await asking(tenants, tenants.keys.red, performance.now() + ROUND_MS, counted);
  flood?.kill('SIGKILL');
  const { answered, refused } = counted;
  console.log(
    `${floods ? 'beside the flood' : 'alone           '}: ${answered} answered, ${refused} refused, p50 ${quantile(times, 0.5).toFixed(1)} ms, ` +
      `p99 ${quantile(times, 0.99).toFixed(1)} ms`,
  );
  return quantile(times, 0.99);
}

/** Resolves when Blue has as many queries in flight as it may have. */
async function startFlood(tenants: Tenants): Promise<ChildProcess> {
  const asked = [String(tenants.forkline.port), tenants.keys.blue, QUERY, String(FLOOD_CONNECTIONS)];
  const child = fork(fileURLToPath(new URL('./flood.ts', import.meta.url)), {
    env: { PATH: process.env.PATH, FLOOD: JSON.stringify(asked) },
    execArgv: ['--import', 'tsx'],
  });
  await until(
    async () => (await tenants.ask(tenants.keys.blue, 'GET', '/v1/queries')).text.includes('"running"'),
    20_000,
  );
  return child;
}

async function main(): Promise<void> {
  const tenants = await startTenants();
  try {
    await measured(tenants, true); // opens sessions and fills caches
    const ratios: number[] = [];
    for (let round = 0; round < Number(rounds); round++)
      ratios.push(1 / ((await measured(tenants, false)) / (await measured(tenants, true))));
    ratios.sort((a, b) => a - b);
    console.log(
      `p99 beside the flood / alone, median of ${ratios.length}: ${ratios[Math.floor(ratios.length / 2)]!.toFixed(2)}`,
    );
  } finally {
    await tenants.stop();
  }
}

await main();
await endRun();
