/** The jobs of this console. */
import { effect, signal } from '@preact/signals';
import { keyNumber } from '../api/client.ts';
import { runsJobs } from '../api/jobs.ts';
import { unreachable } from '../api/problem.ts';
import { startJob } from '../api/run-query.ts';
import { rememberJob, type StartedJob, storedJobs } from '../share/stored.ts';
import { words } from '../words/words.ts';
import { queryContext } from './runs.ts';
import { openText } from './tabs.ts';
import { notice, view } from './view.ts';

/** Whether the server runs jobs; what needs them is not there otherwise. */
export const hasJobs = signal(false);
export const startedJobs = signal<readonly StartedJob[]>(storedJobs());

/** Asks whether there are jobs, and again for each key that is given. */
export function lookForJobs(): void {
  effect(() => {
    if (keyNumber.value < 0) return; // Reading the number makes this run again.
    void runsJobs().then(
      (runs) => {
        hasJobs.value = runs;
      },
      () => {}, // The server is away or wants a key first: it stays as it was.
    );
  });
}

/** Starts the text of the open tab as a job, and shows the list of jobs. Tells when it was refused. */
export async function runAsJob(): Promise<void> {
  const asked = { ...queryContext(), query: openText.value };
  try {
    const id = await startJob(asked);
    startedJobs.value = rememberJob({ id, asked });
    notice.value = words.value.jobStarted;
    view.value = 'jobs';
  } catch (thrown) {
    const { code, detail } = unreachable(thrown).problem;
    notice.value = `${code}: ${detail}`;
  }
}
