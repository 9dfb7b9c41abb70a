/**
 * `npm run attack:fairness -- [rounds]`: whether one principal who asks for a hundred times its share slows another down. Red asks one light
 * query after the other. Beside it Blue does nothing, or asks as Red does (its share), or does so on a hundred connections: within the limits of
 * everybody, and by a role that has a limit of one query at a time. They take turns of half a second, so that whatever else the machine does falls on all of them alike. Prints Red's times of each over all turns, where
 * Red's query was, and how far the flood moves Red's p99 against both controls.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { endRun } from '../support/run-end.ts';
import type { Got } from './flood.ts';
import { startTenants, type Tenants } from './tenants.ts';

const [rounds = '30'] = process.argv.slice(2);
const TURN_MS = 500;
/** How long Blue asks before Red is measured. */
const SETTLE_MS = 100;
const QUERY = 'select note from secrets where length(note) > 2';

/** Each of the three logins has room for a session in each worker, so that taking turns opens none. */
const SESSIONS = { processes: 2, connectionsPerProcess: 3 };

/** How Blue asks beside Red: on how many connections, and by which key. */
const BESIDE = {
  nobody: { connections: 0, key: 'blue' },
  'its share': { connections: 1, key: 'blue' },
  flood: { connections: 100, key: 'blue' },
  'flood over its limit': { connections: 100, key: 'limited' },
} as const;
type Beside = keyof typeof BESIDE;

/** What was measured of Red in all turns beside the same. */
class Measured {
  readonly times: number[] = [];
  /** Milliseconds in each phase of the server, as its answers told. */
  readonly phases = new Map<string, number[]>();
  refused = 0;
  blue: Got = { answered: 0, refused: 0 };

  add(elapsedMs: number, status: number, timing: string): void {
    if (status !== 200) {
      this.refused++;
      return;
    }
    this.times.push(elapsedMs);
    for (const [, name, ms] of timing.matchAll(/(\w+);dur=([\d.]+)/g)) {
      const known = this.phases.get(name!);
      if (known === undefined) this.phases.set(name!, [Number(ms)]);
      else known.push(Number(ms));
    }
  }

  addBlue({ answered, refused }: Got): void {
    this.blue = { answered: this.blue.answered + answered, refused: this.blue.refused + refused };
  }

  at(part: number): number {
    return quantile(this.times, part);
  }
}

function quantile(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function post(agent: http.Agent, { forkline, keys }: Tenants): Promise<{ status: number; timing: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${keys.red}`, 'content-type': 'text/plain' };
    const request = http.request(
      { host: '127.0.0.1', port: forkline.port, path: '/v1/query', method: 'POST', agent, headers },
      (response) =>
        response.resume().on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            timing: String(response.headers['server-timing'] ?? ''),
          }),
        ),
    );
    request.on('error', reject).end(QUERY);
  });
}

/** One turn: Red asks on one connection until the turn is over. */
async function takeTurn(tenants: Tenants, agent: http.Agent, measured: Measured): Promise<void> {
  const startedAt = performance.now();
  let before = startedAt;
  while (before < startedAt + SETTLE_MS + TURN_MS) {
    const { status, timing } = await post(agent, tenants);
    const after = performance.now();
    if (before > startedAt + SETTLE_MS) measured.add(after - before, status, timing);
    before = after;
  }
}

function startFlood({ forkline, keys }: Tenants, key: 'blue' | 'limited'): ChildProcess {
  const asked = [String(forkline.port), keys[key], QUERY];
  return fork(fileURLToPath(new URL('./flood.ts', import.meta.url)), {
    env: { PATH: process.env.PATH, FLOOD: JSON.stringify(asked) },
    execArgv: ['--import', 'tsx'],
  });
}

/** Sets how many connections Blue asks on; resolves to what it got before. */
async function setFlood(flood: ChildProcess, connections: number): Promise<Got> {
  const got = once(flood, 'message') as Promise<[Got]>;
  flood.send(connections);
  return (await got)[0];
}

async function measure(tenants: Tenants): Promise<Record<Beside, Measured>> {
  const floods = { blue: startFlood(tenants, 'blue'), limited: startFlood(tenants, 'limited') };
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const names = Object.keys(BESIDE) as Beside[];
  const all = Object.fromEntries(names.map((name) => [name, new Measured()])) as Record<Beside, Measured>;
  try {
    for (let round = -1; round < Number(rounds); round++) {
      // Each comes after each other one as often, so that none always follows the flood.
      for (const name of round % 2 === 0 ? names : [...names].reverse()) {
        const measured = round < 0 ? new Measured() : all[name]; // the first round opens sessions and fills caches
        const { connections, key } = BESIDE[name];
        await setFlood(floods[key], connections);
        await takeTurn(tenants, agent, measured);
        measured.addBlue(await setFlood(floods[key], 0));
      }
    }
  } finally {
    agent.destroy();
    for (const flood of Object.values(floods)) flood.kill('SIGKILL');
  }
  return all;
}

function print(name: string, measured: Measured): void {
  const phases = [...measured.phases].map(([phase, times]) => `${phase} ${quantile(times, 0.99).toFixed(1)}`);
  const { answered, refused } = measured.blue;
  console.log(
    `${name.padEnd(20)}: ${measured.times.length} answered, ${measured.refused} refused, ` +
      `p50 ${measured.at(0.5).toFixed(1)}, p90 ${measured.at(0.9).toFixed(1)}, p99 ${measured.at(0.99).toFixed(1)} ms ` +
      `(p99 of phases: ${phases.join(', ')}); Blue ${answered} answered, ${refused} refused`,
  );
}

async function main(): Promise<void> {
  const tenants = await startTenants({ sql: SESSIONS });
  try {
    const all = await measure(tenants);
    for (const [name, measured] of Object.entries(all)) print(name, measured);
    for (const flood of ['flood', 'flood over its limit'] as const)
      for (const control of ['its share', 'nobody'] as const) {
        const ratio = (part: number): string => (all[flood].at(part) / all[control].at(part)).toFixed(2);
        console.log(
          `beside ${flood} / beside ${control}: p50 x ${ratio(0.5)}, p90 x ${ratio(0.9)}, p99 x ${ratio(0.99)}`,
        );
      }
  } finally {
    await tenants.stop();
  }
}

await main();
await endRun();
