/**
 * The client's side of encrypted queries: encrypts a request for the server's key, and decrypts the answer while it comes. The
 * key pair for the answer is made for this one query.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  CompactEncrypt,
  calculateJwkThumbprint,
  compactDecrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import { stringify } from 'lossless-json';
import { credentialHash } from '../core/encryption/credential-hash.ts';
import {
  ANSWER_KEY_HEADER,
  ENCRYPTED_CODING,
  ENCRYPTED_TYPE,
  LONGEST_VALID_SECONDS,
} from '../core/encryption/record-keys.ts';
import { BrokenAnswer, RecordReader } from '../core/encryption/record-reader.ts';
import { type Client, ServerError } from './kit/client.ts';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** A problem document is held in memory to be shown. */
const MOST_PROBLEM_BYTES = 1024 * 1024;

/** `keyId`: the thumbprint of the only key to encrypt for; null: the one that the server names. Rejects as Client.post does. */
export async function postEncrypted(
  client: Client,
  path: string,
  body: object,
  keyId: string | null,
): Promise<IncomingMessage> {
  const offered = await client.getJson<{ readonly keys?: readonly JWK[] }>('/.well-known/jwks.json');
  const key = await chosenKey(offered.keys ?? [], keyId);
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256' });
  const uniqueId = randomUUID();
  const now = Math.floor(Date.now() / 1000);
  const content = {
    ...body,
    ...{ iat: now, exp: now + LONGEST_VALID_SECONDS, jti: uniqueId },
    answerKey: await exportJWK(publicKey),
    ...(client.key !== null && { ath: credentialHash(client.key) }),
  };
  const token = await new CompactEncrypt(Buffer.from(stringify(content)!))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: key.kid! })
    .encrypt(await importJWK(key, 'RSA-OAEP-256'));
  const response = await client.postRaw(path, token, ENCRYPTED_TYPE);
  const opened = await openAnswer(response, privateKey, uniqueId);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return opened;
  throw new ServerError({ ...(await problemIn(opened)), status });
}

/** The key id is not believed: it must be the key's own thumbprint. */
async function chosenKey(keys: readonly JWK[], keyId: string | null): Promise<JWK> {
  const [key] = keys;
  if (key === undefined) throw failed('the server offers no key to encrypt for');
  const thumbprint = await calculateJwkThumbprint(key);
  if (keyId !== null && thumbprint !== keyId)
    throw failed(
      `the server offers the key ${thumbprint}, not ${keyId}`,
      'Ask whoever runs it for its key id, over a way that you trust.',
    );
  return { ...key, kid: thumbprint };
}

async function openAnswer(
  response: IncomingMessage,
  privateKey: PrivateKey,
  uniqueId: string,
): Promise<IncomingMessage> {
  const { headers, statusCode = 0 } = response;
  if (headers['content-encoding'] !== ENCRYPTED_CODING) {
    // A refusal from before the key for the answer was known is answered in the clear.
    if (statusCode >= 400) return response;
    throw failed('the answer is not encrypted');
  }
  const wrapped = headers[ANSWER_KEY_HEADER.toLowerCase()];
  const secret = await secretIn(String(wrapped), privateKey, uniqueId);
  return Object.assign(Readable.from(contents(response, new RecordReader(secret))), {
    headers,
    statusCode,
  }) as unknown as IncomingMessage; // runQuery reads no more of an answer
}

async function secretIn(wrapped: string, privateKey: PrivateKey, uniqueId: string): Promise<Buffer> {
  try {
    const { plaintext } = await compactDecrypt(wrapped, privateKey);
    const { jti, key } = JSON.parse(Buffer.from(plaintext).toString('utf8')) as Record<string, string>;
    if (jti === uniqueId) return Buffer.from(key!, 'base64url');
  } catch {
    // answered below
  }
  throw failed('the key of the answer is not for this query: somebody else may have answered');
}

async function* contents(response: IncomingMessage, reader: RecordReader): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const content = reader.read(chunk);
      if (content.length > 0) yield content;
    }
    const last = reader.end();
    if (last.length > 0) yield last;
  } catch (thrown) {
    if (thrown instanceof BrokenAnswer) throw failed(thrown.message);
    throw thrown;
  }
}

async function problemIn(opened: AsyncIterable<Buffer>): Promise<object> {
  let text = '';
  for await (const piece of opened) {
    text += Buffer.from(piece).toString('utf8');
    if (text.length > MOST_PROBLEM_BYTES) break;
  }
  try {
    return JSON.parse(text) as object;
  } catch {
    return { detail: text.slice(0, 500) };
  }
}

function failed(detail: string, hint = 'Nothing of this answer can be trusted.'): ServerError {
  return new ServerError({ status: 200, code: 'answer-not-trusted', detail, hint });
}
