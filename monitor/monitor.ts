/**
 * The monitor's main object: it owns the logger and the generations, and drains or kills them. monitor/watch/watch.ts inspects
 * all processes once a second; monitor/reload.ts replaces a generation.
 *
 *   starting --a server and a SQL worker ready--> serving --drain--> draining --> ended
 *   starting --the server cannot start--> failed            any --kill--> ended
 *
 * - There is one current generation; a second one exists only while a reload is under way or the old one drains.
 * - The logger is the first to start and the last to go, so that every line is in the file.
 */
import type { Config } from '../core/config/config.ts';
import type { LogClient } from '../core/logging/log.ts';
import { passwordsOf, registerSecrets } from '../core/logging/redact.ts';
import type { ScaleReply, StatusReply } from '../core/protocol/control.ts';
import type { Ending } from '../core/protocol/endings.ts';
import type { MemoryReading, ProcessRow, UnreachableConnection } from '../core/protocol/monitor.ts';
import type { PoolSizes } from '../core/protocol/pool-sizes.ts';
import type { InspectedProcess } from './children/inspected-process.ts';
import type { LaunchContext } from './children/launch.ts';
import type { BoundSocket, BoundUnixSocket } from './children/listen.ts';
import { type ChildEnd, describeEnd, type ManagedChild } from './children/managed-child.ts';
import type { Supervised } from './children/supervised.ts';
import { ControlError } from './control.ts';
import type { PoolDefinition } from './pools/definition.ts';
import { Generation } from './pools/generation.ts';
import type { GenerationDeps } from './pools/generation-deps.ts';
import { inspectedChild } from './pools/inspected-child.ts';
import { type LoggerPlace, superviseLogger } from './pools/logger-place.ts';
import { Watch } from './watch/watch.ts';

const LOGGER_STOP_MS = 5000;
const LOGGER_KILL_MS = 1000;
const LOG_CLOSE_MS = 2000;
const MAX_BOOT_FAILURES = 3;
/** The shortest time between two lines on the terminal about the same role; the log has every one. */
const CONSOLE_EVERY_MS = 2000;

export interface MonitorDeps {
  readonly config: Config;
  readonly database: { readonly pid: number } | null;
  readonly context: LaunchContext;
  readonly pools: readonly PoolDefinition[];
  readonly socket: BoundSocket;
  readonly locals: readonly BoundUnixSocket[];
  readMemory(): MemoryReading | null;
  consoleLog(line: string): void;
  onServing(): void;
  /** Called with the reason when the first generation cannot start. */
  onFailed(reason: string): void;
}

type GenerationEvents = Pick<GenerationDeps, 'onBootFailed' | 'onWorkersReady' | 'onWhole'> &
  Partial<Pick<GenerationDeps, 'onServing'>>;

export class Monitor {
  readonly #deps: MonitorDeps;
  readonly #log: LogClient;
  readonly #watch: Watch;
  readonly #loggerPlace: LoggerPlace;
  readonly #logger: Supervised;
  readonly #generations = new Set<Generation>();
  readonly #toldAtMs = new Map<string, number>();
  #current: Generation;
  #nextGeneration = 1;
  #draining = false;
  #serving = false;
  #killing: Promise<void> | null = null;

  constructor(deps: MonitorDeps) {
    this.#deps = deps;
    this.#log = deps.context.log;
    const { config, context, database, readMemory } = deps;
    this.#loggerPlace = superviseLogger(config, context, (child, end) => this.#tellLoss(child, end));
    this.#logger = this.#loggerPlace.supervised;
    this.#watch = new Watch({
      ...{ context, database, readMemory },
      watchee: {
        isDraining: () => this.#draining,
        generations: () => this.#generations,
        singleProcesses: () => this.#singleProcesses(),
        policy: () => this.#current.config.monitor,
      },
    });
    this.#current = this.#createFirst();
  }

  get current(): Generation {
    return this.#current;
  }

  get draining(): boolean {
    return this.#draining;
  }

  start(): void {
    this.#logger.start();
    this.#current.startServing();
    this.#watch.start();
  }

  /** Makes the logger open its file again, because the old one was moved away. */
  reopenLog(): void {
    this.#logger.child?.send({ type: 'reopen-log' });
  }

  /** Returns all processes, including those that SIGKILL did not end. */
  children(): ManagedChild[] {
    const logger = this.#logger.child;
    const others = [...this.#generations].flatMap((generation) => generation.children());
    const lost = this.#watch.unkillable;
    return logger === null ? [...others, ...lost] : [logger, ...others, ...lost];
  }

  childEnded(child: ManagedChild): void {
    this.#watch.childEnded(child);
  }

  /** Changes pool sizes of the current generation; the next one uses those of the configuration again. Throws ControlError. */
  scale(sizes: PoolSizes, reason: string): ScaleReply {
    if (this.#draining) throw new ControlError('the server is stopping');
    const before = this.#current.sizes;
    for (const [pool, size] of Object.entries(sizes))
      if (size !== before[pool]) this.#current.scale(pool, size);
    const after = this.#current.sizes;
    this.#log.info('scaled', { reason, before, after });
    return { before, after };
  }

  status(): StatusReply {
    const stats = this.#deps.context.stats.snapshot();
    return { processes: this.processes(), stats, sizes: this.#current.sizes };
  }

  processes(): ProcessRow[] {
    return this.#watch.processes();
  }

  /** Returns a new generation beside the current one; it starts nothing until it is told to. */
  createGeneration(config: Config, events: GenerationEvents): Generation {
    this.#keepSecrets(config);
    const generation = new Generation({
      onServing: () => {},
      ...events,
      number: this.#nextGeneration++,
      config,
      pools: this.#deps.pools,
      socket: this.#deps.socket,
      locals: this.#deps.locals,
      context: this.#deps.context,
      onLost: (child, end) => this.#tellLoss(child, end),
      vitalsOf: (child) => this.#watch.vitalsOf(child),
      onListProcesses: (server, requestId) =>
        server.send({
          ...{ type: 'processes', requestId, processes: this.processes() },
          stats: this.#deps.context.stats.snapshot(),
        }),
    });
    this.#generations.add(generation);
    return generation;
  }

  /** Gives the current generation other connections. Resolves with those that could not be reached. */
  async changeConnections(config: Config, stale: readonly string[]): Promise<UnreachableConnection[]> {
    this.#keepSecrets(config);
    return await this.#current.changeConnections(config, stale);
  }

  /** Tells the logger the passwords of the connections, so that they stay out of the log; called before anybody uses them. */
  #keepSecrets({ connections }: Config): void {
    const secrets = passwordsOf(connections);
    registerSecrets(secrets);
    this.#loggerPlace.keepSecret(secrets);
  }

  /** Makes `next` the current generation and drains the old one, which finishes what runs in it. */
  async switchTo(next: Generation): Promise<void> {
    const old = this.#current;
    this.#current = next;
    await old.drain(stop('replaced by a reload'), true);
    this.#generations.delete(old);
  }

  async discard(generation: Generation): Promise<void> {
    await generation.kill(stop('reload given up'));
    this.#generations.delete(generation);
  }

  /** Ends all processes in order. Resolves with true when all ended by themselves in time. */
  async drain(reason: string): Promise<boolean> {
    this.#draining = true;
    this.#log.info('drain', { reason });
    const clean = await Promise.all(
      [...this.#generations].map((generation) => generation.drain(stop(reason), false)),
    );
    if (this.#killing !== null) {
      await this.#killing; // `kill` was called meanwhile, and does the rest
      return false;
    }
    await this.#endLogger(LOGGER_STOP_MS);
    return clean.every((each) => each);
  }

  /** Kills all processes now; the logger gets a moment for the last lines. */
  kill(reason: string): Promise<void> {
    this.#killing ??= this.#killAll(reason);
    return this.#killing;
  }

  async #killAll(reason: string): Promise<void> {
    this.#draining = true;
    this.#log.warn('kill-all', { reason });
    await Promise.all([...this.#generations].map((generation) => generation.kill(stop(reason))));
    await this.#endLogger(LOGGER_KILL_MS);
  }

  async #endLogger(graceMs: number): Promise<void> {
    this.#watch.stop();
    this.#log.info('monitor-stopped', {});
    await this.#log.close(Math.min(graceMs, LOG_CLOSE_MS));
    await this.#logger.stop(graceMs, stop('the monitor stops'));
  }

  /** Creates the first generation. When it fails to start, the run fails; a later one would only be given up, since the old one still serves. */
  #createFirst(): Generation {
    let failures = 0;
    const generation = this.createGeneration(this.#deps.config, {
      onBootFailed: ({ identity }, end) => {
        if (identity.role !== 'server' || this.#serving || this.#draining) return;
        const hopeless = end.failure?.includes('EADDRINUSE') === true;
        if (++failures >= MAX_BOOT_FAILURES || hopeless)
          this.#deps.onFailed(`the server does not start: ${describeEnd(end)}`);
      },
      onServing: () => {
        this.#serving = true;
        this.#deps.onServing();
      },
      onWorkersReady: () => {},
      onWhole: () => this.#log.info('whole', { generation: generation.number }),
    });
    return generation;
  }

  #tellLoss(child: ManagedChild, end: ChildEnd): void {
    const nowMs = this.#deps.context.clock.monotonicMs();
    const { role } = child.identity;
    if (nowMs - (this.#toldAtMs.get(role) ?? -CONSOLE_EVERY_MS) < CONSOLE_EVERY_MS) return;
    this.#toldAtMs.set(role, nowMs);
    this.#deps.consoleLog(
      `forkline: ${child.workerId} (pid ${child.pid ?? '-'}) is gone: ${describeEnd(end)}`,
    );
  }

  #singleProcesses(): InspectedProcess[] {
    const { child } = this.#logger;
    const vitalsOf = (of: ManagedChild) => this.#watch.vitalsOf(of);
    return child === null ? [] : [inspectedChild(child, { log: this.#log, vitalsOf })];
  }
}

function stop(reason: string): Ending {
  return { cause: 'stop', reason };
}
