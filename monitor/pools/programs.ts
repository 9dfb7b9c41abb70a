/** The program of every role, as a path within the build. */
import type { Entries } from '../../core/process/build.ts';
import type { PoolDefinition } from './definition.ts';

export function programsOf(pools: readonly PoolDefinition[]): Entries {
  return {
    logger: 'logger/main.js',
    server: 'server/main.js',
    ...Object.fromEntries(pools.map(({ role, launch }) => [role, launch.entry])),
  };
}
