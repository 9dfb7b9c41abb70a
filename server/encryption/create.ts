/** Encrypted queries as configured; null where no keys are, and then nothing of it is loaded. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../core/logging/log.ts';
import type { EncryptionConfig } from '../../core/protocol/server-config.ts';
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

export async function createEncryption(
  config: EncryptionConfig | null,
  log: Log,
): Promise<Encryption | null> {
  if (config === null) return null;
  const { startEncryption } = await import('./start.ts');
  return await startEncryption(config, log);
}
