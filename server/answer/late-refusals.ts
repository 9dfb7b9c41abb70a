/**
 * Answers late who is over a limit and goes on asking. A client that sends its next request as soon as the last one was refused
 * would keep the event loop busy with refusals, and whoever is within its limits would wait for that. The first refusals of a
 * principal in each second are answered at once; each further one a second later, which is when it may try again anyway. So the
 * number of its connections bounds how often it is refused.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The refusals of one principal in a second that are answered at once. */
const AT_ONCE = 10;
const WINDOW_MS = 1000;
const HELD_MS = 1000;

export class LateRefusals {
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  #windowEndsAt = 0;
  /** Connections on which a refusal is held back. */
  readonly #holding = new WeakSet<Socket>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Ends the refusal, at once or late. Closes a connection that sent another request while its refusal was held back: a client
   * that does not wait for answers would otherwise be refused as often as it likes on one connection.
   */
  end(principalId: string, request: IncomingMessage, response: ServerResponse, text: string): void {
    const { socket } = request;
    if (this.#holding.has(socket)) {
      socket.destroy();
      return;
    }
    if (this.#isEarly(principalId)) {
      response.end(text);
      return;
    }
    this.#holding.add(socket);
    const timer = setTimeout(() => {
      this.#holding.delete(socket);
      response.end(text);
    }, HELD_MS);
    response.once('close', () => clearTimeout(timer));
  }

  /** Counts a refusal, and tells whether it is one of the first in its second. */
  #isEarly(principalId: string): boolean {
    const now = this.#now();
    if (now >= this.#windowEndsAt) {
      this.#counts.clear();
      this.#windowEndsAt = now + WINDOW_MS;
    }
    const count = (this.#counts.get(principalId) ?? 0) + 1;
    this.#counts.set(principalId, count);
    return count <= AT_ONCE;
  }
}
