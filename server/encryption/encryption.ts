/** The shape of encrypted queries as the routes use them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OfferedKeys } from './key-ring.ts';

export interface Encryption {
  readonly offered: OfferedKeys;
  /**
   * Decrypts the body of a request, notes that it was taken, and seals the response when the client sent a key for it.
   * Rejects with bad-encryption, unknown-encryption-key, query-replayed, encryption-unavailable.
   */
  open(body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<Buffer>;
  close(): void;
}
