/**
 * Runs this process as the monitor: claims the data directory, removes what a killed run left, binds the address, and starts
 * everything. Signals drain it (TERM, INT), kill it (a second one of these), reload (HUP), reopen the log file (USR2), and
 * add or remove one SQL worker (TTIN, TTOU). The `forkline` command reaches it through the control socket.
 * However it ends, no child, no run directory and no state file is left.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../core/config/config.ts';
import { createLogClient } from '../core/logging/client.ts';
import type { LogClient } from '../core/logging/log.ts';
import { redactLiterals } from '../core/logging/redact.ts';
import { type Entries, entriesOf, findBuild } from '../core/process/build.ts';
import { type Clock, systemClock } from '../core/process/clock.ts';
import { createRunDir, type RunDir } from '../core/process/run-dir.ts';
import type { MemoryReading, Role } from '../core/protocol/monitor.ts';
import { MAX_POOL_SIZE } from '../core/protocol/pool-sizes.ts';
import { auditedLog } from './audited-log.ts';
import type { LaunchContext } from './children/launch.ts';
import { type BoundSocket, bindSocket, ListenError } from './children/listen.ts';
import { StatsBook } from './children/stats.ts';
import { findTools, logMissingTools } from './children/tools.ts';
import { ControlError, ControlServer } from './control.ts';
import { bindLocals, closeLocals } from './local-sockets.ts';
import { Monitor } from './monitor.ts';
import { maxSizesOf, type PoolDefinition } from './pools/definition.ts';
import { programsOf } from './pools/programs.ts';
import { POOL_TABLE } from './pools/table.ts';
import { Reloader } from './reload.ts';
import { logSandbox, requireSandbox, SandboxError } from './sandbox/in-force.ts';
import { findSandbox, keepFilter } from './sandbox/sandbox.ts';
import { Signals } from './signals.ts';
import { type ConnectionsService, StoredConnections, storedConnectionsPath } from './stored-connections.ts';
import { claimRunDir, sweepDeadRuns } from './sweep/dead-runs.ts';
import { prepareResultsDir } from './sweep/results-dir.ts';
import {
  AlreadyRunningError,
  claimStateFile,
  currentRunState,
  StateFile,
  stateFilePath,
} from './sweep/state-file.ts';
import { sweepLeftovers } from './sweep/sweep.ts';
import { readMemory } from './watch/host-memory.ts';

const EXIT_FAILED = 1;
/** Errors that are told, and are no fault of the program. */
const EXPECTED = [ListenError, AlreadyRunningError, SandboxError];
const EXIT_SIGNAL_BASE = 128;
const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

export interface RunMonitorOptions {
  /** The configuration with all `connections`, including the one to the embedded database. */
  readonly config: Config;
  /** Reads the configuration again, on HUP. Rejects with all errors of an invalid file. */
  reloadConfig(): Promise<Config>;
  /** Reads and tries connections of the catalogue. */
  readonly connections: ConnectionsService;
  /** The embedded database, shown in the process table. */
  readonly database: { readonly pid: number } | null;
  /** Writes a line for people to the terminal. */
  consoleLog(line: string): void;
  /** Called when a server and a SQL worker are ready. `port` is the bound one, also when 0 was configured. */
  onReady?(address: { host: string; port: number }): void;
  /** The pools of workers; POOL_TABLE when left out. */
  readonly pools?: readonly PoolDefinition[];
  /** The programs of the roles; those of the build when left out. Tests give others. */
  readonly entries?: Entries;
  readonly clock?: Clock;
  /** Replaces the reading of the memory in tests, which cannot make memory short. */
  readonly readMemory?: () => MemoryReading | null;
}

/** Resolves with the exit code once everything has ended: 0, 1 when it could not start, 128 + signal when forced. */
export async function runMonitor(options: RunMonitorOptions): Promise<number> {
  process.title = 'forkline monitor';
  const signals = new Signals();
  let runDir: RunDir | null = null;
  let socket: BoundSocket | null = null;
  try {
    runDir = await createRunDir();
    await claimRunDir(runDir.path, stateFilePath(options.config.dataDir));
    socket = await bindSocket(options.config.listen.host, options.config.listen.port);
    return await runIn(options, runDir, socket, signals);
  } catch (thrown) {
    if (!EXPECTED.some((kind) => thrown instanceof kind)) throw thrown;
    options.consoleLog(`forkline: ${(thrown as Error).message}`);
    return EXIT_FAILED;
  } finally {
    signals.close();
    socket?.close();
    if (runDir !== null) await rm(runDir.path, { recursive: true, force: true });
  }
}

async function runIn(
  options: RunMonitorOptions,
  runDir: RunDir,
  socket: BoundSocket,
  signals: Signals,
): Promise<number> {
  const { config, consoleLog } = options;
  const statePath = stateFilePath(config.dataDir);
  const build = findBuild();
  const [tools, sandbox, swept] = await Promise.all([
    findTools(config.dsl.dataLimitBytes),
    findSandbox(fileURLToPath(build.root)),
    sweepLeftovers(statePath, runDir),
  ]);
  requireSandbox(config, sandbox);
  await keepFilter(sandbox, runDir.path);
  await claimStateFile(statePath, currentRunState(runDir, []));
  await prepareResultsDir(config.dataDir, config.cache.mode === 'on' || config.jobs.mode === 'on');
  const locals = bindLocals(config, runDir);
  const { logSocket, path } = runDir;
  const identity = { role: 'monitor', workerId: 'monitor', runDir: path, logSocket };
  redactLiterals(config.log.redactLiterals === 'on');
  const ownLog = createLogClient({ identity, level: config.log.level });
  const log = await auditedLog(ownLog, config.audit.file, identity);
  if (swept !== null) log.warn('swept', swept);
  logMissingTools(tools, log);
  logSandbox(sandbox, config.dsl.sandbox, log);
  void tidyUp(runDir, log);
  const stateFile = new StateFile(statePath, log, () => currentRunState(runDir, childRefs(monitor)));
  const clock = options.clock ?? systemClock;
  const pools = options.pools ?? POOL_TABLE;
  const stats = new StatsBook(pools.map(({ role }) => role));
  stats.configuredAtUnixMs = clock.unixMs();
  const context: LaunchContext = {
    buildId: build.id,
    entries: options.entries ?? entriesOf(build, programsOf(pools)),
    ...{ tools, sandbox },
    runDir,
    clock,
    log,
    stats,
    onChildrenChanged: () => stateFile.changed(),
    onChildEnded: (child) => monitor.childEnded(child),
    nextWorkerId: createWorkerIds(),
  };
  const failed = createOutcome<string>();
  const stored = new StoredConnections({
    ...{ service: options.connections, file: storedConnectionsPath(config.dataDir), log },
    current: () => monitor.current.config,
    change: (next) => reloader.changeConnections(next),
  });
  const monitor: Monitor = new Monitor({
    config: await stored.atStart(config),
    database: options.database,
    context,
    pools,
    socket,
    locals,
    readMemory: options.readMemory ?? readMemory,
    consoleLog,
    onServing: () => announce(options, socket, log),
    onConnectionsRequest: (server, request) =>
      void stored.answer(request).then((reply) => server.send(reply)),
    onFailed: failed.settle,
  });
  const reloader = new Reloader({
    ...{ monitor, log, consoleLog },
    reloadConfig: async () => await stored.mergedWith(requireSandbox(await options.reloadConfig(), sandbox)),
    onReloaded: (ok) => stats.reloaded(ok, clock.unixMs()),
  });
  const control = new ControlServer({
    log,
    maxSizes: maxSizesOf(pools),
    scale: (sizes) => monitor.scale(sizes, 'forkline scale'),
    status: () => monitor.status(),
  });
  try {
    await control.listen(runDir.controlSocket);
    monitor.start();
    return await untilEnd({
      ...{ options, monitor, reloader, log, socket, signals },
      failed: failed.promise,
    });
  } catch (thrown) {
    await monitor.kill('the monitor itself failed');
    throw thrown;
  } finally {
    closeLocals(locals, config);
    control.close();
    await stateFile.remove();
  }
}

/** Removes what dead runs left, while everything starts. The start does not wait for it. */
async function tidyUp(runDir: RunDir, log: LogClient): Promise<void> {
  try {
    const removed = await sweepDeadRuns(runDir.path);
    if (removed.length > 0) log.info('dead-runs-swept', { removed });
  } catch (error) {
    log.warn('dead-runs-left', { message: String(error) });
  }
}

interface Running {
  readonly options: RunMonitorOptions;
  readonly monitor: Monitor;
  readonly reloader: Reloader;
  readonly log: LogClient;
  readonly socket: BoundSocket;
  readonly signals: Signals;
  readonly failed: Promise<string>;
}

async function untilEnd({
  options,
  monitor,
  reloader,
  log,
  socket,
  signals,
  failed,
}: Running): Promise<number> {
  const { consoleLog } = options;
  signals.on('SIGHUP', () => void reloader.reload());
  signals.on('SIGUSR2', () => monitor.reopenLog());
  signals.on('SIGTTIN', () => scaleBy(monitor, 1, log));
  signals.on('SIGTTOU', () => scaleBy(monitor, -1, log));
  const end = await Promise.race([signals.first, failed.then((reason) => ({ reason }))]);
  // From now on new connections are refused, instead of waiting for a server that will not come.
  socket.close();
  if (typeof end === 'object') {
    consoleLog(`forkline: ${end.reason}`);
    log.error('start-failed', end);
    await monitor.kill('it cannot serve');
    return EXIT_FAILED;
  }
  consoleLog('forkline: stopping; once more to stop at once');
  const drained = monitor.drain(`received ${end}`);
  const hasty = signals.second.then(async (signal) => {
    await monitor.kill(`received ${signal} while stopping`);
    return false;
  });
  const graceful = await Promise.race([drained, hasty]);
  return graceful ? 0 : EXIT_SIGNAL_BASE + SIGNAL_NUMBERS[end];
}

/** Adds or removes one SQL worker, on TTIN and TTOU. */
function scaleBy(monitor: Monitor, by: 1 | -1, log: LogClient): void {
  const sql = (monitor.current.sizes.sql ?? 0) + by;
  const reason = by > 0 ? 'received SIGTTIN' : 'received SIGTTOU';
  if (sql < 1 || sql > MAX_POOL_SIZE.sql) {
    log.warn('not-scaled', { reason, sql, limits: [1, MAX_POOL_SIZE.sql] });
    return;
  }
  try {
    monitor.scale({ sql }, reason);
  } catch (thrown) {
    if (!(thrown instanceof ControlError)) throw thrown;
    log.warn('not-scaled', { reason, message: thrown.message });
  }
}

function announce(options: RunMonitorOptions, { host, port }: BoundSocket, log: LogClient): void {
  const { consoleLog, onReady } = options;
  const scheme = options.config.tls === null ? 'http' : 'https';
  const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  log.info('listening', { host, port });
  consoleLog(`forkline is listening on ${url}`);
  onReady?.({ host, port });
}

function childRefs(monitor: Monitor) {
  return monitor
    .children()
    .flatMap(({ workerId, leader }) => (leader === null ? [] : [{ workerId, ...leader }]));
}

function createWorkerIds(): (role: Role) => string {
  const last: Record<string, number> = {};
  return (role) => {
    const number = (last[role] ?? 0) + 1;
    last[role] = number;
    return `${role}-${number}`;
  };
}

function createOutcome<T>(): { promise: Promise<T>; settle(value: T): void } {
  let settle: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
