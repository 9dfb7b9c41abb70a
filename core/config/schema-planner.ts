/** The options of the threads that plan queries. */
import { group, MIB, number, size } from './option.ts';

export function plannerOptions(cores: number) {
  return group({
    threads: number(
      'FORKLINE_PLANNER_THREADS',
      'Threads that plan queries.',
      1,
      64,
      Math.min(2, cores),
      'cores, at most 2',
    ),
    cacheEntries: number('FORKLINE_PLANNER_CACHE_ENTRIES', 'Plans kept.', 0, 1_000_000, 1000),
    cacheBytes: size('FORKLINE_PLANNER_CACHE_BYTES', 'Memory for plans that are kept.', 0, 32 * MIB),
  });
}
