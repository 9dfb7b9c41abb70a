/** The ties between the monitor and one generation of its children (monitor/pools/generation.ts). */
import type { Config } from '../../core/config/config.ts';
import type { LaunchContext } from '../children/launch.ts';
import type { BoundSocket } from '../children/listen.ts';
import type { ChildEnd, ManagedChild } from '../children/managed-child.ts';
import type { PoolDefinition } from './definition.ts';

/** The monitor's services to a generation, and what it wants to hear of it. */
export interface GenerationDeps {
  readonly number: number;
  readonly config: Config;
  /** The rows that its workers are made of. */
  readonly pools: readonly PoolDefinition[];
  readonly socket: BoundSocket;
  readonly context: LaunchContext;
  /** The kernel's account of a process, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
  /** A child died before the generation was whole. */
  onBootFailed(child: ManagedChild, end: ChildEnd): void;
  /** Anything that died without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  /** A server and a SQL worker are ready: the first time. */
  onServing(): void;
  /** All that a reload waits for is ready: the first time. */
  onWorkersReady(): void;
  onWhole(): void;
  /** The server asks for the process table. */
  onListProcesses(server: ManagedChild, requestId: number): void;
}
