/**
 * Listens on the worker's unix socket. There may be any number of callers (caller.ts), each with one call at a time.
 */
import { createServer, type Server } from 'node:net';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { Caller, type CallHandler } from './caller.ts';

/** The size of a socket's buffer: room for two encoded buffers, so that writing and reading overlap. */
const SOCKET_BUFFER_BYTES = 256 * 1024;

export class CallServer {
  readonly #server: Server;
  readonly #callers = new Set<Caller>();
  /** The callers whose call still runs, even if their socket is closed already. */
  readonly #calling = new Set<Caller>();
  #onAllIdle: (() => void) | null = null;

  constructor(handle: CallHandler, log: Log) {
    const deps = {
      handle,
      log,
      onCalling: (caller: Caller) => void this.#calling.add(caller),
      onIdle: (caller: Caller) => this.#onIdle(caller),
      onClose: (caller: Caller) => void this.#callers.delete(caller),
    };
    this.#server = createServer({ highWaterMark: SOCKET_BUFFER_BYTES }, (socket) => {
      this.#callers.add(new Caller(socket, deps));
    });
  }

  listen(socketPath: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Takes no new connections, and cancels calls that still run after `graceMs`. Resolves when no call runs. */
  async stop(graceMs: number): Promise<void> {
    this.#server.close();
    const timer = setTimeout(() => {
      const error = new QueryError('draining', 'the worker is stopping');
      for (const caller of this.#calling) caller.cancel(error);
    }, graceMs);
    if (this.#calling.size > 0)
      await new Promise<void>((resolve) => {
        this.#onAllIdle = resolve;
      });
    clearTimeout(timer);
    await Promise.all([...this.#callers].map((caller) => caller.end()));
  }

  #onIdle(caller: Caller): void {
    this.#calling.delete(caller);
    if (this.#calling.size === 0) this.#onAllIdle?.();
  }
}
