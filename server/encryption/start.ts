/** Makes the parts of encrypted queries work together. Loads jose, so that only create.ts imports it, late. */

import { ENCRYPTED_TYPE } from '../../core/encryption/record-keys.ts';
import type { Log } from '../../core/logging/log.ts';
import type { EncryptionConfig } from '../../core/protocol/server-config.ts';
import { createAnswerKey } from './answer-key.ts';
import type { Encryption } from './encryption.ts';
import { openEnvelope } from './envelope.ts';
import { createKeyRing } from './key-ring.ts';
import { rememberOpened } from './opened.ts';
import { ReplayBook } from './replay-book.ts';
import { sealResponse } from './sealed-response.ts';
import { refuseStolen } from './stolen.ts';

export async function startEncryption(
  { keys, replayDirectory }: EncryptionConfig,
  log: Log,
): Promise<Encryption> {
  const ring = await createKeyRing(keys);
  const book = new ReplayBook({ directory: replayDirectory, log, now: Date.now });
  await book.open();
  return {
    offered: ring.offered,
    async open(body, request, response) {
      const envelope = await openEnvelope(body, ring, Date.now());
      const { answerKey, uniqueId, text, credentialHash } = envelope;
      refuseStolen(credentialHash, request.headers.authorization);
      const sealing = answerKey === undefined ? null : await createAnswerKey(answerKey, uniqueId);
      await book.take(envelope);
      if (sealing !== null) sealResponse(response, sealing);
      rememberOpened(request);
      request.headers['content-type'] = ENCRYPTED_TYPE;
      return Buffer.from(text);
    },
    close: () => book.close(),
  };
}
