/**
 * Between the `forkline` command and a running monitor, on a unix socket in the run directory (mode 0600, so for the same
 * user only): one line of JSON asks, one answers, and the connection ends.
 */
import type { MonitorStats, ProcessRow } from './monitor.ts';
import type { PoolSizes } from './pool-sizes.ts';

export type ControlRequest =
  /** Pools that are left out stay as they are. */
  { readonly type: 'scale'; readonly sizes: PoolSizes } | { readonly type: 'status' };

export interface ScaleReply {
  readonly before: PoolSizes;
  readonly after: PoolSizes;
}

export interface StatusReply {
  readonly processes: readonly ProcessRow[];
  readonly stats: MonitorStats;
  readonly sizes: PoolSizes;
}

export interface ControlCalls {
  scale: { request: Extract<ControlRequest, { type: 'scale' }>; reply: ScaleReply };
  status: { request: Extract<ControlRequest, { type: 'status' }>; reply: StatusReply };
}

export type ControlReply =
  | { readonly ok: true; readonly value: ScaleReply | StatusReply }
  /** The asker's mistake, or a bad moment; in words for the terminal. */
  | { readonly ok: false; readonly message: string };
