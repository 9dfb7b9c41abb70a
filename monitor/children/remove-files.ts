/** Removes the files that an ended worker leaves in the run directory. */
import { removeWorkerFiles } from '../../core/process/run-dir.ts';
import type { LaunchContext } from './launch.ts';
import type { ManagedChild } from './managed-child.ts';

/** Starts the removal without waiting for it; a failure is logged. */
export function removeFilesOf({ workerId }: ManagedChild, { log, runDir }: LaunchContext): void {
  removeWorkerFiles(runDir, workerId).catch((error: unknown) =>
    log.warn('files-left', { workerId, message: String(error) }),
  );
}
