/** What may be done about each kind of process when the look at it finds something wrong (monitor/watch/inspection.ts). */
import type { Log } from '../../core/logging/log.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import type { Patient } from '../children/patient.ts';
import type { DslPool } from './dsl-pool.ts';

export interface PatientDeps {
  readonly log: Log;
  /** What the kernel says of it, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
}

/** Server, logger, SQL worker: always beating once ready, and with no one query to end. */
export function patientOf(child: ManagedChild, { log, vitalsOf }: PatientDeps): Patient {
  const kill = (ending: Ending): void => {
    const { workerId, pid } = child;
    log.warn('kill', { workerId, childPid: pid, ...ending, ...vitalsOf(child) });
    child.kill(ending, true);
  };
  return { child, mustBeat: child.phase === 'ready', kill, endQuery: kill };
}

/** Its pool keeps the books about it and logs. */
export function dslPatientOf(child: ManagedChild, pool: DslPool): Patient {
  return {
    child,
    mustBeat: pool.mustBeat(child.workerId),
    kill: (ending) => pool.killWorker(child, ending),
    endQuery: (ending) => pool.endQuery(child.workerId, 'memory-exceeded', ending),
  };
}
