/**
 * The messages between the `forkline` command and a running monitor, on a unix socket in the run directory (mode 0600, so
 * that only the same user can connect): one line of JSON asks, one line answers, and the connection ends.
 */
import type { MonitorStats, ProcessRow } from './monitor.ts';
import type { PoolSizes } from './pool-sizes.ts';

export type ControlRequest =
  /** Sets the sizes of pools; pools that are left out stay as they are. */
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
  /** The request was wrong or cannot be served now; `message` is printed on the terminal. */
  | { readonly ok: false; readonly message: string };
