/** A process as the inspection sees it (monitor/watch/inspection.ts). */
import type { Ending } from '../../core/protocol/endings.ts';
import type { ManagedChild } from './managed-child.ts';

/** A process, and the measures that the inspection can take against it. */
export interface InspectedProcess {
  readonly child: ManagedChild;
  /** Whether missing heartbeats are a fault: the process is ready, and runs nothing that may delay them. */
  readonly mustBeat: boolean;
  /** Kills the process at once; a replacement follows. */
  kill(ending: Ending): void;
  /** Ends the process's query with an error that tells why; does the same as `kill` when the process may run several. */
  endQuery(ending: Ending): void;
}
