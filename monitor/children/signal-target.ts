/**
 * The processes that belong to one child, for signals: the one that was started, which leads a process group, and in a sandbox
 * the child itself, which is another one.
 */
import { EXIT_CRASHED } from '../../core/process/exit-codes.ts';
import { isSameProcess } from '../../core/process/proc.ts';
import { type ProcessId, processId } from '../sandbox/inner-process.ts';

/** Sends a signal to the process group of a leader. */
export type SendSignal = (leaderPid: number, signal: NodeJS.Signals) => void;

export class SignalTarget {
  readonly #send: SendSignal;
  /** The process that was started; null before. */
  leader: ProcessId | null = null;
  /** The child inside of its sandbox, once it is known; null without one. */
  inner: ProcessId | null = null;
  readonly #sent = new Set<NodeJS.Signals>();

  constructor(send: SendSignal = signalGroup) {
    this.#send = send;
  }

  startedAs(pid: number): ProcessId {
    this.leader = processId(pid);
    return this.leader;
  }

  /** Whether the child has ended and its sandbox has not, which somebody stopped. */
  get outlivedByBox(): boolean {
    return this.inner !== null && isSameProcess(this.inner.pid, this.inner.startTicks) === false;
  }

  /**
   * Signals the child: inside of a sandbox that process alone. A sandbox that gets a signal ends at once, and its child with it. TERM is
   * kept from a sandbox whose child has ended: it is about to say how.
   */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGTERM' && this.outlivedByBox) return;
    if (this.inner !== null && signalOne(this.inner, signal)) this.#sent.add(signal);
    else this.signalGroup(signal);
  }

  /** Tells whether a child that ended like this did so by itself: by a signal that it did not get from here, or by an error in its code. */
  endedByItself(code: number | null, signal: string | null): boolean {
    return signal === null ? code === EXIT_CRASHED : !this.#sent.has(signal as NodeJS.Signals);
  }

  /** Signals everything that belongs to the child. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.leader === null) return;
    this.#sent.add(signal);
    try {
      this.#send(this.leader.pid, signal);
    } catch {
      // ESRCH: the whole group has ended; its 'exit' event follows or was just handled
    }
  }
}

/** Returns false when that very process is not there any more. */
function signalOne({ pid, startTicks }: ProcessId, signal: NodeJS.Signals): boolean {
  if (isSameProcess(pid, startTicks) !== true) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // the process has ended meanwhile
  }
}

function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  process.kill(-leaderPid, signal);
}
