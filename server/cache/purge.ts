/** Makes entries stale, or removes them, because what they were made from has changed. */

import type { CacheCounts } from '../results/cache-counts.ts';
import type { ResultStore } from '../results/store.ts';
import type { SharedAnswers } from './cache-context.ts';
import type { Changed } from './change-times.ts';
import type { Changes } from './changes.ts';

export interface Purged {
  /** Entries that are stale now, or were removed. */
  readonly entries: number;
  /** Whether the other Forklines that share answers know it already; left out where none do. */
  readonly told?: boolean;
}

export async function purge(
  {
    store,
    changes,
    cacheCounts,
    shared,
  }: {
    readonly store: ResultStore;
    readonly changes: Changes;
    readonly cacheCounts: CacheCounts;
    readonly shared: SharedAnswers | null;
  },
  changed: Changed,
  remove: boolean,
): Promise<Purged> {
  const before = changes.now();
  await changes.mark(changed);
  const told = shared === null ? undefined : await shared.tell(changed);
  cacheCounts.purges++;
  const concerned = [...store.entries()].filter(
    ({ description }) => description.kind === 'cache' && changes.lastKnownFor(description) > before,
  );
  if (remove) await Promise.all(concerned.map(({ id }) => store.remove(id)));
  return { entries: concerned.length, ...(told !== undefined && { told }) };
}
