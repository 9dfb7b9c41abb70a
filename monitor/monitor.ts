/**
 * The monitor at work: the logger, the generations, a look at everything each second, reload and drain.
 *
 *   starting --a server and a SQL worker ready--> serving --drain--> draining --> ended
 *   starting --the server cannot start--> failed            any --kill--> ended
 *
 * - There is one current generation; a second one exists only while a reload is under way or the old one drains.
 * - The logger is the first to start and the last to go, so that every line is in the file.
 */
import type { LogClient } from '../logger/log.ts';
import { passwordsOf, registerSecrets } from '../logger/redact.ts';
import { Brake } from './brake.ts';
import type { Config } from './config.ts';
import { Generation, type GenerationDeps } from './generation.ts';
import { type LaunchContext, launchChild } from './launch.ts';
import type { BoundSocket } from './listen.ts';
import { type ChildEnd, describeEnd, type ManagedChild } from './managed-child.ts';
import type { ProcessRow } from './messages.ts';
import { processTable } from './process-table.ts';
import { Sampler, type Watched } from './sampler.ts';
import { Supervised } from './supervised.ts';

const TICK_MS = 1000;
const LOGGER_STOP_MS = 5000;
const LOGGER_KILL_MS = 1000;
const LOG_CLOSE_MS = 2000;
const MAX_BOOT_FAILURES = 3;
/** The terminal is told of trouble with one role at most so often; the log has all of it. */
const CONSOLE_EVERY_MS = 2000;

export interface MonitorDeps {
  readonly config: Config;
  readonly database: { readonly pid: number } | null;
  readonly context: LaunchContext;
  readonly socket: BoundSocket;
  consoleLog(line: string): void;
  onServing(): void;
  /** It can never serve: why. */
  onFailed(reason: string): void;
}

type GenerationEvents = Pick<GenerationDeps, 'onBootFailed' | 'onWorkersReady' | 'onWhole'> &
  Partial<Pick<GenerationDeps, 'onServing'>>;

export class Monitor {
  readonly #deps: MonitorDeps;
  readonly #log: LogClient;
  readonly #sampler: Sampler;
  readonly #logger: Supervised;
  readonly #startedAtMs: number;
  readonly #generations = new Set<Generation>();
  readonly #toldAtMs = new Map<string, number>();
  readonly #orphanZombies = new Set<number>();
  #current: Generation;
  #nextGeneration = 1;
  #ticker: NodeJS.Timeout | null = null;
  #lastTickMs: number;
  #draining = false;
  #serving = false;
  #killing: Promise<void> | null = null;

  constructor(deps: MonitorDeps) {
    this.#deps = deps;
    this.#log = deps.context.log;
    this.#startedAtMs = this.#lastTickMs = deps.context.clock.monotonicMs();
    this.#sampler = new Sampler(deps.context.clock.monotonicMs);
    this.#logger = this.#superviseLogger();
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
    this.#current.startWorkers();
    this.#current.startServer();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  /** The log file was moved away: go on in a new one. */
  reopenLog(): void {
    this.#logger.child?.send({ type: 'reopen-log' });
  }

  children(): ManagedChild[] {
    const logger = this.#logger.child;
    const others = [...this.#generations].flatMap((generation) => generation.children());
    return logger === null ? others : [logger, ...others];
  }

  /** A generation beside the current one; it starts nothing by itself. */
  createGeneration(config: Config, events: GenerationEvents): Generation {
    registerSecrets(passwordsOf(config.connections));
    const generation = new Generation({
      onServing: () => {},
      ...events,
      number: this.#nextGeneration++,
      config,
      socket: this.#deps.socket,
      context: this.#deps.context,
      onLost: (child, end) => this.#tellLoss(child, end),
      onListProcesses: (server, requestId) =>
        server.send({ type: 'processes', requestId, processes: this.#processes() }),
    });
    this.#generations.add(generation);
    return generation;
  }

  /** The old one finishes what runs in it, and goes. */
  async switchTo(next: Generation): Promise<void> {
    const old = this.#current;
    this.#current = next;
    await old.drain('replaced by a reload', true);
    this.#generations.delete(old);
  }

  async discard(generation: Generation): Promise<void> {
    await generation.kill('reload given up');
    this.#generations.delete(generation);
  }

  /** true when everybody ended in time by itself. */
  async drain(reason: string): Promise<boolean> {
    this.#draining = true;
    this.#log.info('drain', { reason });
    const clean = await Promise.all(
      [...this.#generations].map((generation) => generation.drain(reason, false)),
    );
    if (this.#killing !== null) {
      await this.#killing; // somebody lost patience meanwhile; the rest is done there
      return false;
    }
    await this.#endLogger(LOGGER_STOP_MS);
    return clean.every((each) => each);
  }

  /** Ends everything now; the logger gets a moment for the last lines. */
  kill(reason: string): Promise<void> {
    this.#killing ??= this.#killAll(reason);
    return this.#killing;
  }

  async #killAll(reason: string): Promise<void> {
    this.#draining = true;
    this.#log.warn('kill-all', { reason });
    await Promise.all([...this.#generations].map((generation) => generation.kill(reason)));
    await this.#endLogger(LOGGER_KILL_MS);
  }

  async #endLogger(graceMs: number): Promise<void> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#log.info('monitor-stopped', {});
    await this.#log.close(Math.min(graceMs, LOG_CLOSE_MS));
    await this.#logger.stop(graceMs, 'the monitor stops');
  }

  #superviseLogger(): Supervised {
    const { config, context } = this.#deps;
    const { level: _, redactLiterals: __, ...kept } = config.log;
    const { logSocket, rawDir } = context.runDir;
    const secrets = passwordsOf(config.connections);
    const child = {
      role: 'logger' as const,
      config: { ...kept, socketPath: logSocket, rawDir, secrets },
    };
    return new Supervised({
      brake: new Brake(context.clock.monotonicMs),
      log: this.#log,
      launch: (events) =>
        launchChild(context, {
          slot: 0,
          workerId: context.nextWorkerId('logger'),
          child,
          config,
          listenFd: null,
          events,
        }),
      onReady: () => {},
      onMessage: (from, { type }) => this.#log.warn('unexpected-message', { workerId: from.workerId, type }),
      onLost: (lost, end) => this.#tellLoss(lost, end),
      onGone: () => {},
    });
  }

  /** The first generation may fail where a later one is only given up: then there is nothing to keep. */
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

  #watched(): Watched[] {
    const { database } = this.#deps;
    const others = database === null ? [process.pid] : [process.pid, database.pid];
    return [...this.children(), ...others.map((pid) => ({ pid, startTicks: null }))];
  }

  #processes(): ProcessRow[] {
    this.#sampler.sampleNew(this.#watched());
    const owner = new Map(
      [...this.#generations].flatMap((generation) =>
        generation.children().map((child) => [child, generation]),
      ),
    );
    return processTable({
      sampler: this.#sampler,
      nowMs: this.#deps.context.clock.monotonicMs(),
      startedAtMs: this.#startedAtMs,
      database: this.#deps.database,
      draining: this.#draining,
      children: this.children(),
      workOf: (child) => owner.get(child)?.workOf(child) ?? { queryId: null, queriesServed: 0 },
    });
  }

  #tick(): void {
    const nowMs = this.#deps.context.clock.monotonicMs();
    const children = this.children();
    const lateMs = nowMs - this.#lastTickMs - TICK_MS;
    this.#lastTickMs = nowMs;
    // This process itself stood still (a laptop asleep, a debugger): nobody's heartbeat could be heard.
    if (lateMs > this.#deps.config.monitor.heartbeatTimeoutMs / 4) {
      this.#log.warn('tick-late', { lateMs: Math.round(lateMs) });
      for (const child of children) child.lastHeartbeatAtMs = nowMs;
    }
    this.#sampler.sample(this.#watched());
    this.#checkZombies(children);
    this.#checkLogger(nowMs);
    const rssOf = (child: ManagedChild) => this.#sampler.of(child.pid).rssBytes;
    for (const generation of this.#generations) generation.tick(nowMs, rssOf);
  }

  #checkLogger(nowMs: number): void {
    const logger = this.#logger.readyChild;
    if (logger === null) return;
    const silentMs = nowMs - logger.lastHeartbeatAtMs;
    if (silentMs > this.#deps.config.monitor.heartbeatTimeoutMs)
      logger.kill(`no heartbeat for ${Math.round(silentMs)} ms`, true);
  }

  #checkZombies(children: readonly ManagedChild[]): void {
    const pids = children.flatMap(({ pid }) => (pid === null ? [] : [pid]));
    for (const zombie of this.#sampler.lastingZombies([process.pid, ...pids], new Set(pids))) {
      const parent = children.find(({ pid }) => pid === zombie.ppid);
      const role = parent?.identity.role;
      if (parent !== undefined && (role === 'sql' || role === 'dsl')) {
        const reason = `it does not reap its child ${zombie.pid}`;
        for (const generation of this.#generations)
          if (generation.children().includes(parent)) generation.killChild(parent, reason);
      } else if (!this.#orphanZombies.has(zombie.pid)) {
        this.#orphanZombies.add(zombie.pid);
        this.#log.warn('zombie', {
          zombiePid: zombie.pid,
          parent: parent?.workerId ?? 'monitor',
          count: this.#orphanZombies.size,
        });
      }
    }
  }
}
