/**
 * Why processes end, in words that are few and fixed, so that they can be counted: metrics and the process table
 * have them as labels, the log has the sentence beside. Pure.
 */

/** The monitor ended it. */
export type KillCause =
  | 'stop' // the run, or a generation of it, ends
  | 'recycle' // it grew old, or a fresh one takes its place
  | 'surplus' // scaled down, or more idle than are kept
  | 'discard' // its query was cancelled or failed, and it is not used again
  | 'deadline' // its query is past its deadline
  | 'heartbeat' // silent for too long
  | 'stopped' // somebody stopped it (state T)
  | 'uninterruptible' // the kernel holds it (state D)
  | 'zombie' // it does not wait for its children
  | 'memory' // above its own limit of memory
  | 'memory-pressure' // the machine runs out of memory
  | 'open-files' // it is about to run out of file descriptors
  | 'server-lost' // its query's server died
  | 'failed-start'; // not ready in time, of another build, or cut off

/** What ended a process: the monitor, or something else. */
export type EndCause =
  | KillCause
  | 'exit' // by itself with code 0
  | 'error-exit' // by itself with another code
  | 'signal' // a signal that is not the monitor's: a crash, the kernel's OOM killer, an operator
  | 'unkillable'; // KILL did not end it; the monitor goes on without it

/** A decision to end a process. */
export interface Ending {
  readonly cause: KillCause;
  /** For people, in the log. */
  readonly reason: string;
}

export interface EndFacts {
  readonly code: number | null;
  readonly signal: string | null;
  readonly decided: Ending | null;
  /** What it or the system said about why it could not start or go on. */
  readonly failure: string | null;
}

export function causeOf({ code, signal, decided, failure }: EndFacts): EndCause {
  if (decided !== null) return decided.cause;
  if (failure !== null) return 'failed-start';
  if (signal !== null) return 'signal';
  return code === 0 ? 'exit' : 'error-exit';
}
