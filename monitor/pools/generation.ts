/**
 * One generation: a server and the pools of its workers (table.ts), all of one configuration. A reload starts a second one
 * beside the first; the two share nothing but the listening socket and the logger.
 *
 *   starting --server and all pools whole--> whole
 *   starting --too many failed boots (reload only)--> failed
 *   any --drain--> draining: server first, then the workers --> gone
 *
 * The first generation serves as soon as the server and the prefork pools can; the leased pools start after that.
 * The server learns about workers only from `workers-changed`, which has the complete list and is sent on every change.
 */
import type { Config } from '../../core/config/config.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild, ToChild, UnreachableConnection } from '../../core/protocol/monitor.ts';
import type { PoolSizes } from '../../core/protocol/pool-sizes.ts';
import { Brake } from '../children/brake.ts';
import { serverConfig, serverConnections } from '../children/configs.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import { launchChild } from '../children/launch.ts';
import { ORDINARY_LAUNCH } from '../children/launch-options.ts';
import {
  type ChildEnd,
  type ChildEvents,
  describeEnd,
  type ManagedChild,
} from '../children/managed-child.ts';
import { removeFilesOf } from '../children/remove-files.ts';
import { Supervised } from '../children/supervised.ts';
import { BootSteps } from './boot-steps.ts';
import { ConnectionNews } from './connection-news.ts';
import type { GenerationDeps } from './generation-deps.ts';
import { inspectedChild } from './inspected-child.ts';
import type { LeasedQuery, Pool, Work } from './pool.ts';
import { createPool, workerAddress } from './pool-rows.ts';

/** The time for workers to stop: they have nothing left to do when their server has ended. */
const WORKER_STOP_MS = 2000;
/** The time after the server's own grace after which it is killed. */
const HARD_STOP_MS = 5000;

export class Generation {
  readonly number: number;
  readonly #deps: GenerationDeps;
  readonly #server: Supervised;
  readonly #pools: readonly Pool[];
  readonly #news: ConnectionNews;
  #config: Config;
  #revision = 0;
  #draining = false;
  /** Whether the pools with `followsServing` are started once the generation serves. */
  #startsFollowers = false;
  readonly #steps = new BootSteps();

  constructor(deps: GenerationDeps) {
    this.#deps = deps;
    this.#config = deps.config;
    this.#news = new ConnectionNews(deps.context.log);
    this.number = deps.number;
    this.#server = this.#superviseServer();
    this.#pools = deps.pools.map((definition) =>
      createPool(definition, {
        ...{ context: deps.context, vitalsOf: deps.vitalsOf },
        config: () => this.#config,
        onConnectionsTaken: (child, message) => this.#news.taken(child, message),
        tellServer: (message) => this.#tellServer(message),
        onChanged: () => this.#tellWorkers(),
        onReady: () => this.#onReady(),
        onLost: (child, end) => this.#onLost(child, end),
        onGone: (child) => this.#onWorkerGone(child),
      }),
    );
  }

  get config(): Config {
    return this.#config;
  }

  /**
   * Takes a configuration that differs only in its connections. The workers take it first, then the server, so that no query
   * is sent to a worker that does not know its connection. Resolves with the new connections that could not be reached.
   */
  async changeConnections(config: Config, stale: readonly string[]): Promise<UnreachableConnection[]> {
    this.#config = config;
    // Before the server hears of the connections, no worker is left to it that cannot see their files.
    await Promise.all(this.#pools.map((pool) => pool.refresh()));
    const news = { type: 'connections-changed' as const, revision: ++this.#revision };
    const told = this.#pools.map((pool, index) => {
      const connections = this.#deps.pools[index]!.connections?.(config);
      if (connections === undefined) return [];
      return this.#news.tell(pool.children(), { ...news, to: 'worker', connections });
    });
    const unreachable = (await Promise.all(told)).flat();
    const server = this.#server.child;
    const connections = serverConnections(config);
    if (server !== null) await this.#news.tell([server], { ...news, to: 'server', connections, stale });
    return unreachable;
  }

  /** Starts what the first answers need. The other pools follow once it serves, so that their start does not delay the answers. */
  startServing(): void {
    this.#startsFollowers = true;
    for (const pool of this.#pools) if (!pool.followsServing) pool.start();
    this.#server.start();
  }

  startWorkers(): void {
    for (const pool of this.#pools) pool.start();
  }

  startServer(): void {
    this.#server.start();
  }

  children(): ManagedChild[] {
    const server = this.#server.child;
    const workers = this.#pools.flatMap((pool) => pool.children());
    return server === null ? workers : [server, ...workers];
  }

  workOf(child: ManagedChild): Work {
    const pool = this.#poolOf(child);
    return pool?.workOf(child) ?? { queryId: null, queriesServed: child.queriesServed };
  }

  /** Lets each pool make its decisions, once a second. `mayFork` says that memory allows more than indispensable starts. */
  tick(mayFork: boolean, rssOf: (child: ManagedChild) => number | null): void {
    const isSettled = !this.#draining && this.#steps.isWhole;
    for (const pool of this.#pools) pool.tick({ mayFork, isSettled, rssOf });
  }

  /** Returns its processes, each with what may be done about it. */
  inspectedProcesses(): InspectedProcess[] {
    const { vitalsOf, context } = this.#deps;
    return this.children().map(
      (child) =>
        this.#poolOf(child)?.inspectedChild(child) ?? inspectedChild(child, { log: context.log, vitalsOf }),
    );
  }

  /** Returns the queries that can be ended to free memory. */
  leased(): LeasedQuery[] {
    return this.#pools.flatMap((pool) => pool.leased());
  }

  get isEndingOne(): boolean {
    return this.#pools.some(({ isEndingOne }) => isEndingOne);
  }

  /** Ends the query in that worker because memory is short. Returns false when the worker is not of this generation. */
  endForPressure(workerId: string, reason: string): boolean {
    return this.#pools.some((pool) => pool.endForPressure(workerId, reason));
  }

  get sizes(): PoolSizes {
    return Object.fromEntries(this.#pools.map(({ role, size }) => [role, size]));
  }

  /** Changes a pool's size until this generation is replaced. */
  scale(role: string, size: number): void {
    this.#pools.find((pool) => pool.role === role)?.scale(size);
  }

  /**
   * Lets running queries finish. With a successor, idle clients get time to connect to it. Resolves when all processes are
   * gone, with true when the server ended by itself in time.
   */
  async drain(ending: Ending, successor: boolean): Promise<boolean> {
    const server = this.#server.child;
    this.#draining = true;
    this.#startsFollowers = false;
    await this.#server.stop(this.config.monitor.drainMs, ending, { patienceMs: HARD_STOP_MS, successor });
    await Promise.all(this.#pools.map((pool) => pool.stop(WORKER_STOP_MS, ending)));
    return server === null || !server.forced;
  }

  async kill(ending: Ending): Promise<void> {
    this.#startsFollowers = false;
    await Promise.all([this.#server.kill(ending), ...this.#pools.map((pool) => pool.kill(ending))]);
  }

  #poolOf(child: ManagedChild): Pool | undefined {
    return this.#pools.find(({ role }) => role === child.identity.role);
  }

  #superviseServer(): Supervised {
    const { context, onListProcesses, onConnectionsRequest } = this.#deps;
    return new Supervised({
      brake: new Brake(context.clock.monotonicMs),
      log: context.log,
      launch: (events) =>
        this.#launchServer({
          ...events,
          // The server must know its workers before it answers the first request.
          onStarted: (server: ManagedChild) => server.send(this.#workerList()),
        }),
      onReady: () => this.#onReady(),
      onMessage: (child, message) => {
        if (message.type === 'list-processes') onListProcesses(child, message.requestId);
        else if (message.type === 'stored-connections' || message.type === 'examine-connection')
          onConnectionsRequest(child, message);
        else if (message.type === 'connections-taken') this.#news.taken(child, message);
        else this.#onServerMessage(child, message);
      },
      onLost: (child, end) => this.#onLost(child, end),
      onGone: () => {
        if (this.#draining) return;
        for (const pool of this.#pools) pool.serverLost();
      },
    });
  }

  #launchServer(events: ChildEvents): ManagedChild {
    const { context, socket, locals } = this.#deps;
    const { config } = this;
    return launchChild(context, {
      ...{ role: 'server', slot: 0, workerId: context.nextWorkerId('server'), events },
      ...{ config, launch: ORDINARY_LAUNCH, extraFds: [socket.fd, ...locals.map(({ fd }) => fd)] },
      child: () => ({
        role: 'server',
        config: serverConfig(this.#config, { ...socket, locals: locals.length }, context.runDir),
      }),
    });
  }

  #onReady(): void {
    this.#tellWorkers();
    const server = this.#server.readyChild !== null;
    const workersReady = this.#pools.every(({ isWhole }) => isWhole);
    this.#steps.reach('serving', server && this.#pools.every(({ canServe }) => canServe), () => {
      this.#deps.onServing();
      if (this.#startsFollowers) for (const pool of this.#pools) if (pool.followsServing) pool.start();
    });
    this.#steps.reach('workers-ready', workersReady, this.#deps.onWorkersReady);
    this.#steps.reach('whole', server && workersReady, this.#deps.onWhole);
  }

  #onServerMessage(child: ManagedChild, message: FromChild): void {
    // The message comes from a server that has died or was replaced: its leases are void.
    if (child !== this.#server.child) {
      if (message.type === 'lease') for (const pool of this.#pools) pool.voidLease(message.workerId);
      return;
    }
    if (this.#pools.some((pool) => pool.hear(message))) return;
    const { log } = this.#deps.context;
    switch (message.type) {
      case 'lease':
        log.debug('lease-of-gone', {
          ...{ workerId: message.workerId, queryId: message.queryId, principal: message.principal },
        });
        return;
      case 'release':
      case 'retired':
        return; // the worker of this lease is gone
      default:
        log.warn('unexpected-message', { workerId: child.workerId, type: message.type });
    }
  }

  #onLost(child: ManagedChild, end: ChildEnd): void {
    if (!this.#steps.isWhole) this.#deps.onBootFailed(child, end);
    this.#deps.onLost(child, end);
    // A worker that died by itself may count against its query (server/history/poison.ts); one that the monitor ended does not.
    if (end.decided === null)
      this.#tellServer({ type: 'worker-lost', workerId: child.workerId, how: describeEnd(end) });
  }

  #onWorkerGone(child: ManagedChild): void {
    this.#tellWorkers();
    removeFilesOf(child, this.#deps.context);
  }

  #tellWorkers(): void {
    this.#tellServer(this.#workerList());
  }

  /** Sends a message to the server, also to a draining one, which still runs queries. Returns whether it was sent. */
  #tellServer(message: ToChild): boolean {
    const server = this.#server.child;
    server?.send(message);
    return server !== null;
  }

  #workerList(): ToChild {
    const { pools, context } = this.#deps;
    const workers = this.#pools.flatMap((pool, index) =>
      pool.usable().flatMap((child) => workerAddress(pools[index]!, this.config, context.runDir, child)),
    );
    return { type: 'workers-changed', workers, sizes: this.sizes };
  }
}
