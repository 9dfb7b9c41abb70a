/** The jobs of the server: queries that run without a page that waits, and whose results are kept. */
import { ask } from './client.ts';
import { ProblemError } from './problem.ts';

/** The parts of a job that the page shows; /openapi.json has all of them. */
export interface Job {
  readonly id: string;
  readonly state: 'running' | 'finished' | 'failed' | 'cancelled';
  readonly phase: string;
  readonly queryId: string;
  /** The beginning of the query's text. */
  readonly query: string;
  readonly format: string;
  readonly createdAt: string;
  readonly elapsedMs: number;
  readonly expiresAt: string | null;
  readonly rows: number | null;
  readonly complete: boolean;
  readonly bytes: number;
  /** null while there is none. */
  readonly result: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The path of the list. */
export const JOBS_PATH = 'v1/jobs';

/** Resolves to whether this server runs jobs for whoever asks. Rejects with ProblemError when it does not say. */
export async function runsJobs(): Promise<boolean> {
  try {
    await ask(JOBS_PATH);
    return true;
  } catch (thrown) {
    if (thrown instanceof ProblemError && [403, 404].includes(thrown.problem.status)) return false;
    throw thrown;
  }
}

export function resultPath(jobId: string): string {
  return `${JOBS_PATH}/${encodeURIComponent(jobId)}/result`;
}

/** Cancels a job that runs, and removes one that has ended. Rejects with ProblemError. */
export async function endJob(jobId: string): Promise<void> {
  await ask(`${JOBS_PATH}/${encodeURIComponent(jobId)}`, { method: 'DELETE' });
}
