/**
 * The causes for which processes end, as a few fixed words, so that they can be counted: metrics and the process table
 * use them as labels, and the log adds a sentence. Pure.
 */

/** The reasons for which the monitor ends a process. */
export type KillCause =
  | 'stop' // the run, or a generation of it, ends
  | 'recycle' // the process grew old, or a fresh one takes its place
  | 'surplus' // scaled down, or more idle than are kept
  | 'discard' // the process served a query that was cancelled or failed, and is not used again
  | 'deadline' // the query is past its deadline
  | 'heartbeat' // silent for too long
  | 'stopped' // somebody stopped it (state T)
  | 'uninterruptible' // the kernel holds it (state D)
  | 'zombie' // the process does not wait for its children
  | 'memory' // the process is above its own memory limit
  | 'memory-pressure' // the machine runs out of memory
  | 'open-files' // the process is about to run out of file descriptors
  | 'server-lost' // the server of its query died
  | 'failed-start'; // the process was not ready in time, is of another build, or was cut off

/** The cause of a process's end: a reason of the monitor's, or something else. */
export type EndCause =
  | KillCause
  | 'exit' // the process exited with code 0
  | 'error-exit' // the process exited with another code
  | 'signal' // a signal that is not the monitor's: a crash, the kernel's OOM killer, an operator
  | 'unkillable'; // SIGKILL did not end the process; the monitor goes on without it

/** A decision to end a process. */
export interface Ending {
  readonly cause: KillCause;
  /** A sentence for people, written to the log. */
  readonly reason: string;
}

export interface EndFacts {
  readonly code: number | null;
  readonly signal: string | null;
  readonly decided: Ending | null;
  /** The reason why the process could not start or go on, as the process or the system reported it. */
  readonly failure: string | null;
}

export function causeOf({ code, signal, decided, failure }: EndFacts): EndCause {
  if (decided !== null) return decided.cause;
  if (failure !== null) return 'failed-start';
  if (signal !== null) return 'signal';
  return code === 0 ? 'exit' : 'error-exit';
}
