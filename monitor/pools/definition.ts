/**
 * A row of the table of pools (table.ts): everything that differs between the kinds of worker processes. There are two
 * policies: `prefork` keeps a fixed number of processes at work (prefork-pool.ts), and `leased` keeps a warm stock of
 * processes, each of which the server leases for one query (leased-pool.ts).
 */
import type { Config } from '../../core/config/config.ts';
import type { WorkerAddress, WorkerConnections } from '../../core/protocol/monitor.ts';
import type { WorkerPlace } from '../children/configs.ts';
import type { LaunchOptions } from '../children/launch-options.ts';
import type { LeasedPolicy } from './leased-rules.ts';
import type { RecyclePolicy } from './recycle.ts';

interface PoolBasics {
  /** The name of the pool and of the role of its processes, in metrics, log lines and `forkline scale`. */
  readonly role: string;
  /** The words for its processes in answers of `forkline scale`. */
  readonly title: string;
  /** The largest size that it can be scaled to. */
  readonly maxSize: number;
  /** The options for starting its processes. */
  readonly launch: LaunchOptions & {
    /** The program, as a path within the build. */
    readonly entry: string;
  };
  /** Returns the worker's slice of the configuration, for its `init`. JSON-safe. */
  config(place: WorkerPlace): object;
  /** Returns the connections as the pool's workers use them; left out when they use none. */
  connections?(config: Config): WorkerConnections;
  /** Returns the address at which the server reaches a ready worker; null when the server never calls it. */
  address(place: WorkerPlace & { readonly pid: number }): WorkerAddress | null;
}

export interface PreforkPolicy extends RecyclePolicy {
  readonly processes: number;
  /** The longest time that a query may run: after it, a worker that is to be replaced is ended, whatever the server says. */
  readonly maxQueryMs: number;
}

export interface PreforkDefinition extends PoolBasics {
  readonly policy: 'prefork';
  limits(config: Config): PreforkPolicy;
}

export interface LeasedDefinition extends PoolBasics {
  readonly policy: 'leased';
  limits(config: Config): LeasedPolicy;
}

export type PoolDefinition = PreforkDefinition | LeasedDefinition;

/** Returns the largest size of each pool, by name. */
export function maxSizesOf(pools: readonly PoolDefinition[]): Readonly<Record<string, number>> {
  return Object.fromEntries(pools.map(({ role, maxSize }) => [role, maxSize]));
}
