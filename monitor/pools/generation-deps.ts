/** The ties between the monitor and one generation of its children (monitor/pools/generation.ts). */
import type { Config } from '../../core/config/config.ts';
import type { LaunchContext } from '../children/launch.ts';
import type { BoundSocket, BoundUnixSocket } from '../children/listen.ts';
import type { ChildEnd, ManagedChild } from '../children/managed-child.ts';
import type { PoolDefinition } from './definition.ts';

/** The services that the monitor offers to a generation, and the events that it wants to be told. */
export interface GenerationDeps {
  readonly number: number;
  readonly config: Config;
  /** The pools of the generation's workers. */
  readonly pools: readonly PoolDefinition[];
  readonly socket: BoundSocket;
  /** The unix sockets that the server serves as well. */
  readonly locals: readonly BoundUnixSocket[];
  readonly context: LaunchContext;
  /** Returns the kernel's facts about a process, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
  /** Called when a child died before the generation was complete. */
  onBootFailed(child: ManagedChild, end: ChildEnd): void;
  /** Called for any child that died without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  /** Called once, when a server and a SQL worker are ready. */
  onServing(): void;
  /** Called once, when all workers that a reload waits for are ready. */
  onWorkersReady(): void;
  onWhole(): void;
  /** Called when the server asks for the process table. */
  onListProcesses(server: ManagedChild, requestId: number): void;
}
