/**
 * Starts one child: its identity, its command line, its clean environment, its files. Nothing of the monitor's own
 * environment reaches a child: what it needs comes in `init`.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Config } from '../../core/config/config.ts';
import type { LogClient } from '../../core/logging/log.ts';
import { STANDARD_OUTPUT } from '../../core/logging/standard-output.ts';
import type { Entries } from '../../core/process/build.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import type { ChildConfig, ChildIdentity, Role } from '../../core/protocol/monitor.ts';
import { RUN_ID, WORKER_ID } from '../sweep/strays.ts';
import { type ChildEvents, ManagedChild } from './managed-child.ts';
import type { StatsBook } from './stats.ts';
import { CHILD_PATH, dataLimitArgs, deathSignalArgs, type Tools } from './tools.ts';

/** V8's old generation in a DSL worker; its rows live in native memory. */
const DSL_HEAP_MB = 256;

/** What is the same for every child of a run. */
export interface LaunchContext {
  readonly buildId: string;
  readonly entries: Entries;
  readonly tools: Tools;
  readonly runDir: RunDir;
  readonly clock: Clock;
  readonly log: LogClient;
  readonly stats: StatsBook;
  /** After each spawn and each end, for the state file. */
  onChildrenChanged(): void;
  onChildEnded(child: ManagedChild): void;
  /** A name never used before in this run. */
  nextWorkerId(role: Role): string;
}

export interface LaunchRequest {
  readonly slot: number;
  readonly workerId: string;
  readonly child: ChildConfig;
  readonly config: Config;
  /** For a server: the bound socket. */
  readonly listenFd: number | null;
  readonly events: ChildEvents;
}

export function launchChild(context: LaunchContext, request: LaunchRequest): ManagedChild {
  const { child, config, workerId, slot } = request;
  const identity: ChildIdentity = {
    role: child.role,
    workerId,
    slot,
    buildId: context.buildId,
    runDir: context.runDir.path,
    logSocket: context.runDir.logSocket,
  };
  return new ManagedChild({
    identity,
    child,
    logLevel: config.log.level,
    redactLiterals: config.log.redactLiterals === 'on',
    timeouts: config.monitor,
    events: {
      ...request.events,
      onReady: (ready) => {
        context.stats.started(child.role, context.clock.monotonicMs() - ready.createdAtMs);
        request.events.onReady(ready);
      },
      onGone: (gone, end) => {
        context.stats.ended(child.role, end.cause, gone.forced);
        context.onChildEnded(gone);
        request.events.onGone(gone, end);
        context.onChildrenChanged();
      },
    },
    clock: context.clock,
    log: context.log,
    spawn: async (adopt) => {
      if (child.role === 'dsl') await mkdir(context.runDir.spillDir(workerId), { mode: 0o700 });
      await spawnChild(context, request, adopt);
    },
  });
}

async function spawnChild(
  context: LaunchContext,
  request: LaunchRequest,
  adopt: (child: ChildProcess) => void,
): Promise<void> {
  const { role } = request.child;
  const { command, args } = composeCommand(
    role,
    context.entries[role],
    context.tools,
    request.config.dsl.dataLimitBytes,
  );
  const raw = await open(context.runDir.rawPath(request.workerId), 'a', 0o600);
  try {
    const stdio: StdioOptions = ['ignore', raw.fd, raw.fd, 'ipc'];
    const extraFd = extraFdOf(request);
    if (extraFd !== null) stdio.push(extraFd);
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

const MONITOR_STDOUT_FD = 1;

/** The fifth descriptor: a server's bound socket, the monitor's standard output for a logger that writes there. */
function extraFdOf({ child, listenFd }: LaunchRequest): number | null {
  if (child.role === 'logger' && child.config.file === STANDARD_OUTPUT) return MONITOR_STDOUT_FD;
  return listenFd;
}

/** Pure: the program and its arguments, wrapped in what the system has. */
export function composeCommand(
  role: Role,
  entry: string,
  tools: Tools,
  dataLimitBytes: number,
): { command: string; args: string[] } {
  const words = [process.execPath];
  if (role === 'dsl') {
    words.push(`--max-old-space-size=${DSL_HEAP_MB}`);
    if (tools.prlimit !== null) words.unshift(tools.prlimit, ...dataLimitArgs(dataLimitBytes));
  }
  if (tools.setpriv !== null) words.unshift(tools.setpriv, ...deathSignalArgs);
  const [command = process.execPath, ...args] = [...words, entry];
  return { command, args };
}

/** The two ids are what monitor/sweep/strays.ts finds its descendants by. */
function childEnvironment(runId: string, workerId: string): NodeJS.ProcessEnv {
  const ids = { [RUN_ID]: runId, [WORKER_ID]: workerId };
  return { PATH: CHILD_PATH, HOME: homedir(), TZ: 'UTC', LANG: 'C.UTF-8', ...ids };
}
