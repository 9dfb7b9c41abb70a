/**
 * Limits the memory of large request bodies, each counted from its first byte to the end of its answer. There is one limit for
 * all principals, and one principal may use half of it, so that none keeps others from sending theirs. A body is counted as
 * it arrives, not by its Content-Length. Small bodies are not counted: the number of connections limits them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { type Principal, principalOf } from '../../core/protocol/principal.ts';

/** The share of the limit that one principal may use. */
const PRINCIPAL_SHARE = 0.5;
/** Bodies whose Content-Length is at most this are not counted. */
const SMALL_BYTES = 16 * 1024;

export class BodyBudget {
  readonly #maxBytes: number;
  readonly #perPrincipal = new Map<string, number>();
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Counts the request's body until its answer has ended; null when it is too small to be counted. */
  open(principal: Principal, request: IncomingMessage, response: ServerResponse): HeldBody | null {
    if (isSmall(request)) return null;
    const held = new HeldBody(this, principal.id);
    response.once('close', () => held.release());
    return held;
  }

  /** Adds to the counted bytes; a negative number gives bytes back. Throws memory-pressure, or too-many-queries when the principal's share is used up. */
  add(principalId: string, bytes: number): void {
    const own = (this.#perPrincipal.get(principalId) ?? 0) + bytes;
    const share = Math.ceil(this.#maxBytes * PRINCIPAL_SHARE);
    if (bytes > 0 && own > share) throw tooMuchOfClient(share, own);
    if (bytes > 0 && this.#heldBytes + bytes > this.#maxBytes)
      throw tooMuch(this.#maxBytes, this.#heldBytes + bytes);
    this.#heldBytes += bytes;
    if (own > 0) this.#perPrincipal.set(principalId, own);
    else this.#perPrincipal.delete(principalId);
  }
}

export class HeldBody {
  readonly #budget: BodyBudget;
  readonly #principalId: string;
  #bytes = 0;
  #released = false;

  constructor(budget: BodyBudget, principalId: string) {
    this.#budget = budget;
    this.#principalId = principalId;
  }

  /** Changes the number of bytes that are held for the body. Throws what BodyBudget.add throws. */
  resize(bytes: number): void {
    if (this.#released) return;
    this.#budget.add(this.#principalId, bytes - this.#bytes);
    this.#bytes = bytes;
  }

  release(): void {
    this.resize(0);
    this.#released = true;
  }
}

/** Returns the handler that counts a body before Express reads it. A compressed body is counted as the longest that is allowed. */
export function countBody(budget: BodyBudget, maxBytes: number): RequestHandler {
  return (request: Request, response: Response, next) => {
    const held = budget.open(principalOf(request), request, response);
    if (held === null) {
      next();
      return;
    }
    const isEncoded = request.headers['content-encoding'] !== undefined;
    let bytes = 0;
    const onData = (piece: Buffer): void => {
      bytes += piece.length;
      try {
        held.resize(isEncoded ? maxBytes : Math.min(bytes, maxBytes));
      } catch (thrown) {
        request.off('data', onData).unpipe().pause();
        next(thrown);
      }
    };
    request.on('data', onData);
    request.on('end', () => held.resize(Math.min(bytes, maxBytes)));
    next();
  };
}

function isSmall({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined || headers['content-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= SMALL_BYTES;
}

function tooMuch(value: number, observed: number): QueryError {
  return new QueryError('memory-pressure', `the bodies of all requests in flight are over ${value} bytes`, {
    hint: 'Send it again in a moment, or put long lists into a table.',
    limit: { name: 'bodiesBytes', value, observed },
    retryAfterSeconds: 1,
  });
}

function tooMuchOfClient(value: number, observed: number): QueryError {
  return new QueryError(
    'too-many-queries',
    `the bodies of this client's requests in flight are over ${value} bytes, its share of bodiesBytes`,
    {
      hint: 'Wait for some of them to end, or put long lists into a table.',
      limit: { name: 'bodiesBytes', value, observed },
      retryAfterSeconds: 1,
    },
  );
}
