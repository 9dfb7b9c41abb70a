/** Makes entries stale, or removes them, because what they were made from has changed. */

import type { CacheCounts } from '../results/cache-counts.ts';
import type { ResultStore } from '../results/store.ts';
import type { Changed, Changes } from './changes.ts';

export interface Purged {
  /** Entries that are stale now, or were removed. */
  readonly entries: number;
}

export async function purge(
  {
    store,
    changes,
    cacheCounts,
  }: { readonly store: ResultStore; readonly changes: Changes; readonly cacheCounts: CacheCounts },
  changed: Changed,
  remove: boolean,
): Promise<Purged> {
  const before = changes.now();
  await changes.mark(changed);
  cacheCounts.purges++;
  const concerned = [...store.entries()].filter(
    ({ description }) => description.kind === 'cache' && changes.lastKnownFor(description) > before,
  );
  if (remove) await Promise.all(concerned.map(({ id }) => store.remove(id)));
  return { entries: concerned.length };
}
