/** The ties between the monitor and one generation of its children (monitor/pools/generation.ts). */
import type { Config } from '../../core/config/config.ts';
import type { LaunchContext } from '../children/launch.ts';
import type { BoundSocket } from '../children/listen.ts';
import type { ChildEnd, ManagedChild } from '../children/managed-child.ts';

/** What a generation takes from the monitor. */
export interface GenerationDeps {
  readonly number: number;
  readonly config: Config;
  readonly socket: BoundSocket;
  readonly context: LaunchContext;
  /** What the kernel says of a process, for the log line about its end. */
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
