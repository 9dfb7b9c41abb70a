/**
 * One generation: a server and its SQL and DSL workers, all of one configuration. A reload starts a second one
 * beside the first; the two share nothing but the listening socket and the logger.
 *
 *   starting --server, all SQL workers and one DSL worker ready--> whole
 *   starting --too many failed boots (reload only)--> failed
 *   any --drain--> draining: server first, then the workers --> gone
 *
 * The first generation serves as soon as server and SQL workers can; its DSL workers start after that.
 * The server knows of the workers by `workers-changed` alone: the whole list, on every change.
 */
import type { Config } from '../../core/config/config.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { ChildConfig, FromChild, ToChild } from '../../core/protocol/monitor.ts';
import { Brake } from '../children/brake.ts';
import { dslConfig, serverConfig, sqlConfig, workerAddresses } from '../children/configs.ts';
import { launchChild } from '../children/launch.ts';
import {
  type ChildEnd,
  type ChildEvents,
  describeEnd,
  type ManagedChild,
} from '../children/managed-child.ts';
import type { Patient } from '../children/patient.ts';
import { removeFilesOf } from '../children/remove-files.ts';
import { Supervised, type SupervisedOptions } from '../children/supervised.ts';
import { BootSteps } from './boot-steps.ts';
import { dslPolicy } from './dsl-policy.ts';
import { DslPool } from './dsl-pool.ts';
import type { LeasedQuery } from './dsl-pool-options.ts';
import type { GenerationDeps } from './generation-deps.ts';
import { dslPatientOf, patientOf } from './patients.ts';
import { SqlPool } from './sql-pool.ts';

/** Workers have nothing left to do once their server is gone. */
const WORKER_STOP_MS = 2000;
/** The server gets this much beyond its own grace before it is killed. */
const HARD_STOP_MS = 5000;

export class Generation {
  readonly config: Config;
  readonly number: number;
  readonly #deps: GenerationDeps;
  readonly #server: Supervised;
  readonly #sql: SqlPool;
  readonly #dsl: DslPool;
  /** All SQL workers share it: their starts fail for the same reason. */
  readonly #sqlBrake: Brake;
  #draining = false;
  #dslFollows = false;
  readonly #steps = new BootSteps();

  constructor(deps: GenerationDeps) {
    this.#deps = deps;
    this.config = deps.config;
    this.number = deps.number;
    this.#sqlBrake = new Brake(deps.context.clock.monotonicMs);
    this.#server = this.#superviseServer();
    this.#sql = this.#createSqlPool();
    this.#dsl = this.#createDslPool();
  }

  /** What the first answers need; the DSL workers follow once it serves, so that their boots do not hold it up. */
  startServing(): void {
    this.#dslFollows = true;
    this.#sql.start();
    this.#server.start();
  }

  startWorkers(): void {
    this.#sql.start();
    this.#dsl.start();
  }

  startServer(): void {
    this.#server.start();
  }

  children(): ManagedChild[] {
    const server = this.#server.child;
    const workers = [...this.#sql.children(), ...this.#dsl.children()];
    return server === null ? workers : [server, ...workers];
  }

  /** What a child works on, for the process table. */
  workOf(child: ManagedChild): { queryId: string | null; queriesServed: number } {
    if (child.identity.role === 'dsl') return this.#dsl.workOf(child.workerId);
    return { queryId: null, queriesServed: child.queriesServed };
  }

  /** Each second. `mayFork`: memory allows more than what is indispensable. */
  tick(mayFork: boolean, rssOf: (child: ManagedChild) => number | null): void {
    this.#sql.tick(mayFork && !this.#draining && this.#steps.isWhole, rssOf);
    this.#dsl.tick(mayFork, rssOf);
  }

  /** Its processes, and what may be done about each. */
  patients(): Patient[] {
    const { vitalsOf, context } = this.#deps;
    return this.children().map((child) =>
      child.identity.role === 'dsl'
        ? dslPatientOf(child, this.#dsl)
        : patientOf(child, { log: context.log, vitalsOf }),
    );
  }

  /** The queries that run in DSL workers, which are the ones that can be ended for their memory. */
  leased(): LeasedQuery[] {
    return this.#dsl.leased();
  }

  get isEndingOne(): boolean {
    return this.#dsl.isEndingOne;
  }

  /** Ends the query in that worker because memory is short; false when the worker is not of this generation. */
  endForPressure(workerId: string, reason: string): boolean {
    if (!this.#dsl.children().some((child) => child.workerId === workerId)) return false;
    this.#dsl.endQuery(workerId, 'memory-pressure', { cause: 'memory-pressure', reason });
    return true;
  }

  get sizes(): { readonly sql: number; readonly dsl: number } {
    return { sql: this.#sql.size, dsl: this.#dsl.max };
  }

  /** Until this generation is replaced. */
  scale(pool: 'sql' | 'dsl', size: number): void {
    if (pool === 'sql') this.#sql.scale(size, `scaled to ${size}`);
    else {
      this.#dsl.scale(size);
      this.#tellWorkers();
    }
  }

  /**
   * Finishes what runs; with a successor, clients without a request get time to move over to it. Resolves when all
   * are gone: true when the server ended by itself in time.
   */
  async drain(ending: Ending, successor: boolean): Promise<boolean> {
    const server = this.#server.child;
    this.#draining = true;
    this.#dslFollows = false;
    await this.#server.stop(this.config.monitor.drainMs, ending, { patienceMs: HARD_STOP_MS, successor });
    await Promise.all([this.#sql.stop(WORKER_STOP_MS, ending), this.#dsl.stop(WORKER_STOP_MS, ending)]);
    return server === null || !server.forced;
  }

  async kill(ending: Ending): Promise<void> {
    this.#dslFollows = false;
    await Promise.all([this.#server.kill(ending), this.#sql.kill(ending), this.#dsl.kill(ending)]);
  }

  #superviseServer(): Supervised {
    const { config, socket, context, onListProcesses } = this.#deps;
    const child = { role: 'server' as const, config: serverConfig(config, socket, context.runDir) };
    return new Supervised({
      brake: new Brake(context.clock.monotonicMs),
      log: context.log,
      launch: (events) => {
        const workerId = context.nextWorkerId('server');
        // Before it answers anybody it knows its workers.
        const onStarted = (server: ManagedChild) => server.send(this.#workerList());
        return this.#launch(0, workerId, child, { ...events, onStarted });
      },
      onReady: () => this.#onReady(),
      onMessage: (child, message) => {
        if (message.type === 'list-processes') onListProcesses(child, message.requestId);
        else this.#onServerMessage(child, message);
      },
      onLost: (child, end) => this.#onLost(child, end),
      onGone: () => {
        if (this.#draining) return;
        this.#dsl.serverLost();
        this.#sql.serverLost();
      },
    });
  }

  #createSqlPool(): SqlPool {
    const { config, context } = this.#deps;
    return new SqlPool({
      processes: config.sql.processes,
      policy: config.sql,
      maxQueryMs: config.limits.maxTimeoutMs,
      clock: context.clock,
      log: context.log,
      random: Math.random,
      supervise: (slot, events) => this.#superviseSql(slot, events),
      tellServer: (message) => this.#tellServer(message),
      onChanged: () => this.#tellWorkers(),
      onReady: () => this.#onReady(),
      onLost: (child, end) => this.#onLost(child, end),
      onGone: (child) => this.#onWorkerGone(child),
      onRecycled: (limit) => context.stats.recycled('sql', limit),
    });
  }

  #superviseSql(slot: number, events: Pick<SupervisedOptions, 'onReady' | 'onLost' | 'onGone'>): Supervised {
    const { config, context } = this.#deps;
    return new Supervised({
      ...events,
      brake: this.#sqlBrake,
      log: context.log,
      launch: (childEvents) => {
        const workerId = context.nextWorkerId('sql');
        const child = { role: 'sql' as const, config: sqlConfig(config, context.runDir, workerId) };
        return this.#launch(slot, workerId, child, childEvents);
      },
      onMessage: (child, message) => this.#onStray(child, message),
    });
  }

  #createDslPool(): DslPool {
    const { config, context, vitalsOf } = this.#deps;
    return new DslPool({
      policy: dslPolicy(config),
      brake: new Brake(context.clock.monotonicMs),
      clock: context.clock,
      log: context.log,
      launch: (slot, events) => this.#launchDsl(slot, events),
      tellServer: (message) => this.#tellServer(message),
      onChanged: () => this.#tellWorkers(),
      onReady: () => this.#onReady(),
      onLost: (child, end) => this.#onLost(child, end),
      onGone: (child) => this.#onWorkerGone(child),
      onRecycled: (limit) => context.stats.recycled('dsl', limit),
      onWarmMiss: () => context.stats.warmMiss(),
      vitalsOf,
    });
  }

  #launchDsl(slot: number, events: ChildEvents): ManagedChild {
    const { config, context } = this.#deps;
    const workerId = context.nextWorkerId('dsl');
    const child = { role: 'dsl' as const, config: dslConfig(config, context.runDir, workerId) };
    return this.#launch(slot, workerId, child, events);
  }

  #launch(slot: number, workerId: string, child: ChildConfig, events: ChildEvents): ManagedChild {
    const { config, context, socket } = this.#deps;
    const listenFd = child.role === 'server' ? socket.fd : null;
    return launchChild(context, { slot, workerId, child, config, listenFd, events });
  }

  #onReady(): void {
    this.#tellWorkers();
    const server = this.#server.readyChild !== null;
    const dsl = this.#dsl.usable().length > 0 || this.config.dsl.spares === 0;
    const workersReady = this.#sql.isWhole && dsl;
    this.#steps.reach('serving', server && this.#sql.usable().length > 0, () => {
      this.#deps.onServing();
      if (this.#dslFollows) this.#dsl.start();
    });
    this.#steps.reach('workers-ready', workersReady, this.#deps.onWorkersReady);
    this.#steps.reach('whole', server && workersReady, this.#deps.onWhole);
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
        if (!this.#sql.retired(message.workerId)) this.#dsl.retired(message.workerId, message.accepted);
        return;
      default:
        this.#onStray(child, message);
    }
  }

  #onStray(child: ManagedChild, { type }: FromChild): void {
    this.#deps.context.log.warn('unexpected-message', { workerId: child.workerId, type });
  }

  #onLost(child: ManagedChild, end: ChildEnd): void {
    if (!this.#steps.isWhole) this.#deps.onBootFailed(child, end);
    this.#deps.onLost(child, end);
    // What the server makes of a query whose worker crashed depends on whether we wanted it.
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

  /** A draining server still works, and may still need what it is told. */
  #tellServer(message: ToChild): boolean {
    const server = this.#server.child;
    server?.send(message);
    return server !== null;
  }

  #workerList(): ToChild {
    const usable = [...this.#sql.usable(), ...this.#dsl.usable()];
    const workers = workerAddresses(this.config, this.#deps.context.runDir, usable);
    return { type: 'workers-changed', workers, dslMax: this.#dsl.max };
  }
}
