/**
 * `npm run attack:fairness -- [rounds]`: whether one principal who asks for a hundred times its share slows another down. Red asks one light
 * query after the other, alone and beside Blue with a hundred connections, in turns; prints Red's p99 of both, and the median of the ratios.
 */
import http from 'node:http';
import { endRun } from '../support/run-end.ts';
import { startTenants, type Tenants } from './tenants.ts';

const [rounds = '5'] = process.argv.slice(2);
const ROUND_MS = 4000;
const FLOOD_CONNECTIONS = 100;
const QUERY = 'select note from secrets where length(note) > 2';

/** Sends the query again and again on one connection; returns the time that each answered one took. */
async function asking(
  tenants: Tenants,
  key: string,
  until: number,
  counted: { answered: number; refused: number },
): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  while (performance.now() < until) {
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

function p99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? Number.NaN;
}

async function measured(tenants: Tenants, floods: boolean): Promise<number> {
  const until = performance.now() + ROUND_MS;
  const flood = { answered: 0, refused: 0 };
  const own = { answered: 0, refused: 0 };
  const blue = Array.from({ length: floods ? FLOOD_CONNECTIONS : 0 }, () =>
    asking(tenants, tenants.keys.blue, until, flood),
  );
  const [times] = await Promise.all([asking(tenants, tenants.keys.red, until, own), ...blue]);
  console.log(
    `${floods ? 'beside the flood' : 'alone           '}: ${own.answered} answered (${own.refused} refused), p99 ${p99(times!).toFixed(1)} ms; ` +
      `the flood: ${flood.answered} answered, ${flood.refused} refused`,
  );
  return p99(times!);
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
