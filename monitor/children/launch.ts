/**
 * Starts one child: its identity, its command line, its clean environment, its files. A child does not inherit the monitor's
 * environment; everything that it needs comes in `init`.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Config } from '../../core/config/config.ts';
import type { LogClient } from '../../core/logging/log.ts';
import type { Entries } from '../../core/process/build.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import type { ChildConfig, ChildIdentity, Role } from '../../core/protocol/monitor.ts';
import { RUN_ID, WORKER_ID } from '../sweep/strays.ts';
import type { LaunchOptions } from './launch-options.ts';
import { type ChildEvents, ManagedChild } from './managed-child.ts';
import type { StatsBook } from './stats.ts';
import { CHILD_PATH, dataLimitArgs, setprivArgs, type Tools } from './tools.ts';

/** Everything that all children of a run have in common. */
export interface LaunchContext {
  readonly buildId: string;
  readonly entries: Entries;
  readonly tools: Tools;
  readonly runDir: RunDir;
  readonly clock: Clock;
  readonly log: LogClient;
  readonly stats: StatsBook;
  /** Called after each spawn and each end, for the state file. */
  onChildrenChanged(): void;
  onChildEnded(child: ManagedChild): void;
  /** Returns a name that was never used in this run. */
  nextWorkerId(role: Role): string;
}

export interface LaunchRequest {
  readonly role: Role;
  readonly slot: number;
  readonly workerId: string;
  readonly config: Config;
  readonly launch: LaunchOptions;
  /** The file descriptors that the child gets as fd 4 and on: a server's bound sockets, or standard output for a logger that writes there. */
  readonly extraFds: readonly number[];
  readonly events: ChildEvents;
  /** Returns the configuration for `init`. Called when it is sent, so that changes since the start of the launch are in it. */
  child(): ChildConfig;
}

export function launchChild(context: LaunchContext, request: LaunchRequest): ManagedChild {
  const { role, config, workerId, slot } = request;
  const identity: ChildIdentity = {
    ...{ role, workerId, slot },
    buildId: context.buildId,
    runDir: context.runDir.path,
    logSocket: context.runDir.logSocket,
  };
  return new ManagedChild({
    identity,
    child: () => request.child(),
    logLevel: config.log.level,
    redactLiterals: config.log.redactLiterals === 'on',
    timeouts: config.monitor,
    events: {
      ...request.events,
      onReady: (ready) => {
        context.stats.started(role, context.clock.monotonicMs() - ready.createdAtMs);
        request.events.onReady(ready);
      },
      onGone: (gone, end) => {
        context.stats.ended(role, end.cause, gone.forced);
        context.onChildEnded(gone);
        request.events.onGone(gone, end);
        context.onChildrenChanged();
      },
    },
    clock: context.clock,
    log: context.log,
    spawn: async (adopt) => {
      if (request.launch.spills) await mkdir(context.runDir.spillDir(workerId), { mode: 0o700 });
      await spawnChild(context, request, adopt);
    },
  });
}

async function spawnChild(
  context: LaunchContext,
  request: LaunchRequest,
  adopt: (child: ChildProcess) => void,
): Promise<void> {
  const { role, launch, config, extraFds } = request;
  const entry = context.entries[role];
  if (entry === undefined) throw new Error(`there is no program for the role ${role}`);
  const { command, args } = composeCommand(entry, launch, context.tools, config.dsl.dataLimitBytes);
  const raw = await open(context.runDir.rawPath(request.workerId), 'a', 0o600);
  try {
    const stdio: StdioOptions = ['ignore', raw.fd, raw.fd, 'ipc'];
    stdio.push(...extraFds);
    const child = spawn(command, args, {
      stdio,
      cwd: '/',
      env: childEnvironment(context.runDir.path, request.workerId),
      detached: true,
    });
    adopt(child);
    context.onChildrenChanged();
  } finally {
    await raw.close();
  }
}

/** Returns the program and its arguments, run through the tools that the system has (tools.ts). Pure. */
export function composeCommand(
  entry: string,
  { heapMb, hasDataLimit }: LaunchOptions,
  tools: Tools,
  dataLimitBytes: number,
): { command: string; args: string[] } {
  const words = [process.execPath];
  if (heapMb !== null) words.push(`--max-old-space-size=${heapMb}`);
  if (hasDataLimit && tools.prlimit !== null) words.unshift(tools.prlimit, ...dataLimitArgs(dataLimitBytes));
  if (tools.setpriv !== null) words.unshift(tools.setpriv, ...setprivArgs);
  const [command = process.execPath, ...args] = [...words, entry];
  return { command, args };
}

/** Returns the child's environment. By the two ids monitor/sweep/strays.ts finds processes that the child started. */
function childEnvironment(runId: string, workerId: string): NodeJS.ProcessEnv {
  const ids = { [RUN_ID]: runId, [WORKER_ID]: workerId };
  return { PATH: CHILD_PATH, HOME: homedir(), TZ: 'UTC', LANG: 'C.UTF-8', ...ids };
}
