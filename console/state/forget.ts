/** Forgets what belongs to whoever worked in this page. Other pages of this browser keep theirs until they are left. */
import { batch } from '@preact/signals';
import { storeKey } from '../api/client.ts';
import { forgetAll } from '../share/stored.ts';
import { startedJobs } from './jobs.ts';
import { dropRuns, past } from './runs.ts';
import { startEmpty } from './tabs.ts';
import { notice } from './view.ts';

/** Forgets the key and all answers. Texts, values of parameters and the history stay. */
export function forgetKey(): void {
  batch(() => {
    dropRuns();
    notice.value = '';
    storeKey(null);
  });
}

/** Forgets everything: the key, answers, texts, values of parameters, the history, and which jobs were started here. */
export function forgetWork(): void {
  batch(() => {
    startEmpty();
    past.value = [];
    startedJobs.value = [];
    forgetKey();
  });
  forgetAll();
}
