/**
 * `npm run bench:access -- [queries] [connections]`: how much more of the server's CPU a small query costs with an API key than without
 * authentication. Two Forklines on one database differ in nothing else; blocks of queries go to each in turn. Prints the CPU time
 * of each server process (user and system, from the kernel) for a query, and the median difference of the pairs of blocks.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '../../core/access/api-key.ts';
import { changeKeyFile } from '../../core/access/key-file.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { endRun } from '../support/run-end.ts';

const [queries = 50_000, connections = 4] = process.argv.slice(2).map(Number);
const BLOCK = 500;
const QUERY = 'select 1 as one';

/** One of the two servers, with what is asked there. */
interface Side {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
  /** Microseconds of CPU for a query, a number for each block. */
  readonly costs: number[];
}

function post({ port, headers, agent }: Side): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: '/v1/query', method: 'POST', agent, headers },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`HTTP ${response.statusCode}`));
        response.resume().on('end', resolve);
      },
    );
    request.on('error', reject).end(QUERY);
  });
}

/** The CPU time of all threads of a process, in microseconds: the first number of each schedstat is in nanoseconds. */
function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]),
  );
  return nanoseconds.reduce((sum, ns) => sum + ns, 0) / 1000;
}

async function askBlock(side: Side): Promise<void> {
  let left = BLOCK;
  const client = async (): Promise<void> => {
    while (left-- > 0) await post(side);
  };
  const before = cpuOf(side.pid);
  await Promise.all(Array.from({ length: connections }, client));
  side.costs.push((cpuOf(side.pid) - before) / BLOCK);
}

async function sideOf(name: string, forkline: Forkline, key: string | null): Promise<Side> {
  const headers = { 'content-type': 'text/plain', ...(key !== null && { authorization: `Bearer ${key}` }) };
  const response = await fetch(`${forkline.url}/v1/processes`, { headers });
  const { processes } = (await response.json()) as { processes: { role: string; pid: number }[] };
  const { pid } = processes.find(({ role }) => role === 'server')!;
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  return { name, port: forkline.port, pid, headers, agent, costs: [] };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-cost-'));
  const keysFile = join(dir, 'keys.json');
  const { id, key, hash } = makeKey();
  const createdAt = new Date().toISOString();
  changeKeyFile(keysFile, () => [
    { id, name: 'bench', hash, createdAt, expiresAt: null, revokedAt: null, roles: [], only: null },
  ]);
  try {
    await using open = await startForkline();
    await using closed = await startForkline({ access: { keysFile } });
    const sides = [await sideOf('anonymous', open, null), await sideOf('with a key', closed, key)] as const;
    for (const side of [...sides, ...sides]) await askBlock(side); // fills caches, lets the code be compiled
    for (const side of sides) side.costs.length = 0;
    for (let asked = 0; asked < queries; asked += BLOCK)
      for (const side of asked % (2 * BLOCK) === 0 ? sides : [...sides].reverse()) await askBlock(side);
    for (const { name, costs } of sides)
      console.log(
        `${name.padEnd(10)}: ${costs.length * BLOCK} queries, ${mean(costs).toFixed(1)} us of CPU each, median of blocks ${median(costs).toFixed(1)}`,
      );
    const [anonymous, authenticated] = sides;
    const more = authenticated.costs.map((cost, index) => cost - anonymous.costs[index]!);
    console.log(`a key costs ${mean(more).toFixed(1)} us more, median of pairs ${median(more).toFixed(1)}`);
    for (const { agent } of sides) agent.destroy();
  } finally {
    rmSync(dir, { recursive: true });
  }
}

await main();
await endRun();
