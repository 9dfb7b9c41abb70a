/**
 * One generation: a server and its SQL and DSL workers, all of one configuration. A reload starts a second one
 * beside the first; the two share nothing but the listening socket and the logger.
 *
 *   starting --server, all SQL workers and one DSL worker ready--> whole
 *   starting --too many failed boots (reload only)--> failed
 *   any --drain--> draining: server first, then the workers --> gone
 *
 * The server knows of the workers by `workers-changed` alone: the whole list, on every change.
 */
import { availableParallelism } from 'node:os';
import { Brake } from './brake.ts';
import type { Config } from './config.ts';
import { DslPool } from './dsl-pool.ts';
import { type LaunchContext, launchChild } from './launch.ts';
import type { BoundSocket } from './listen.ts';
import type { ChildEnd, ChildEvents, ManagedChild } from './managed-child.ts';
import type { ChildConfig, FromChild, WorkerAddress } from './messages.ts';
import { removeWorkerFiles } from './run-dir.ts';
import { Supervised } from './supervised.ts';

/** Workers have nothing left to do once their server is gone. */
const WORKER_STOP_MS = 2000;
/** The server gets this much beyond its own grace before it is killed. */
const HARD_STOP_MS = 5000;

export interface GenerationDeps {
  readonly number: number;
  readonly config: Config;
  readonly socket: BoundSocket;
  readonly context: LaunchContext;
  /** A child died before the generation was whole. */
  onBootFailed(child: ManagedChild, end: ChildEnd): void;
  /** Anything that died without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  /** A server and a SQL worker are ready: the first time. */
  onServing(): void;
  /** All that a reload waits for is ready: the first time. */
  onWorkersReady(): void;
  onWhole(): void;
  /** The server asks for the process table. */
  onListProcesses(server: ManagedChild, requestId: number): void;
}

export class Generation {
  readonly config: Config;
  readonly number: number;
  readonly #deps: GenerationDeps;
  readonly #server: Supervised;
  readonly #sql: readonly Supervised[];
  readonly #dsl: DslPool;
  readonly #brakes: Readonly<Record<'server' | 'sql' | 'dsl', Brake>>;
  #draining = false;
  readonly #reached = { serving: false, workersReady: false, whole: false };

  constructor(deps: GenerationDeps) {
    this.#deps = deps;
    this.config = deps.config;
    this.number = deps.number;
    const { monotonicMs } = deps.context.clock;
    this.#brakes = {
      server: new Brake(monotonicMs),
      sql: new Brake(monotonicMs),
      dsl: new Brake(monotonicMs),
    };
    this.#server = this.#superviseServer();
    this.#sql = Array.from({ length: deps.config.sql.processes }, (_, slot) => this.#superviseSql(slot));
    this.#dsl = this.#createDslPool();
  }

  startWorkers(): void {
    for (const place of this.#sql) place.start();
    this.#dsl.start();
  }

  startServer(): void {
    this.#server.start();
  }

  children(): ManagedChild[] {
    const places = [this.#server, ...this.#sql].flatMap(({ child }) => (child === null ? [] : [child]));
    return [...places, ...this.#dsl.children()];
  }

  /** What a child works on, for the process table. */
  workOf(child: ManagedChild): { queryId: string | null; queriesServed: number } {
    if (child.identity.role === 'dsl') return this.#dsl.workOf(child.workerId);
    return { queryId: null, queriesServed: child.queriesServed };
  }

  /** Each second: who has been silent for too long goes, straight away; a stopped process ignores TERM. */
  tick(nowMs: number, rssOf: (child: ManagedChild) => number | null): void {
    for (const { readyChild } of [this.#server, ...this.#sql]) {
      if (readyChild === null) continue;
      const silentMs = nowMs - readyChild.lastHeartbeatAtMs;
      if (silentMs > this.config.monitor.heartbeatTimeoutMs)
        this.killChild(readyChild, `no heartbeat for ${Math.round(silentMs)} ms`);
    }
    this.#dsl.tick(rssOf);
  }

  /** KILL at once; a replacement follows. */
  killChild(child: ManagedChild, reason: string): void {
    if (child.identity.role === 'dsl') {
      this.#dsl.killWorker(child, reason);
      return;
    }
    this.#deps.context.log.warn('kill', { workerId: child.workerId, childPid: child.pid, reason });
    child.kill(reason, true);
  }

  /**
   * Finishes what runs; with a successor, clients without a request get time to move over to it. Resolves when all
   * are gone: true when the server ended by itself in time.
   */
  async drain(reason: string, successor: boolean): Promise<boolean> {
    const server = this.#server.child;
    this.#draining = true;
    await this.#server.stop(this.config.monitor.drainMs, reason, { patienceMs: HARD_STOP_MS, successor });
    await Promise.all([
      ...this.#sql.map((place) => place.stop(WORKER_STOP_MS, reason)),
      this.#dsl.stop(WORKER_STOP_MS, reason),
    ]);
    return server === null || !server.forced;
  }

  async kill(reason: string): Promise<void> {
    await Promise.all([
      this.#server.kill(reason),
      ...this.#sql.map((place) => place.kill(reason)),
      this.#dsl.kill(reason),
    ]);
  }

  #superviseServer(): Supervised {
    const { config, socket, context, onListProcesses } = this.#deps;
    const serverConfig = {
      host: socket.host,
      port: socket.port,
      limits: config.limits,
      defaultConnection: config.defaultConnection,
      connectionNames: Object.keys(config.connections),
      planner: config.planner,
      dsl: { reuse: config.dsl.reuse, maxQueriesPerWorker: config.dsl.maxQueriesPerWorker },
      logSocket: context.runDir.logSocket,
    };
    return new Supervised({
      brake: this.#brakes.server,
      log: context.log,
      launch: (events) => {
        const workerId = context.nextWorkerId('server');
        // Before it answers anybody it knows its workers.
        const onStarted = (server: ManagedChild) => server.send(this.#workerList());
        return this.#launch(0, workerId, { role: 'server', config: serverConfig }, { ...events, onStarted });
      },
      onReady: () => this.#onReady(),
      onMessage: (child, message) => {
        if (message.type === 'list-processes') onListProcesses(child, message.requestId);
        else this.#onServerMessage(child, message);
      },
      onLost: (child, end) => this.#onLost(child, end),
      onGone: () => {
        if (!this.#draining) this.#dsl.serverLost();
      },
    });
  }

  #superviseSql(slot: number): Supervised {
    const { config, context } = this.#deps;
    const { connectionsPerProcess, acquireTimeoutMs } = config.sql;
    const { connections } = config;
    return new Supervised({
      brake: this.#brakes.sql,
      log: context.log,
      launch: (events) => {
        const workerId = context.nextWorkerId('sql');
        const socketPath = context.runDir.socketPath(workerId);
        const sqlConfig = { socketPath, connectionsPerProcess, acquireTimeoutMs, connections };
        return this.#launch(slot, workerId, { role: 'sql', config: sqlConfig }, events);
      },
      onReady: () => this.#onReady(),
      onMessage: (child, message) => this.#onStray(child, message),
      onLost: (child, end) => this.#onLost(child, end),
      onGone: (child) => this.#onWorkerGone(child),
    });
  }

  #createDslPool(): DslPool {
    const { config, context } = this.#deps;
    const { spares, max, maxQueriesPerWorker, maxAgeMs, maxRssBytes } = config.dsl;
    const startConcurrency = Math.max(2, availableParallelism());
    return new DslPool({
      policy: {
        ...{ spares, max, maxQueriesPerWorker, maxAgeMs, maxRssBytes, startConcurrency },
        deadlineGraceMs: config.monitor.termAfterMs,
      },
      heartbeatTimeoutMs: config.monitor.heartbeatTimeoutMs,
      brake: this.#brakes.dsl,
      clock: context.clock,
      log: context.log,
      launch: (slot, events) => this.#launchDsl(slot, events),
      tellServer: (message) => {
        // A draining server still works, and may still need what is to be retired.
        const server = this.#server.child;
        server?.send(message);
        return server !== null;
      },
      onChanged: () => this.#tellWorkers(),
      onReady: () => this.#onReady(),
      onLost: (child, end) => this.#onLost(child, end),
      onGone: (child) => this.#onWorkerGone(child),
    });
  }

  #launchDsl(slot: number, events: ChildEvents): ManagedChild {
    const { config, context } = this.#deps;
    const workerId = context.nextWorkerId('dsl');
    const dslConfig = {
      socketPath: context.runDir.socketPath(workerId),
      fifoPath: context.runDir.fifoPath(workerId),
      spillDir: context.runDir.spillDir(workerId),
      memoryBytes: config.limits.dslMemoryBytes,
      spillBytes: config.limits.dslSpillBytes,
      threads: config.dsl.threads,
    };
    return this.#launch(slot, workerId, { role: 'dsl', config: dslConfig }, events);
  }

  #launch(slot: number, workerId: string, child: ChildConfig, events: ChildEvents): ManagedChild {
    const { config, context, socket } = this.#deps;
    const listenFd = child.role === 'server' ? socket.fd : null;
    return launchChild(context, { slot, workerId, child, config, listenFd, events });
  }

  #onReady(): void {
    this.#tellWorkers();
    const server = this.#server.readyChild !== null;
    const sql = this.#sql.filter(({ readyChild }) => readyChild !== null).length;
    const dsl = this.#dsl.usable().length > 0 || this.config.dsl.spares === 0;
    const workersReady = sql === this.#sql.length && dsl;
    this.#reach('serving', server && sql > 0, this.#deps.onServing);
    this.#reach('workersReady', workersReady, this.#deps.onWorkersReady);
    this.#reach('whole', server && workersReady, this.#deps.onWhole);
  }

  #reach(what: 'serving' | 'workersReady' | 'whole', now: boolean, tell: () => void): void {
    if (!now || this.#reached[what]) return;
    this.#reached[what] = true;
    tell();
  }

  #onServerMessage(child: ManagedChild, message: FromChild): void {
    // What a server that died had still to say: its leases are void.
    if (child !== this.#server.child) {
      if (message.type === 'lease') this.#dsl.voidLease(message.workerId);
      return;
    }
    switch (message.type) {
      case 'lease':
        this.#dsl.lease(message);
        return;
      case 'release':
        this.#dsl.release(message);
        return;
      case 'want-dsl-workers':
        this.#dsl.want(message.waiting);
        return;
      case 'retired':
        this.#dsl.retired(message.workerId, message.accepted);
        return;
      default:
        this.#onStray(child, message);
    }
  }

  #onStray(child: ManagedChild, { type }: FromChild): void {
    this.#deps.context.log.warn('unexpected-message', { workerId: child.workerId, type });
  }

  #onLost(child: ManagedChild, end: ChildEnd): void {
    if (!this.#reached.whole) this.#deps.onBootFailed(child, end);
    this.#deps.onLost(child, end);
  }

  #onWorkerGone(child: ManagedChild): void {
    this.#tellWorkers();
    const { log, runDir } = this.#deps.context;
    removeWorkerFiles(runDir, child.workerId).catch((error: unknown) =>
      log.warn('files-left', { workerId: child.workerId, message: String(error) }),
    );
  }

  #tellWorkers(): void {
    this.#server.child?.send(this.#workerList());
  }

  #workerList(): { type: 'workers-changed'; workers: WorkerAddress[] } {
    const { runDir } = this.#deps.context;
    const sql = this.#sql.flatMap(({ readyChild }): WorkerAddress[] => {
      if (readyChild?.pid == null) return [];
      const { workerId, pid } = readyChild;
      const slots = this.config.sql.connectionsPerProcess;
      return [{ role: 'sql', workerId, pid, socketPath: runDir.socketPath(workerId), slots }];
    });
    const dsl = this.#dsl.usable().flatMap(({ workerId, pid }): WorkerAddress[] => {
      if (pid === null) return [];
      const socketPath = runDir.socketPath(workerId);
      return [{ role: 'dsl', workerId, pid, socketPath, fifoPath: runDir.fifoPath(workerId) }];
    });
    return { type: 'workers-changed', workers: [...sql, ...dsl] };
  }
}
