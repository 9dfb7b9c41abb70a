/**
 * One child process of the monitor's, from its start to its end. Who decides about it asks it to `stop` or `kill`;
 * this file only knows how.
 *
 *   starting --ready, same build--> ready --stop--> stopping --grace over--> killing --> gone
 *      |                              |                                        ^
 *      +--- init-failed, other build, boot timeout, disconnect, kill() --------+
 *   any --exit, spawn error--> gone
 *
 * - `onGone` comes exactly once, whatever happened, and no timer is left after it. Of a process that outlives KILL it
 *   comes as well: another may take its place beside it.
 * - Signals go to the whole process group, and what is left of the group when its leader is gone is killed.
 * - A signal is only sent between spawn and exit: until the exit is reaped the pid cannot be anybody else's.
 */
import type { ChildProcess } from 'node:child_process';
import type { Log } from '../../core/logging/log.ts';
import type { Clock } from '../../core/process/clock.ts';
import { readSample, readWchan } from '../../core/process/proc.ts';
import { causeOf, type EndCause, type Ending } from '../../core/protocol/endings.ts';
import type { ChildConfig, ChildIdentity, FromChild, ToChild } from '../../core/protocol/monitor.ts';
import { afterListening } from './patient-timer.ts';

export type ChildPhase = 'starting' | 'ready' | 'stopping' | 'killing' | 'gone';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why the monitor ended it; null when it ended by itself. */
  readonly decided: string | null;
  readonly cause: EndCause;
  /** What it or the system said about why it could not start. */
  readonly failure: string | null;
  /** It never became ready, or died soon after: counts for the crash brake unless `decided`. */
  readonly early: boolean;
}

export interface ChildEvents {
  /** It has its pid and its `init`. */
  onStarted?(child: ManagedChild): void;
  onReady(child: ManagedChild): void;
  /** Every message but `ready`, `init-failed` and `heartbeat`. */
  onMessage(child: ManagedChild, message: FromChild): void;
  onGone(child: ManagedChild, end: ChildEnd): void;
}

export interface ChildTimeouts {
  readonly bootTimeoutMs: number;
  /** From TERM to KILL. */
  readonly killAfterMs: number;
}

export interface ChildOptions {
  readonly identity: ChildIdentity;
  /** Its `init`, made when it is sent. */
  child(): ChildConfig;
  readonly logLevel: string;
  readonly redactLiterals: boolean;
  readonly timeouts: ChildTimeouts;
  readonly events: ChildEvents;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Prepares its files, starts the process and gives it to `adopt` before anything can happen to it: a spawn that
   * fails says so in an 'error' event at the next tick. Rejects when there is nothing to adopt (EMFILE, ...).
   */
  spawn(adopt: (process: ChildProcess) => void): Promise<void>;
  /** For tests: a process that KILL does not end cannot be made. */
  readonly sendSignal?: (pid: number, signal: NodeJS.Signals) => void;
  /** From KILL until the monitor goes on without it. */
  readonly unkillableAfterMs?: number;
}

/** Dying so soon after `ready` counts as failing to start. */
const EARLY_MS = 5000;
/** Beyond the grace that a stopping child was given. */
const STOP_PATIENCE_MS = 1000;
/** After KILL: a process that is still there is held by the kernel (state D), and is not waited for. */
const UNKILLABLE_AFTER_MS = 5000;
/** The channel closed and the process did not end: it cannot be told anything any more. */
const DISCONNECT_GRACE_MS = 1000;

export class ManagedChild {
  readonly identity: ChildIdentity;
  phase: ChildPhase = 'starting';
  pid: number | null = null;
  /** With the pid, who this process is; null before it is known and where there is no /proc. */
  startTicks: number | null = null;
  readonly createdAtMs: number;
  readyAtMs: number | null = null;
  lastHeartbeatAtMs: number;
  queriesServed = 0;
  eventLoopLagMs = 0;
  /** It was sent a signal, at whatever point. */
  forced = false;
  /** It outlived KILL, and counts as gone. */
  abandoned = false;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
  readonly #options: ChildOptions;
  #process: ChildProcess | null = null;
  #clearTimer: () => void = () => {};
  #decided: Ending | null = null;
  #failure: string | null = null;
  #resolveGone: () => void = () => {};

  constructor(options: ChildOptions) {
    this.identity = options.identity;
    this.#options = options;
    this.createdAtMs = options.clock.monotonicMs();
    this.lastHeartbeatAtMs = this.createdAtMs;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    options
      .spawn((process) => this.#adopt(process))
      .catch((thrown: unknown) => {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        if (this.#process === null) this.#end(null, null, message);
        else options.log.warn('after-spawn', { workerId: this.workerId, message });
      });
  }

  get workerId(): string {
    return this.identity.workerId;
  }

  send(message: ToChild): void {
    const process = this.#process;
    // A closed channel: the exit or the disconnect timer follows and tells everybody.
    if (process?.connected === true) process.send(message, undefined, {}, () => {});
  }

  /** Lets it finish: it is told to within `graceMs`, and `patienceMs` later come TERM and KILL. */
  stop(graceMs: number, ending: Ending, { patienceMs = STOP_PATIENCE_MS, successor = false } = {}): void {
    if (this.phase === 'starting') this.kill(ending);
    if (this.phase !== 'ready') return;
    this.phase = 'stopping';
    this.#decided ??= ending;
    this.send({ type: 'stop', graceMs, successor });
    const limitMs = graceMs + patienceMs;
    this.#after(limitMs, () => {
      this.#options.log.warn('did-not-stop', { workerId: this.workerId, childPid: this.pid, limitMs });
      this.kill(ending);
    });
  }

  /** TERM and, after a while, KILL; `straight` means KILL at once (a stopped process ignores TERM). */
  kill(ending: Ending, straight = false): void {
    if (this.phase === 'gone') return;
    if (this.phase === 'killing' && !straight) return;
    this.phase = 'killing';
    this.forced = true;
    this.#decided ??= ending;
    if (straight) {
      this.#killNow();
      return;
    }
    this.#signal('SIGTERM');
    this.#after(this.#options.timeouts.killAfterMs, () => this.#killNow());
  }

  #killNow(): void {
    this.#signal('SIGKILL');
    this.#after(this.#options.unkillableAfterMs ?? UNKILLABLE_AFTER_MS, () => this.#abandon());
  }

  /** Nothing more can be done but not to wait for it. When the kernel lets it go, node reaps it by itself. */
  #abandon(): void {
    const pid = this.pid ?? 0;
    const { workerId } = this;
    const kernelState = readSample(pid)?.state;
    this.#options.log.error('unkillable', { workerId, childPid: pid, kernelState, wchan: readWchan(pid) });
    this.#process?.channel?.unref();
    this.#process?.unref();
    this.abandoned = true;
    this.#end(null, null, null);
  }

  #adopt(process: ChildProcess): void {
    this.#process = process;
    this.pid = process.pid ?? null;
    process.on('error', (error) => {
      if (process.pid === undefined) this.#end(null, null, error.message);
      else this.#options.log.warn('child-error', { workerId: this.workerId, message: error.message });
    });
    if (process.pid === undefined) return; // its 'error' event comes
    this.startTicks = readSample(process.pid)?.startTicks ?? null;
    process.on('exit', (code, signal) => this.#end(code, signal, null));
    process.on('message', (message) => this.#receive(message as FromChild)); // our own child's: trusted
    process.on('disconnect', () => this.#onDisconnect());
    if (this.phase === 'killing') {
      this.#killNow(); // decided while it was being prepared
      return;
    }
    const { identity, logLevel, redactLiterals, timeouts } = this.#options;
    this.send({ type: 'init', identity, child: this.#options.child(), logLevel, redactLiterals });
    this.#after(timeouts.bootTimeoutMs, () => {
      this.#failure = `was not ready within ${timeouts.bootTimeoutMs} ms`;
      this.#killUndecided();
    });
    this.#options.events.onStarted?.(this);
  }

  #receive(message: FromChild): void {
    if (this.phase === 'gone') return; // abandoned, and awake after all
    switch (message.type) {
      case 'ready':
        this.#onReady(message.buildId);
        return;
      case 'init-failed':
        this.#failure = message.message;
        return;
      case 'heartbeat':
        this.lastHeartbeatAtMs = this.#options.clock.monotonicMs();
        this.queriesServed = message.queriesServed;
        this.eventLoopLagMs = message.eventLoopLagMs;
        return;
      default:
        this.#options.events.onMessage(this, message);
    }
  }

  #onReady(buildId: string): void {
    if (this.phase !== 'starting') return; // it was told to end meanwhile
    if (buildId !== this.identity.buildId) {
      this.#failure = `is of build ${buildId}, the monitor of ${this.identity.buildId}: restart forkline after an upgrade`;
      this.#killUndecided();
      return;
    }
    this.#clearTimer();
    this.phase = 'ready';
    this.readyAtMs = this.lastHeartbeatAtMs = this.#options.clock.monotonicMs();
    this.#options.events.onReady(this);
  }

  /** Ends a child that failed to start; that is its failure and not our decision, so that the brake counts it. */
  #killUndecided(): void {
    const decided = this.#decided;
    this.kill({ cause: 'failed-start', reason: 'failed to start' }, true);
    this.#decided = decided;
  }

  #onDisconnect(): void {
    if (this.phase === 'gone' || this.phase === 'killing') return;
    this.#after(DISCONNECT_GRACE_MS, () => {
      this.#failure ??= 'closed its channel and did not exit';
      this.#killUndecided();
    });
  }

  #end(code: number | null, signal: string | null, failure: string | null): void {
    if (this.phase === 'gone') return;
    const early = this.readyAtMs === null || this.#options.clock.monotonicMs() - this.readyAtMs < EARLY_MS;
    this.phase = 'gone';
    this.#clearTimer();
    if (this.pid !== null) this.#signal('SIGKILL'); // what it started and left behind
    const facts = { code, signal, decided: this.#decided, failure: failure ?? this.#failure };
    const cause = this.abandoned ? 'unkillable' : causeOf(facts);
    this.#options.events.onGone(this, { ...facts, decided: this.#decided?.reason ?? null, cause, early });
    this.#resolveGone();
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid === null) return;
    try {
      (this.#options.sendSignal ?? signalGroup)(this.pid, signal);
    } catch {
      // ESRCH: the whole group is gone; its 'exit' is on the way or was just handled
    }
  }

  /** One timer at a time: each step of a child's life replaces the one before. */
  #after(ms: number, action: () => void): void {
    this.#clearTimer();
    this.#clearTimer = afterListening(ms, action);
  }
}

function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  process.kill(-leaderPid, signal);
}

/** How a process ended, for people: `exit code 1`, `signal SIGKILL`, `spawn EAGAIN`. */
export function describeEnd({ code, signal, decided, failure, cause }: ChildEnd): string {
  const nothing = cause === 'unkillable' ? 'outlived KILL' : 'not started';
  const how = signal !== null ? `signal ${signal}` : code !== null ? `exit code ${code}` : nothing;
  const why = decided ?? failure;
  return why === null ? how : `${how} (${why})`;
}
