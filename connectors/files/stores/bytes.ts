/** The bytes of a file in a store, one after the other: a connection that breaks is taken up where it broke, a bounded number of times. */
import type { IncomingMessage } from 'node:http';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Identity } from '../file-tree.ts';
import { ATTEMPTS, persist } from './persist.ts';
import type { ByteRange, Store } from './store.ts';

export interface StoredFile {
  readonly store: Store;
  readonly path: string;
  readonly identity: Identity;
}

export async function* bytesOf(
  { store, path, identity }: StoredFile,
  { from, to }: ByteRange,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let at = from;
  for (let breaks = 0; at <= to; breaks++) {
    if (breaks === ATTEMPTS) throw brokenOff(path);
    const range = { from: at, to };
    const response = await persist(signal, () => store.read(path, identity, range, signal));
    try {
      for await (const chunk of chunksOf(response)) {
        at += chunk.length;
        if (at > to + 1) throw tooMuch(path);
        yield chunk;
      }
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof QueryError) throw thrown;
    }
  }
}

/** The longest time for which a reader that waits gets nothing. */
const SILENCE_MS = 20_000;

/** Ends with an error when the other side falls silent; a slow reader of our own is none of its faults. */
export async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const timer = setTimeout(() => response.destroy(new Error('it fell silent')), SILENCE_MS);
      const { done, value } = await chunks.next().finally(() => clearTimeout(timer));
      if (done === true) return;
      yield value;
    }
  } finally {
    response.destroy();
  }
}

function brokenOff(path: string): QueryError {
  return new QueryError('database-unavailable', `${path}: the store broke the connection again and again`, {
    hint: 'send the query again in a moment',
  });
}

function tooMuch(path: string): QueryError {
  return new QueryError('database-unavailable', `${path}: the store sent more bytes than were asked for`);
}
