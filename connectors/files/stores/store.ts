/**
 * A place of files that is reached by the network. Each method is one attempt: a fault that may pass is thrown as `Transient`, and
 * `persist` (persist.ts) tries again. Paths are those below the root of the connection.
 */
import type { IncomingMessage } from 'node:http';
import type { Entry, Identity } from '../file-tree.ts';

export interface StoreEntry extends Entry {
  /** The file as it is now; left out: `status` tells. */
  readonly identity?: Identity;
}

export type StoreStatus =
  | { readonly kind: 'file'; readonly identity: Identity }
  | { readonly kind: 'directory' | 'other' };

export interface ByteRange {
  readonly from: number;
  /** The last byte, included. */
  readonly to: number;
}

export interface Store {
  /** Returns what is in a directory; null when there is none. */
  list(directory: string, signal: AbortSignal): Promise<readonly StoreEntry[] | null>;
  /** Returns what a path is; null when nothing is there. */
  status(path: string, signal: AbortSignal): Promise<StoreStatus | null>;
  /** Returns bytes of a file as it was identified. Throws `file-changed` when it is another by now. */
  read(path: string, identity: Identity, range: ByteRange, signal: AbortSignal): Promise<IncomingMessage>;
  /** Whether `read` tells by itself that a file was changed; otherwise its status is compared at the end. */
  readonly readsOneState: boolean;
  close(): void;
}
