/**
 * `npm run bench:cache -- [queries] [rounds]`: the server's CPU time for a small query without a cache, and for one that misses, with
 * rounds of both interleaved; then a query of 2 s, the first and the second time. Medians of the rounds.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { endRun } from '../support/run-end.ts';

const [queries = 3000, rounds = 7] = process.argv.slice(2).map(Number);
const CLIENTS = 8;
/** The kernel's clock ticks a second, as getconf CLK_TCK says on Linux. */
const TICKS = 100;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

function ask(forkline: Forkline, agent: Agent, query: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(`${forkline.url}/v1/query`, { method: 'POST', agent }, (response) => {
      response.on('data', () => {});
      response.on('end', () => resolve(performance.now() - startedAt));
    });
    sent.on('error', reject).end(query);
  });
}

async function serverPid(forkline: Forkline): Promise<number> {
  return (await forkline.processes()).find(({ role }) => role === 'server')!.pid;
}

function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1e6;
}

async function round(forkline: Forkline, pid: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const before = cpuMicroseconds(pid);
  let left = queries;
  const client = async (): Promise<void> => {
    while (left-- > 0) await ask(forkline, agent, 'select 1 as one');
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  return (cpuMicroseconds(pid) - before) / queries;
}

async function main(): Promise<void> {
  const common = { log: { level: 'warn' } };
  await using without = await startForkline(common);
  await using cached = await startForkline({ ...common, cache: { mode: 'on' } });
  const pids = [await serverPid(without), await serverPid(cached)] as const;
  const costs: [number[], number[]] = [[], []];
  for (let index = 0; index <= rounds; index++) {
    const pair = [await round(without, pids[0]), await round(cached, pids[1])] as const;
    if (index === 0) continue; // warms up
    costs[0].push(pair[0]);
    costs[1].push(pair[1]);
  }
  const difference = median(costs[1].map((cost, index) => cost - costs[0][index]!));
  console.log(
    `server CPU a query: ${median(costs[0]).toFixed(1)} us without, ${median(costs[1]).toFixed(1)} us with a miss`,
  );
  console.log(`difference: ${difference.toFixed(1)} us (median of ${rounds} rounds of ${queries} queries)`);
  const agent = new Agent({ keepAlive: true });
  const slow = 'set cache = 1h; select pg_sleep(2)';
  const first = await ask(cached, agent, slow);
  await ask(cached, agent, slow);
  const again = [];
  for (let index = 0; index < 50; index++) again.push(await ask(cached, agent, slow));
  agent.destroy();
  console.log(`a query of 2 s: ${first.toFixed(0)} ms, then ${median(again).toFixed(1)} ms (median of 50)`);
}

await main();
await endRun();
