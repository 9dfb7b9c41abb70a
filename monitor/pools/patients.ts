/** What may be done about a process without a lease when the look at it finds something wrong (monitor/watch/inspection.ts). */
import type { Log } from '../../core/logging/log.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import type { Patient } from '../children/patient.ts';

export interface PatientDeps {
  readonly log: Log;
  /** The kernel's account of a process, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
}

/** Server, logger, prefork worker: always beating once ready, and with no one query to end. */
export function patientOf(child: ManagedChild, { log, vitalsOf }: PatientDeps): Patient {
  const kill = (ending: Ending): void => {
    const { workerId, pid } = child;
    log.warn('kill', { workerId, childPid: pid, ...ending, ...vitalsOf(child) });
    child.kill(ending, true);
  };
  return { child, mustBeat: child.phase === 'ready', kill, endQuery: kill };
}
