/**
 * `npm run bench:language`: what the compiler costs. The time of a ten-stage pipeline from text to plan, and of the plan cache;
 * input made to hurt; and how long the API's event loop stands still while plans are made on the planner's thread. Every
 * line has its target and says whether it was held: on a machine that does something else as well, that means nothing.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Cancellation } from '../../../core/process/cancellation.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Ask, AskAnswer, PlanRequest } from '../../../core/protocol/plan.ts';
import { ALL_SCOPE, anonymousAt } from '../../../core/protocol/principal.ts';
import { planQuery } from '../../../language/compile.ts';
import { POSTGRES } from '../../../language/dialects/postgres/source.ts';
import { nativeType } from '../../../language/dialects/postgres/types.ts';
import { completeQuery } from '../../../language/editor/complete.ts';
import { formatQuery } from '../../../language/editor/format.ts';
import { nextToken } from '../../../language/frontends/forkline/stage-lexer.ts';
import { parseAlone } from '../../../language/parse.ts';
import { JUDGES_NOTHING } from '../../../language/source/judged-functions.ts';
import { PlanCache, type PlanKey } from '../../../server/planning/plan-cache.ts';
import { Planner } from '../../../server/planning/planner.ts';

const WARM_UPS = 2000;
const RUNS = 5000;
const MEGABYTE = 1_000_000;

const SOURCE = 'select * from flights';
const QUERY = `${SOURCE} where date >= '2001-01-01'
| where delay is not null and distance > 100
| eval hours = delay / 60, route = origin || '-' || dest, late = delay > 15
| rename price as fare
| fields - dest
| case when delay > 60 then 'late' when delay > 0 then 'slow' otherwise 'fine' as level
| fillna fare 0
| stats count() as flights, avg(delay) as mean, p95(delay) as worst, sum(fare) as fares by origin, level
| where flights > 10 and mean < 100
| sort -flights, origin
| head 20`;

const COLUMNS = (
  [
    ['origin', 25],
    ['dest', 25],
    ['delay', 23],
    ['distance', 20],
    ['date', 1082],
    ['price', 701],
  ] as const
).map(([name, typeOid]) => ({ name, type: nativeType(typeOid) }));

const DIALECTS = { main: 'postgres' } as const;
const ANSWER: AskAnswer = { kind: 'source', columns: COLUMNS, parameterTypes: [] };

function requestOf(text: string): PlanRequest & PlanKey {
  return {
    ...{
      scope: ALL_SCOPE,
      visible: null,
      stages: null,
      text,
      parameters: {},
      connection: 'main',
      dialects: DIALECTS,
    },
    ...{ pushdown: 'auto', throughWorker: false, answers: {} },
  };
}

/** With the source's description already there: what the database takes is not the compiler's. */
function plan(request: PlanRequest): void {
  const step = planQuery(request, JUDGES_NOTHING);
  if (step.kind === 'plan') return;
  const answers = Object.fromEntries(step.asks.map(({ key }) => [key, ANSWER]));
  if (planQuery({ ...request, answers }, JUDGES_NOTHING).kind === 'ask')
    throw new Error('the compiler asks twice');
}

function lex(text: string): void {
  let at = text.indexOf('\n|');
  for (let token = nextToken(text, at); token.kind !== 'end'; token = nextToken(text, at)) at = token.end;
}

interface Times {
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds of one call, warm. */
function timesOf(work: () => void): Times {
  for (let run = 0; run < WARM_UPS; run++) work();
  const times = Array.from({ length: RUNS }, () => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  }).sort((a, b) => a - b);
  return { p50: times[Math.floor(RUNS * 0.5)]!, p99: times[Math.floor(RUNS * 0.99)]! };
}

function line(what: string, figures: string, value: number | null, target: number | null): void {
  const verdict =
    value === null || target === null ? '' : `target ${target} ms: ${value <= target ? 'held' : 'MISSED'}`;
  console.log(`${what.padEnd(46)} ${figures.padEnd(30)} ${verdict}`.trimEnd());
}

function timesLine(what: string, { p50, p99 }: Times, target: number | null): void {
  line(what, `p50 ${p50.toFixed(4)}, p99 ${p99.toFixed(4)} ms`, p50, target);
}

function benchPipeline(): void {
  const request = { ...requestOf(QUERY), answers: answersOf(QUERY) };
  console.log(`\na pipeline of ten stages, ${QUERY.length} characters, ${RUNS} times`);
  timesLine(
    'lex the stages',
    timesOf(() => lex(QUERY)),
    null,
  );
  timesLine(
    'lex and parse',
    timesOf(() => parseAlone(QUERY, POSTGRES.lexical)),
    null,
  );
  timesLine(
    'lex, parse, resolve and plan',
    timesOf(() => planQuery(request, JUDGES_NOTHING)),
    1,
  );
  const cache = new PlanCache({ entries: 100, bytes: 1 << 26 });
  const step = planQuery(request, JUDGES_NOTHING);
  if (step.kind === 'plan') cache.set(request, step.plan);
  if (cache.get(request) === null) throw new Error('the plan is not in the cache');
  timesLine(
    'the plan cache',
    timesOf(() => cache.get(request)),
    0.05,
  );
  timesLine(
    'format',
    timesOf(() => formatQuery(QUERY)),
    null,
  );
  timesLine(
    'complete at the end',
    timesOf(() => complete(QUERY)),
    null,
  );
}

function answersOf(text: string): Record<string, AskAnswer> {
  const step = planQuery(requestOf(text), JUDGES_NOTHING);
  return step.kind === 'plan' ? {} : Object.fromEntries(step.asks.map(({ key }) => [key, ANSWER]));
}

function complete(text: string): void {
  const cursor = `${text} | where `;
  const base = { parameters: {}, connection: 'main', dialects: DIALECTS };
  const step = completeQuery(
    { ...base, text: cursor, position: cursor.length, answers: answersOf(text) },
    JUDGES_NOTHING,
  );
  if (step.kind === 'ask') throw new Error('completion asks for more than the source');
}

const HOSTILE: readonly (readonly [name: string, text: string])[] = [
  ['1 MB of brackets in the SQL', `select ${'('.repeat(MEGABYTE)}`],
  ['1 MB of brackets in a stage', `${SOURCE} | where ${'('.repeat(MEGABYTE)}`],
  ['brackets 200,000 deep, closed', `${SOURCE} | where ${'('.repeat(200_000)}1${')'.repeat(200_000)}`],
  ['10,000 stages', `${SOURCE} ${'| where delay > 0 '.repeat(10_000)}`],
  ['queries in queries, 100,000 deep', `${'(select 1 | union '.repeat(100_000)}`],
  ['1 MB of one text', `${SOURCE} | where origin = '${'x'.repeat(MEGABYTE)}'`],
  ['1 MB of one text without an end', `${SOURCE} | where origin = '${'x'.repeat(MEGABYTE)}`],
  ['1 MB of one name', `${SOURCE} | fields ${'a'.repeat(MEGABYTE)}`],
  [
    'a list of 100,000 columns',
    `${SOURCE} | fields ${Array.from({ length: 100_000 }, (_, n) => `c${n}`).join(', ')}`,
  ],
  [
    'a list of 100,000 values',
    `${SOURCE} | where delay in (${Array.from({ length: 100_000 }, (_, n) => n).join(', ')})`,
  ],
  ['1 MB of sums', `${SOURCE} | eval x = 1${'+1'.repeat(MEGABYTE / 2)}`],
  ['1 MB of globs', `${SOURCE} | fields ${'*a'.repeat(MEGABYTE / 2)}`],
  [
    '1,000 lets',
    `${Array.from({ length: 1000 }, (_, n) => `let l${n} = (select 1 | where true); `).join('')}l1`,
  ],
];

const HOSTILE_TARGET_MS = 1000;

/** One run each, cold as they come. */
function benchHostile(): void {
  console.log('\ninput made to hurt');
  for (const [name, text] of HOSTILE) {
    const startedAt = performance.now();
    const outcome = outcomeOf(() => plan(requestOf(text)));
    const ms = performance.now() - startedAt;
    line(name, `${ms.toFixed(1)} ms: ${outcome}`, ms, HOSTILE_TARGET_MS);
  }
}

function outcomeOf(work: () => void): string {
  try {
    work();
    return 'a plan';
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return thrown.code;
  }
}

const STALL_TARGET_MS = 5;
const IDLE_MS = 1000;
const SETTLE_MS = 20;

/** The longest that a timer of 1 ms came late while `work` ran. */
async function stallOf(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  // A stall is counted by the timer's next tick.
  await setTimeout(SETTLE_MS);
  delay.disable();
  // The histogram counts the wait of the timer itself.
  return Math.max(0, delay.max / 1e6 - 1);
}

async function benchStall(): Promise<void> {
  console.log("\nhow long this process's event loop stands still while the planner's thread works");
  const planner = new Planner({
    namesTables: false,
    connections: { dialects: DIALECTS, allowFunctions: {} },
    threads: 1,
    cacheEntries: 0,
    cacheBytes: 0,
    queueLength: 10,
    queueWaitMs: 60_000,
  });
  try {
    await planner.warm();
    const answer = async (_ask: Ask): Promise<AskAnswer> => ANSWER;
    const asker = { principal: anonymousAt(''), cancellation: new Cancellation() };
    const planned = async (text: string): Promise<void> => {
      await planner.plan(requestOf(text), answer, asker).catch((thrown: unknown) => {
        if (!(thrown instanceof QueryError)) throw thrown;
      });
    };
    const idle = await stallOf(() => setTimeout(IDLE_MS));
    line('nothing', `longest ${idle.toFixed(2)} ms`, null, null);
    const many = await stallOf(async () => {
      for (let run = 0; run < 200; run++) await planned(`${QUERY} -- ${run}`);
    });
    line('200 pipelines of ten stages', `longest ${many.toFixed(2)} ms`, many, STALL_TARGET_MS);
    for (const [name, text] of HOSTILE) {
      const stall = await stallOf(() => planned(text));
      line(name, `longest ${stall.toFixed(2)} ms`, stall, STALL_TARGET_MS);
    }
  } finally {
    await planner.close();
  }
}

benchPipeline();
benchHostile();
await benchStall();
