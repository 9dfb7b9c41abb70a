/**
 * mocha's root hooks: a suite fails that leaves anything running (processes, sockets, servers, timers, threads),
 * and a run that does not end by itself fails with the names of what keeps it. What is closing when the suite ends has
 * a while to close. mocha's timeouts grow on a busy machine (patience.ts).
 *
 * With FORKLINE_TRACE_LEAKS=1 the message also says where each was opened (leak-traces.ts); that makes tests slow.
 */
import type { Suite } from 'mocha';
import { type ActiveResource, activeResources } from './active-resources.ts';
import { forgetTraces, traceLeaks, tracesText } from './leak-traces.ts';
import { patience } from './patience.ts';
import { processWide } from './process-wide.ts';
import { endRun } from './run-end.ts';
import { until } from './until.ts';

/** The tests of these hooks are in more of a hurry. */
const CLOSING_MS = Number(process.env.FORKLINE_TEST_CLOSING_MS ?? 10_000);
const END_MS = Number(process.env.FORKLINE_TEST_END_MS ?? 20_000);

/** Functions that return the pids of processes that all suites share. */
const shared = processWide<(() => readonly number[])[]>('shared processes', () => []);

/** The processes that may outlive a suite: whoever says so ends them after the run. */
export function shareProcesses(pids: () => readonly number[]): void {
  shared.push(pids);
}

/** mocha has no public list of a suite's hooks. */
type HookLists = Record<'_beforeAll' | '_beforeEach' | '_afterEach' | '_afterAll', Mocha.Hook[]>;

const LEAST_PATIENCE = 4;

let known: ReadonlySet<ActiveResource['key']> = new Set();

export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    traceLeaks();
    await oneTurn();
    remember();
    for (const suite of this.test!.parent!.suites) {
      beMorePatient(suite, Math.max(LEAST_PATIENCE, 2 * patience()));
      watch(suite);
    }
  },
};

/** mocha's own timeouts are for tests that never end; each test's waits have deadlines of their own (until.ts). */
function beMorePatient(suite: Suite, factor: number): void {
  const { _beforeAll, _beforeEach, _afterEach, _afterAll } = suite as unknown as HookLists;
  for (const runnable of [..._beforeAll, ..._beforeEach, ..._afterEach, ..._afterAll, ...suite.tests])
    runnable.timeout(runnable.timeout() * factor);
  for (const inner of suite.suites) beMorePatient(inner, factor);
}

/** mocha calls it when all tests have run. */
export async function mochaGlobalTeardown(): Promise<void> {
  try {
    await endRun();
  } finally {
    expectEnd();
  }
}

/** A timer that itself keeps nothing running looks whether the process ends. */
function expectEnd(): void {
  setTimeout(() => {
    const left = namesOf(activeResources());
    console.error(`the test run did not end within ${END_MS / 1000} s of its last test; what is open:`);
    const kinds = process.getActiveResourcesInfo().join(', ');
    console.error(left.map((name) => `  ${name}`).join('\n') || `  ${kinds || 'nothing that Node names'}`);
    // mocha sets the exit code to the number of failures as the process ends: this comes after that.
    process.once('exit', () => {
      process.exitCode = 1;
    });
    process.exit(1);
  }, END_MS).unref();
}

/** After it mocha's own timer, for the hook that runs, is there at each look. */
const oneTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

function watch(suite: Suite): void {
  suite.afterAll('nothing is left running', async function () {
    this.timeout(10 * 60_000);
    await oneTurn();
    let left: readonly ActiveResource[] = [];
    await until(() => {
      left = leaked();
      return left.length === 0;
    }, CLOSING_MS).catch(() => {});
    remember();
    const traces = tracesText();
    forgetTraces();
    if (left.length === 0) return;
    throw new Error(`"${suite.title}" left running: ${namesOf(left).join('; ')}${traces}`);
  });
}

/** From now on what is open counts as known, so that each leak is told once, of the suite that it is from. */
function remember(): void {
  known = new Set(activeResources().map(({ key }) => key));
}

function leaked(): ActiveResource[] {
  const resources = activeResources().filter(({ key }) => !known.has(key));
  // A shared process that starts between these two is in the second list only, and allowed.
  const allowed = new Set(shared.flatMap((pids) => pids()));
  return resources.filter(({ pid }) => !(pid !== undefined && allowed.has(pid)));
}

/** Each once, with how many there are of it. */
function namesOf(resources: readonly ActiveResource[]): string[] {
  const counts = new Map<string, number>();
  for (const { text } of resources) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (count === 1 ? text : `${count} x ${text}`));
}
