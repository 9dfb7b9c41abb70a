/**
 * A whole Forkline as users run it: `node dist/cli/main.js start --config <file>`, on a free port, with data, log
 * and configuration in a temporary directory of its own, on the shared test database unless told otherwise.
 *
 *   await using forkline = await startForkline({ limits: { timeoutMs: 2000 } });
 *   const answer = await forkline.query('select 1 as one');
 *   expect(answer.status).to.equal(200);
 *   expect(answer.json.rows).to.deep.equal([{ one: 1 }]);
 *
 * Overrides are laid over the configuration file's content, group by group. Build first (npm test does).
 * stop() (and the end of the block) sends TERM and fails when it does not exit with 0 in time, or when any process
 * of the run outlives it, or when its log is not whole (log-check.ts). A suite
 * that leaves one running fails (leaks.ts); it is ended after the run.
 */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDatabase } from './database.ts';
import type { Forkline } from './forkline-process.ts';
import { ForklineProcess, unstopped } from './forkline-process.ts';
import { shareProcesses } from './leaks.ts';
import { processWide } from './process-wide.ts';
import { treeOf } from './processes.ts';
import { atRunEnd } from './run-end.ts';

export type { Answer, Forkline, JsonAnswer, QueryInit } from './forkline-process.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Groups as in forkline.config.json. */
export type ConfigOverrides = Readonly<Record<string, unknown>>;

/**
 * The smallest pools, which every Forkline of the tests has unless told otherwise: a start takes less, and no used DSL worker
 * is replaced between two queries.
 */
export const FEW_PROCESSES = {
  sql: { processes: 1, connectionsPerProcess: 4 },
  dsl: { spares: 0, max: 3 },
} as const;

/** Several processes of a kind and a ready DSL worker: for suites about what becomes of processes. */
export const SEVERAL_PROCESSES = {
  sql: { processes: 2, connectionsPerProcess: 2 },
  dsl: { spares: 1, max: 3 },
} as const;

export interface StartOptions {
  /** Over the few variables that the command gets (PATH, HOME). */
  readonly env?: Readonly<Record<string, string>>;
  /** false: no connection is configured, so that it brings up its own database (in `dataDir`). */
  readonly useTestDatabase?: boolean;
  /** Another build's command (faulty-build.ts). */
  readonly command?: string;
}

/** Rejects with everything that was printed when it does not get ready. */
export function startForkline(
  overrides: ConfigOverrides = {},
  options: StartOptions = {},
): Promise<Forkline> {
  return start(overrides, options);
}

async function start(overrides: ConfigOverrides, options: StartOptions): Promise<ForklineProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-test-'));
  await chmod(dir, 0o711);
  const configFile = join(dir, 'forkline.config.json');
  const connections = options.useTestDatabase === false ? {} : { main: { url: (await testDatabase()).url } };
  const config = mergeGroups(baseConfig(dir, connections), overrides);
  await writeFile(configFile, JSON.stringify(config));
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...options.env };
  const child = spawn(process.execPath, [options.command ?? COMMAND, 'start', '--config', configFile], {
    cwd: dir,
    env,
  });
  const logFile = (config.log as { file: string }).file;
  const started = new ForklineProcess(child, { dir, dataDir: String(config.dataDir), logFile, configFile });
  await started.listening();
  await started.grown();
  return started;
}

/** The Forkline that all suites of this test process share, once one of them asked for it. */
const shared = processWide<{ forkline: Promise<Forkline> | null }>('shared Forkline', () => ({
  forkline: null,
}));

/**
 * Resolves to a Forkline that all suites of this test process share, for those that only ask it queries: a start costs
 * more than most of them. A DSL worker is ready, since some queries cost theirs. Nobody stops it or its processes; it ends after the last suite.
 */
export function sharedForkline(): Promise<Forkline> {
  shared.forkline ??= start({ dsl: { spares: 1, max: 3 } }, {}).then((forkline) => {
    forkline.unref();
    shareProcesses(() => treeOf(forkline.pid).map(({ pid }) => pid));
    return forkline;
  });
  return shared.forkline;
}

function baseConfig(dir: string, connections: object): ConfigOverrides {
  return {
    listen: { port: 0 },
    dataDir: join(dir, 'data'),
    connections,
    ...FEW_PROCESSES,
    planner: { threads: 1 },
    log: { file: join(dir, 'forkline.log'), level: 'debug' },
  };
}

function mergeGroups(base: ConfigOverrides, over: ConfigOverrides): ConfigOverrides {
  const isGroup = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const both = name !== 'connections' && isGroup(value) && isGroup(base[name]);
    merged[name] = both ? { ...(base[name] as object), ...(value as object) } : value;
  }
  return merged;
}

atRunEnd(async () => {
  for (const forkline of [...unstopped]) await forkline.stop();
});
