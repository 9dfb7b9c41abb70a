/** Encrypted queries as configured; null where no keys are, and then nothing of it is loaded. */
import type { Log } from '../../core/logging/log.ts';
import type { EncryptionConfig } from '../../core/protocol/server-config.ts';
import type { Encryption } from './encryption.ts';

export async function createEncryption(
  config: EncryptionConfig | null,
  log: Log,
): Promise<Encryption | null> {
  if (config === null) return null;
  const { startEncryption } = await import('./start.ts');
  return await startEncryption(config, log);
}
