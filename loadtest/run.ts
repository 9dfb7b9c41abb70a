/**
 * A whole load test: set up, one scenario after the other, clean up. A scenario that fails does not end the run; an
 * interruption does, and what was measured until then is in the result. Nothing is left running: every process is
 * in `children`, and the database ends last.
 */
import type { Children } from './children.ts';
import type { ContenderName } from './contender/contender.ts';
import { NO_POLARS } from './contender/start-polars.ts';
import { type GenerateDeps, generateBareLoad, generateLoad, readOneSlowly } from './load/generate.ts';
import { describeMachine } from './machine.ts';
import type { RunOptions } from './options.ts';
import type { Progress } from './progress.ts';
import { QUERY_TIMEOUT_MS } from './queries.ts';
import { ScenarioRecord } from './record.ts';
import type { RunResult, ScenarioResult } from './result.ts';
import type { Bench, Scenario } from './scenario.ts';
import { type Cleanup, type Setup, setUp } from './setup.ts';

export interface RunDeps {
  readonly options: RunOptions;
  /** The scenarios that were chosen. */
  readonly scenarios: readonly Scenario[];
  readonly children: Children;
  readonly progress: Progress;
  /** Aborts the run; the reason, an Error, says why it ended early. */
  readonly signal: AbortSignal;
  readonly givenUrl: string | null;
  readonly path: string | undefined;
  readonly python: string | undefined;
  readonly dir: string;
}

/** Rejects when nothing could be measured at all: SetupError when that is to be mended by who asked. */
export async function runLoadTest(deps: RunDeps): Promise<RunResult> {
  const startedAt = new Date();
  const cleanups: Cleanup[] = [];
  try {
    const onProgress = (text: string): void => deps.progress.text(text);
    deps.progress.scenario('setting up');
    const setup = await setUp({ ...deps, onProgress }, cleanups);
    const machine = await describeMachine(setup.database.url, deps.path);
    const scenarios = await runScenarios(deps, setup);
    const { quick, rounds, durationMs, rows, against } = deps.options;
    return {
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      interrupted: deps.signal.aborted ? (deps.signal.reason as Error).message : null,
      machine,
      settings: {
        ...{ quick, rounds, durationMs, rows, against },
        database: setup.database.kind,
        plainSqlTool: setup.plainSql.tool,
      },
      scenarios,
    };
  } finally {
    deps.progress.scenario('cleaning up');
    await deps.children.endAll();
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
}

async function runScenarios(deps: RunDeps, setup: Setup): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const { scenarios, progress, signal } = deps;
  for (const [index, scenario] of scenarios.entries()) {
    if (signal.aborted) break;
    progress.scenario(`[${index + 1}/${scenarios.length}] ${scenario.name}`);
    const result = await runScenario(deps, setup, scenario);
    results.push(result);
    if (result.state === 'failed') progress.print(`${scenario.name} failed: ${result.reason}`);
  }
  return results;
}

async function runScenario(deps: RunDeps, setup: Setup, scenario: Scenario): Promise<ScenarioResult> {
  const { name, title, needs } = scenario;
  const record = new ScenarioRecord();
  const startedAt = performance.now();
  let state: ScenarioResult['state'] = 'done';
  let reason: string | null = null;
  const left = leftOutFor(deps, setup, needs);
  if (left !== null) {
    state = 'skipped';
    reason = left;
    deps.progress.print(`${name} is left out: ${left}`);
  } else {
    try {
      await scenario.run(benchOf(deps, setup, scenario), record);
    } catch (error) {
      state = deps.signal.aborted ? 'interrupted' : 'failed';
      reason = ((deps.signal.aborted ? deps.signal.reason : error) as Error).message;
    }
  }
  const bars = record.phaseBars;
  if (bars.length > 0)
    record.chart({
      type: 'phases',
      title: `Where the time of a query goes (${name}; database and stages overlap)`,
      bars,
    });
  const { checks, series, resources, charts, notes } = record;
  const seconds = (performance.now() - startedAt) / 1000;
  return { name, title, state, reason, checks, series, resources, charts, notes, seconds };
}

/** Tells why a scenario cannot be measured here; null: it can. */
function leftOutFor({ options }: RunDeps, { contenders }: Setup, needs: Scenario['needs']): string | null {
  if (needs.ownServers === true && options.against !== null)
    return 'it starts servers of its own, and --against names one that runs';
  if (needs.spark === true && process.env.FORKLINE_SPARK_RUNNING === undefined)
    return 'FORKLINE_SPARK_RUNNING names no Spark: `npm run spark -- --usual` brings one up and prints its URL';
  if (needs.contenders.includes('polars') && !contenders.has('polars')) return NO_POLARS;
  return null;
}

function benchOf(
  deps: RunDeps,
  { database, plainSql, verifier, contenders }: Setup,
  scenario: Scenario,
): Bench {
  const { options, children, progress, signal, path } = deps;
  const generate: GenerateDeps = { children, signal, onTick: (done) => progress.answers(done) };
  return {
    ...{ rows: options.rows, rounds: options.rounds, durationMs: options.durationMs, quick: options.quick },
    ...{ databaseUrl: database.url, path, children, plainSql, verifier, signal },
    contender(wanted: ContenderName) {
      const contender = contenders.get(wanted);
      if (contender === undefined) throw new Error(`${scenario.name} did not say that it needs ${wanted}`);
      return contender;
    },
    load: (spec) => generateLoad(generate, { ...spec, timeoutMs: QUERY_TIMEOUT_MS }),
    loadBare: (spec) => generateBareLoad(generate, spec),
    readSlowly: (spec) => readOneSlowly(generate, spec),
    progress: (text) => progress.text(text),
  };
}
