/** The view of a process that the look at every process has (monitor/watch/inspection.ts). */
import type { Ending } from '../../core/protocol/endings.ts';
import type { ManagedChild } from './managed-child.ts';

/** A process, and what may be done about it. */
export interface Patient {
  readonly child: ManagedChild;
  /** Whether its silence is a symptom: it is ready, and not allowed to be busy. */
  readonly mustBeat: boolean;
  /** Kills the process at once; a replacement follows. */
  kill(ending: Ending): void;
  /** Ends the query in it with an error that says why; where there is no one query, does what `kill` does. */
  endQuery(ending: Ending): void;
}
