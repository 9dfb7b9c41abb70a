/**
 * The files below the root of a connection, wherever they are: in a directory of this machine (local-tree.ts) or in a store that
 * is reached by the network (remote-tree.ts). Paths are those below the root, with `/` between the names.
 */
import type { Readable } from 'node:stream';

export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
}

/** A file as it is at one moment. */
export interface Identity {
  readonly bytes: number;
  /** Equal only for the same file in the same state. */
  readonly stamp: string;
}

type Soon<Value> = Value | Promise<Value>;

export interface FileTree {
  /** Returns what is in a directory, in the order of the names; null when there is none. */
  entries(directory: string): Soon<readonly Entry[] | null>;
  /**
   * Returns what a path is; null when nothing is there. `isLast`: false for a path that others follow, which is at most a
   * directory. Throws for links that lead out of the root.
   */
  kindOf(path: string, isLast: boolean): Soon<Entry['kind'] | 'other' | null>;
  /** Throws `file-changed` for a file that is not there any more. */
  identify(path: string): Soon<Identity>;
  /** Throws `file-changed` when a file is not as it was identified. */
  refuseChanged(path: string, before: Identity): Soon<void>;
  /** Returns the name by which the engine opens a file. */
  engineFile(path: string, identity: Identity): string;
  /** Returns the bytes of a file from its beginning. */
  open(path: string, identity: Identity): Readable;
  /** Tells that a directory will be read soon. */
  expect?(directory: string): void;
}
