/** Removes what a worker that is gone leaves in the run directory. */
import { removeWorkerFiles } from '../../core/process/run-dir.ts';
import type { LaunchContext } from './launch.ts';
import type { ManagedChild } from './managed-child.ts';

/** Starts the removal and does not wait for it; a file that cannot be removed is a line in the log. */
export function removeFilesOf({ workerId }: ManagedChild, { log, runDir }: LaunchContext): void {
  removeWorkerFiles(runDir, workerId).catch((error: unknown) =>
    log.warn('files-left', { workerId, message: String(error) }),
  );
}
