/**
 * `npm run soak:spark -- 500 [seed]`: so many queries on an Apache Spark, of which many are cancelled, late, left by their clients or lose
 * their SQL worker by SIGKILL. No session may be left in Spark, as its own page counts them. Build first.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Forkline, startForkline } from './support/forkline.ts';
import { freePort } from './support/free-port.ts';
import { randomOf } from './support/random.ts';
import { endRun } from './support/run-end.ts';
import { FOR_SHORT_QUERIES, startSpark } from './support/spark.ts';
import { until } from './support/until.ts';

const AT_ONCE = 4;
const LONGEST_MS = 400;
const LEFT_MS = 60_000;
const [queries = 500, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const draw = randomOf(seed!);
const random = (below: number): number => Math.floor(draw() * below);
const counts = new Map<string, number>();
const skip = (): never => {
  throw new Error('there is no Apache Spark here, as said above');
};

const SHORT = '@lake select id, id % 3 as g from range(1000)';
const LONG =
  '@lake select sum(sqrt(a.id * 1.0d + b.id)) as s from range(2000000) a cross join range(500000) b';

type Way = (forkline: Forkline, queryId: string) => Promise<unknown>;

const asked = (forkline: Forkline, query: string, queryId: string, body = {}) =>
  forkline.query(query, { headers: { 'Query-Id': queryId }, body });

async function cancelled(forkline: Forkline, queryId: string): Promise<void> {
  const answer = asked(forkline, LONG, queryId);
  await delay(random(LONGEST_MS));
  await fetch(`${forkline.url}/v1/queries/${queryId}`, { method: 'DELETE' });
  await answer;
}

async function left(forkline: Forkline, queryId: string): Promise<void> {
  const signal = AbortSignal.timeout(random(LONGEST_MS) + 1);
  await forkline.query(LONG, { headers: { 'Query-Id': queryId }, signal }).catch(() => {});
}

async function killed(forkline: Forkline, queryId: string): Promise<void> {
  const answer = asked(forkline, LONG, queryId, { limits: { timeoutMs: 20_000 } }).catch(() => {});
  await delay(random(LONGEST_MS));
  const workers = (await forkline.processes()).filter(({ role }) => role === 'sql');
  const worker = workers[random(Math.max(1, workers.length))];
  if (worker !== undefined) process.kill(worker.pid, 'SIGKILL');
  await fetch(`${forkline.url}/v1/queries/${queryId}`, { method: 'DELETE' });
  await answer;
}

/** The ways in which queries end, with the chance of each in a hundred. */
const WAYS: readonly (readonly [name: string, chance: number, way: Way])[] = [
  ['whole', 35, (forkline, id) => asked(forkline, SHORT, id)],
  [
    'with stages',
    20,
    (forkline, id) => asked(forkline, `${SHORT} | assert id >= 0 | stats count() as n`, id),
  ],
  ['wrong', 10, (forkline, id) => asked(forkline, '@lake select nothing from range(3)', id)],
  [
    'late',
    10,
    (forkline, id) => asked(forkline, LONG, id, { limits: { timeoutMs: 50 + random(LONGEST_MS) } }),
  ],
  ['left by its client', 11, left],
  ['killed', 2, killed],
  ['cancelled', 12, cancelled],
];

function drawnWay(): (typeof WAYS)[number] {
  const chance = random(100);
  let below = 0;
  for (const way of WAYS) {
    below += way[1];
    if (chance < below) return way;
  }
  return WAYS[0]!;
}

async function sessionsIn(page: string): Promise<number> {
  const text = await (await fetch(page)).text();
  const found = /(\d+)\s+session\(s\)\s+are\s+online/.exec(text);
  if (found === null) throw new Error(`the page of Spark counts no sessions: ${text.slice(0, 300)}`);
  return Number(found[1]);
}

const uiPort = await freePort();
const spark = await startSpark(
  { skip },
  { ...FOR_SHORT_QUERIES, 'spark.ui.enabled': 'true', 'spark.ui.port': String(uiPort) },
  true,
);
const forkline = await startForkline({
  connections: { lake: { kind: 'spark', url: spark.url } },
  sql: { processes: 2, connectionsPerProcess: 4 },
  log: { level: 'warn' },
});
const page = `http://127.0.0.1:${uiPort}/connect/`;
let most = 0;
let next = 0;
async function client(): Promise<void> {
  while (next < queries!) {
    const queryId = `soak-${next++}`;
    const [name, , way] = drawnWay();
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await way(forkline, queryId);
    if (next % 20 === 0) most = Math.max(most, await sessionsIn(page));
    if (next % 100 === 0) console.error(`${next} queries`);
  }
}
try {
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const leftOver = await until(
    async () => (await sessionsIn(page)) === 0,
    LEFT_MS,
    'no session is left',
  ).then(
    () => 0,
    () => sessionsIn(page),
  );
  console.log(
    JSON.stringify({
      queries,
      seed,
      ways: Object.fromEntries(counts),
      mostSessions: most,
      sessionsLeft: leftOver,
    }),
  );
  process.exitCode = leftOver === 0 ? 0 : 1;
} finally {
  await forkline.stop();
  await spark.stop();
  await endRun(); // the database of tests, without which this process would live on
}
