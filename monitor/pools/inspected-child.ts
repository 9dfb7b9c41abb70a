/** The measures of the inspection (monitor/watch/inspection.ts) against a process that is not leased. */
import type { Log } from '../../core/logging/log.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import type { ManagedChild } from '../children/managed-child.ts';

export interface InspectionDeps {
  readonly log: Log;
  /** Returns the kernel's facts about a process, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
}

/** Returns a server, logger or prefork worker for the inspection: it sends heartbeats once it is ready, and has no single query to end. */
export function inspectedChild(child: ManagedChild, { log, vitalsOf }: InspectionDeps): InspectedProcess {
  const kill = (ending: Ending): void => {
    const { workerId, pid } = child;
    log.warn('kill', { workerId, childPid: pid, ...ending, ...vitalsOf(child) });
    child.kill(ending, true);
  };
  return { child, mustBeat: child.phase === 'ready', kill, endQuery: kill };
}
