/**
 * One child process of the monitor, from its start to its end. Other code decides when to `stop` or `kill` it; this file
 * only knows how.
 *
 *   starting --ready, same build--> ready --stop--> stopping --grace over--> killing --> gone
 *      |                              |                                        ^
 *      +--- init-failed, other build, boot timeout, disconnect, kill() --------+
 *   any --exit, spawn error--> gone
 *
 * - `onGone` is called exactly once, whatever happens, and no timer is left after it. It is also called for a process that
 *   SIGKILL does not end, so that another can take its place.
 * - Signals go to the whole process group; when its leader has ended, the rest of the group is killed.
 * - A signal is only sent between spawn and exit: until the exit is reaped, no other process can have the pid.
 */
import type { ChildProcess } from 'node:child_process';
import type { Log } from '../../core/logging/log.ts';
import type { Clock } from '../../core/process/clock.ts';
import { readSample, readWchan } from '../../core/process/proc.ts';
import { causeOf, type EndCause, type Ending } from '../../core/protocol/endings.ts';
import type { ChildConfig, ChildIdentity, FromChild, ToChild } from '../../core/protocol/monitor.ts';
import { endOf, findInnerPid, type ProcessId, processId } from '../sandbox/inner-process.ts';
import { afterListening } from './patient-timer.ts';
import { type SendSignal, SignalTarget } from './signal-target.ts';

export type ChildPhase = 'starting' | 'ready' | 'stopping' | 'killing' | 'gone';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The reason for which the monitor ended the child; null when it ended by itself. */
  readonly decided: string | null;
  readonly cause: EndCause;
  /** The reason why the child could not start, as the child or the system reported it. */
  readonly failure: string | null;
  /** Whether the child never became ready, or died soon after. It then counts for the crash brake, unless the monitor ended it. */
  readonly early: boolean;
}

export interface ChildEvents {
  /** Called when the child has its pid and its `init`. */
  onStarted?(child: ManagedChild): void;
  onReady(child: ManagedChild): void;
  /** Called with every message but `ready`, `init-failed` and `heartbeat`. */
  onMessage(child: ManagedChild, message: FromChild): void;
  onGone(child: ManagedChild, end: ChildEnd): void;
}

export interface ChildOptions {
  readonly identity: ChildIdentity;
  /** Returns the configuration for `init`, called when that is sent. */
  child(): ChildConfig;
  readonly logLevel: string;
  readonly redactLiterals: boolean;
  /** `killAfterMs`: the time between TERM and KILL. */
  readonly timeouts: { readonly bootTimeoutMs: number; readonly killAfterMs: number };
  readonly events: ChildEvents;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Prepares the child's files, starts the process and calls `adopt` in the same tick, since a failed spawn emits 'error' at
   * the next one. Rejects when no process object could be made (EMFILE, ...).
   */
  spawn(adopt: (process: ChildProcess, shownKey?: string | null) => void): Promise<void>;
  /** Whether the started process is a sandbox, and the child in it another one. */
  readonly isSandboxed?: boolean;
  /** Replaces the sending of signals in tests, which cannot make a process that survives SIGKILL. */
  readonly sendSignal?: SendSignal;
  /** The time after KILL after which the monitor goes on without the process. */
  readonly unkillableAfterMs?: number;
}

/** The time after `ready` within which a death counts as a failed start. */
const EARLY_MS = 5000;
/** The time that a stopping child gets beyond its grace. */
const STOP_PATIENCE_MS = 1000;
/** The time after KILL after which a process counts as held by the kernel (state D), and is no longer waited for. */
const UNKILLABLE_AFTER_MS = 5000;
/** The time that a process gets to end after its channel has closed: no message can reach it any more. */
const DISCONNECT_GRACE_MS = 1000;
const INNER_POLL_MS = 2;

export class ManagedChild {
  readonly identity: ChildIdentity;
  phase: ChildPhase = 'starting';
  /** The process's pid; that inside of its sandbox, as this process sees it, once it is known. */
  pid: number | null = null;
  /** The process's start time, which together with the pid identifies it; null before it is known, and without /proc. */
  startTicks: number | null = null;
  /** Tells which places its sandbox shows (monitor/sandbox/shown-places.ts); null without a sandbox, and before it started. */
  shownKey: string | null = null;
  readonly createdAtMs: number;
  readyAtMs: number | null = null;
  lastHeartbeatAtMs: number;
  queriesServed = 0;
  eventLoopLagMs = 0;
  /** Whether the monitor has sent it a signal. */
  forced = false;
  /** Whether the process survived SIGKILL and counts as gone. */
  abandoned = false;
  /** Resolves when the child is gone. */
  readonly gone: Promise<void>;
  readonly #options: ChildOptions;
  readonly #signals: SignalTarget;
  #process: ChildProcess | null = null;
  #clearTimer: () => void = () => {};
  #decided: Ending | null = null;
  #failure: string | null = null;
  #resolveGone: () => void = () => {};

  constructor(options: ChildOptions) {
    this.identity = options.identity;
    this.#options = options;
    this.#signals = new SignalTarget(options.sendSignal);
    this.createdAtMs = options.clock.monotonicMs();
    this.lastHeartbeatAtMs = this.createdAtMs;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    options
      .spawn((process, shownKey = null) => {
        this.shownKey = shownKey;
        this.#adopt(process);
      })
      .catch((thrown: unknown) => {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        if (this.#process === null) this.#end(null, null, message);
        else options.log.warn('after-spawn', { workerId: this.workerId, message });
      });
  }

  /** The process that was started, which leads the process group: the child itself, or its sandbox. */
  get leader(): ProcessId | null {
    return this.#signals.leader;
  }

  get isSandboxed(): boolean {
    return this.#options.isSandboxed === true;
  }

  get workerId(): string {
    return this.identity.workerId;
  }

  send(message: ToChild): void {
    const process = this.#process;
    // When the channel is closed, the exit or the disconnect timer follows and does the rest.
    if (process?.connected === true) process.send(message, undefined, {}, () => {});
  }

  /** Tells the child to finish within `graceMs`; `patienceMs` after that it gets TERM, and then KILL. */
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

  /** Sends TERM and, after a while, KILL; `straight` means KILL at once (a stopped process ignores TERM). */
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
    this.#signals.signal('SIGTERM');
    this.#after(this.#options.timeouts.killAfterMs, () => this.#killNow());
  }

  #killNow(): void {
    this.#signals.signal('SIGKILL');
    this.#after(this.#options.unkillableAfterMs ?? UNKILLABLE_AFTER_MS, () => this.#abandon());
  }

  /** Stops waiting for the process, since nothing else can be done. When the kernel lets it go, Node reaps it. */
  #abandon(): void {
    if (this.#signals.outlivedByBox) {
      this.#signals.signalGroup('SIGKILL'); // 'exit' follows
      return;
    }
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
    process.on('error', (error) => {
      if (process.pid === undefined) this.#end(null, null, error.message);
      else this.#options.log.warn('child-error', { workerId: this.workerId, message: error.message });
    });
    if (process.pid === undefined) return; // the spawn failed, and its 'error' event follows
    const leader = this.#signals.startedAs(process.pid);
    process.on('exit', (code, signal) => this.#end(...endOf(code, signal, this.isSandboxed), null));
    process.on('message', (message) => this.#receive(message as FromChild)); // messages of our own children are trusted
    process.on('disconnect', () => this.#onDisconnect());
    if (this.phase === 'killing') {
      this.#killNow(); // the kill was decided while the launch was being prepared
      return;
    }
    const { bootTimeoutMs } = this.#options.timeouts;
    this.#after(bootTimeoutMs, () => {
      this.#failure = `was not ready within ${bootTimeoutMs} ms`;
      this.#killUndecided();
    });
    if (this.isSandboxed) this.#awaitInner(leader);
    else this.#begin(leader);
  }

  /** Waits for the process inside of the sandbox, which is there within some milliseconds. */
  #awaitInner(leader: ProcessId): void {
    if (this.phase !== 'starting') return;
    const pid = findInnerPid(leader.pid);
    if (pid === null) {
      setTimeout(() => this.#awaitInner(leader), INNER_POLL_MS);
      return;
    }
    this.#signals.inner = processId(pid);
    this.#begin(this.#signals.inner);
  }

  #begin({ pid, startTicks }: ProcessId): void {
    this.pid = pid;
    this.startTicks = startTicks;
    const { logLevel, redactLiterals } = this.#options;
    const identity = this.isSandboxed ? { ...this.identity, pid } : this.identity;
    this.send({ type: 'init', identity, child: this.#options.child(), logLevel, redactLiterals });
    this.#options.events.onStarted?.(this);
  }

  #receive(message: FromChild): void {
    if (this.phase === 'gone') return; // the process was abandoned, and has ended after all
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
    if (this.phase !== 'starting') return; // the child was told to end meanwhile
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

  /** Kills a child that failed to start. This does not count as the monitor's decision, so that the brake counts the failure. */
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
    // A child that died while it was being ended died by itself all the same, which counts against its query.
    const decided = this.#signals.endedByItself(code, signal) ? null : this.#decided;
    this.#signals.signalGroup('SIGKILL'); // ends processes that the child started and left behind
    const facts = { code, signal, decided, failure: failure ?? this.#failure };
    const cause = this.abandoned ? 'unkillable' : causeOf(facts);
    this.#options.events.onGone(this, { ...facts, decided: decided?.reason ?? null, cause, early });
    this.#resolveGone();
  }

  /** Sets the child's only timer, which replaces the timer of the step before. */
  #after(ms: number, action: () => void): void {
    this.#clearTimer();
    this.#clearTimer = afterListening(ms, action);
  }
}

/** Describes the end of a process for people: `exit code 1`, `signal SIGKILL`, `spawn EAGAIN`. */
export function describeEnd({ code, signal, decided, failure, cause }: ChildEnd): string {
  const nothing = cause === 'unkillable' ? 'outlived KILL' : 'not started';
  const how = signal !== null ? `signal ${signal}` : code !== null ? `exit code ${code}` : nothing;
  const why = decided ?? failure;
  return why === null ? how : `${how} (${why})`;
}
