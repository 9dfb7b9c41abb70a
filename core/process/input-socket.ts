/**
 * Connects to the socket at which a DSL worker takes the rows of one input (workers/dsl/chunks/input-reader.ts). Its directory may be written by that
 * worker, which may run a user's SQL: so the file is looked at first, and then that same file is connected to, wherever its path leads by then.
 */
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Linux' O_PATH, which Node does not name: a handle of a file of any kind, which can only be looked at and reached. */
const O_PATH = 0x20_0000;

/** Errors that mean that nobody takes rows there yet. */
const NOT_YET: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

export function isNotYet(error: unknown): boolean {
  return error instanceof Error && NOT_YET.has((error as NodeJS.ErrnoException).code);
}

/** Errors of a writer whose reader has closed its end, with or without bytes in it that it did not read. */
const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET']);

export function isReaderGone(error: Error): boolean {
  return READER_GONE.has((error as NodeJS.ErrnoException).code);
}

/** Returns a socket that connects, for writing only: it emits 'connect' or 'error'. Throws when there is no socket at the path; see `isNotYet`. */
export function connectInput(path: string): Socket {
  const file = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(file).isSocket())
      throw Object.assign(new Error(`${path} is no socket`), { code: 'EINVAL' });
    // The kernel is asked in this call already, so the handle is not needed after it.
    // A reader that goes ends its half only: what is written then fails, so that nobody waits for a socket that closed by itself.
    return connect({ path: `/proc/self/fd/${file}`, allowHalfOpen: true });
  } finally {
    closeSync(file);
  }
}

const RETRY_MS = 2;

/** Resolves to a socket for writing once somebody takes rows at the path; to null when `isOver` is true before. */
export async function openInput(path: string, isOver: () => boolean): Promise<Socket | null> {
  while (!isOver()) {
    try {
      const socket = connectInput(path);
      await once(socket, 'connect');
      return socket;
    } catch (thrown) {
      if (!isNotYet(thrown)) throw thrown;
      await wait(RETRY_MS);
    }
  }
  return null;
}
