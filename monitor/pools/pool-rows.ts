/** Makes a pool from its row of the table: the options for starting its processes, and the addresses that the server gets. */
import type { Config } from '../../core/config/config.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import type { ChildConfig, WorkerAddress } from '../../core/protocol/monitor.ts';
import { type LaunchContext, launchChild, sandboxFor } from '../children/launch.ts';
import type { ChildEvents, ManagedChild } from '../children/managed-child.ts';
import { shownPlaces } from '../sandbox/shown-places.ts';
import type { PoolDefinition } from './definition.ts';
import { LeasedPool } from './leased-pool.ts';
import type { Pool, PoolDeps } from './pool.ts';
import { PreforkPool } from './prefork-pool.ts';

/** The ties of a pool to its generation, without those that follow from the row and the context. */
export interface PoolTies extends Omit<PoolDeps, 'role' | 'clock' | 'log' | 'stats' | 'launch' | 'shownKey'> {
  /** Returns the newest configuration, since its connections may change. */
  config(): Config;
  readonly context: LaunchContext;
}

export function createPool(definition: PoolDefinition, ties: PoolTies): Pool {
  const { role } = definition;
  const { config, context, ...events } = ties;
  const { clock, log, stats } = context;
  const launch = (slot: number, of: ChildEvents): ManagedChild => launchWorker(definition, ties, slot, of);
  const deps: PoolDeps = {
    ...{ ...events, role, clock, log, stats, launch },
    shownKey: async () =>
      definition.launch.sandboxed && sandboxFor(context, config()) !== null
        ? (await shownPlaces(config())).key
        : null,
  };
  switch (definition.policy) {
    case 'prefork':
      return new PreforkPool(deps, definition.limits(config()));
    case 'leased':
      return new LeasedPool(deps, definition.limits(config()));
    default:
      return definition satisfies never;
  }
}

function launchWorker(
  { role, launch, config: configOf }: PoolDefinition,
  { config, context }: PoolTies,
  slot: number,
  events: ChildEvents,
): ManagedChild {
  const { runDir } = context;
  const workerId = context.nextWorkerId(role);
  return launchChild(context, {
    ...{ role, slot, workerId, events, launch, extraFds: [] },
    config: config(),
    // A row has the role and the configuration that belong together.
    child: () => ({ role, config: configOf({ config: config(), runDir, workerId }) }) as ChildConfig,
  });
}

/** Returns an array with the address of a ready worker; an empty one when it has no pid, since it is about to end. */
export function workerAddress(
  definition: PoolDefinition,
  config: Config,
  runDir: RunDir,
  { pid, workerId }: ManagedChild,
): WorkerAddress[] {
  const address = pid === null ? null : definition.address({ config, runDir, workerId, pid });
  return address === null ? [] : [address];
}
