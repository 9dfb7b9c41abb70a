/** Encrypted queries as a client would send them, and as nobody should. */
import { randomUUID } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { RecordReader } from '../../core/encryption/record-reader.ts';

export interface Sealed {
  /** Members over the usual ones: `query`, `iat`, `exp`, `jti`, `answerKey`; undefined leaves one out. */
  readonly content?: Readonly<Record<string, unknown>>;
  /** Changes the text before it is encrypted. */
  readonly edit?: (json: string) => string;
  /** Members over the usual protected header. */
  readonly header?: Readonly<Record<string, string>>;
}

export async function serverKey(url: string): Promise<JWK> {
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: JWK[] };
  return keys[0]!;
}

export async function sealedQuery(
  key: JWK,
  { content = {}, header = {}, edit = (json) => json }: Sealed = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const body = { query: 'select 1 as one', iat, exp: iat + 60, jti: randomUUID(), ...content };
  return await new CompactEncrypt(Buffer.from(edit(JSON.stringify(body))))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: key.kid!, ...header })
    .encrypt(await importJWK(key, 'RSA-OAEP-256'));
}

export interface SealedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
}

export async function postSealed(
  url: string,
  token: string,
  path = '/v1/query',
  headers: Readonly<Record<string, string>> = {},
): Promise<SealedAnswer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/jose', ...headers },
    body: token,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString('utf8') };
}

/** Sends a query with a key for the answer, made now, and opens the answer. */
export async function askSealed(
  url: string,
  content: Readonly<Record<string, unknown>>,
  path = '/v1/query',
): Promise<SealedAnswer & { readonly plain: string }> {
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256' });
  const jti = randomUUID();
  const sealed = { content: { ...content, jti, answerKey: await exportJWK(publicKey) } };
  const answer = await postSealed(url, await sealedQuery(await serverKey(url), sealed), path);
  const wrapped = answer.headers.get('forkline-answer-key');
  if (wrapped === null) throw new Error(`not encrypted: ${answer.status} ${answer.text}`);
  const opened = JSON.parse(
    Buffer.from((await compactDecrypt(wrapped, privateKey)).plaintext).toString(),
  ) as {
    jti: string;
    key: string;
  };
  if (opened.jti !== jti) throw new Error('the answer to another query');
  const reader = new RecordReader(Buffer.from(opened.key, 'base64url'));
  const plain = Buffer.concat([reader.read(answer.bytes), reader.end()]).toString('utf8');
  return { ...answer, plain };
}
