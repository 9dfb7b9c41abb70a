/**
 * Starts one child: its identity, its command line, its clean environment, its files. A child does not inherit the monitor's
 * environment; everything that it needs comes in `init`.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../../core/config/config.ts';
import type { LogClient } from '../../core/logging/log.ts';
import { rawDirOf } from '../../core/logging/spill.ts';
import type { Entries } from '../../core/process/build.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import type { ChildConfig, ChildIdentity, Role } from '../../core/protocol/monitor.ts';
import { CHILD_PATH } from '../sandbox/child-path.ts';
import { isSandbox, type NoSandbox, type Sandbox, SECCOMP_FILE, sandboxWords } from '../sandbox/sandbox.ts';
import { type ShownPlaces, shownPlaces } from '../sandbox/shown-places.ts';
import { RUN_ID, WORKER_ID } from '../sweep/strays.ts';
import type { LaunchOptions } from './launch-options.ts';
import { type ChildEvents, ManagedChild } from './managed-child.ts';
import type { StatsBook } from './stats.ts';
import { dataLimitArgs, setprivArgs, type Tools } from './tools.ts';

/** Everything that all children of a run have in common. */
export interface LaunchContext {
  readonly buildId: string;
  readonly entries: Entries;
  readonly tools: Tools;
  /** The sandbox of workers that get one. */
  readonly sandbox: Sandbox | NoSandbox;
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
  const { runDir } = context;
  const box = request.launch.sandboxed ? sandboxFor(context, config) : null;
  const identity: ChildIdentity = {
    ...{ role, workerId, slot },
    buildId: context.buildId,
    ...(box === null
      ? { runDir: runDir.path, logSocket: runDir.logSocket }
      : { runDir: runDir.workerDir(workerId), logSocket: runDir.linesSocket }),
  };
  return new ManagedChild({
    identity,
    isSandboxed: box !== null,
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
      if (role !== 'server' && role !== 'logger')
        await makeDirectories(runDir, workerId, request.launch, box);
      await spawnChild(context, request, box, adopt);
    },
  });
}

/** Returns the sandbox for workers of this configuration; null when they run without one. */
export function sandboxFor({ sandbox }: LaunchContext, { dsl }: Config): Sandbox | null {
  if (dsl.sandbox === 'off') return null;
  return isSandbox(sandbox) ? sandbox : null;
}

async function makeDirectories(
  runDir: RunDir,
  workerId: string,
  { spills }: LaunchOptions,
  sandbox: Sandbox | null,
): Promise<void> {
  await mkdir(runDir.workerDir(workerId), { mode: 0o700, recursive: true });
  if (spills) await mkdir(runDir.spillDir(workerId), { mode: 0o700 });
  if (sandbox !== null) await mkdir(rawDirOf(runDir.workerDir(workerId)), { mode: 0o700 });
}

async function spawnChild(
  context: LaunchContext,
  request: LaunchRequest,
  sandbox: Sandbox | null,
  adopt: (child: ChildProcess, shownKey: string | null) => void,
): Promise<void> {
  const { role, launch, config, extraFds } = request;
  const entry = context.entries[role];
  if (entry === undefined) throw new Error(`there is no program for the role ${role}`);
  const shown = sandbox === null ? null : await shownPlaces(config);
  const box = sandbox === null || shown === null ? [] : boxAround(sandbox, shown, context, request);
  const filter = await openFilter(sandbox, context.runDir);
  const { command, args } = composeCommand(entry, launch, context.tools, config.dsl.dataLimitBytes, box);
  const raw = await open(context.runDir.rawPath(request.workerId), 'a', 0o600);
  try {
    const stdio: StdioOptions = ['ignore', raw.fd, raw.fd, 'ipc'];
    if (filter !== null) stdio.push(filter.fd);
    stdio.push(...extraFds);
    const child = spawn(command, args, {
      stdio,
      cwd: '/',
      env: childEnvironment(context.runDir.path, request.workerId),
      detached: true,
    });
    adopt(child, shown?.key ?? null);
    context.onChildrenChanged();
  } finally {
    await Promise.all([raw.close(), filter?.close()]);
  }
}

/** Returns the words of a sandbox around a worker's program. */
function boxAround(
  sandbox: Sandbox,
  shown: ShownPlaces,
  { runDir }: LaunchContext,
  { workerId }: LaunchRequest,
): string[] {
  const [lines, own] = [dirname(runDir.linesSocket), runDir.workerDir(workerId)];
  return sandboxWords(sandbox, { lines, own, shown });
}

/** Opens the filter of system calls for one process: bwrap reads it to its end. */
async function openFilter(sandbox: Sandbox | null, { path }: RunDir): Promise<FileHandle | null> {
  if (sandbox === null || sandbox.seccomp === null) return null;
  return await open(join(path, SECCOMP_FILE), 'r');
}

/** Returns the program and its arguments, run through the tools that the system has (tools.ts). Pure. */
export function composeCommand(
  entry: string,
  { heapMb, hasDataLimit }: LaunchOptions,
  tools: Tools,
  dataLimitBytes: number,
  box: readonly string[] = [],
): { command: string; args: string[] } {
  const words = [...box, process.execPath];
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
