/**
 * Opens the file of a unix socket so that it is connected to itself, and no link that stands in its place. A worker may write into its own
 * directory: by a link there it could lead the calls of others to another process's socket.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** Linux opens the entry of the directory itself by it, without reading what it is; Node has no name for it. */
const O_PATH = 0o10000000;
/** A path at which there never is anything. */
const NOTHING = '/proc/self/fd/-1';

export interface SocketFile {
  /** Leads to the socket until `close()`; to nothing when there was none. */
  readonly path: string;
  /** Idempotent. */
  close(): void;
}

export function openSocketFile(path: string): SocketFile {
  let fileDescriptor = openItself(path);
  return {
    path: fileDescriptor === null ? NOTHING : `/proc/self/fd/${fileDescriptor}`,
    close() {
      if (fileDescriptor !== null) closeSync(fileDescriptor);
      fileDescriptor = null;
    },
  };
}

/** Returns null when there is no such socket. */
function openItself(path: string): number | null {
  let fileDescriptor: number;
  try {
    fileDescriptor = openSync(path, O_PATH | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  if (fstatSync(fileDescriptor).isSocket()) return fileDescriptor;
  closeSync(fileDescriptor);
  return null;
}
