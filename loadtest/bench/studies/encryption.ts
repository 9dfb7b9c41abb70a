/**
 * Measures what an encrypted query costs the server's processor beyond a plain one: decryption, the note that it was taken, the
 * key of the answer and the encryption of a small and of a large answer.
 *
 *   npx tsx loadtest/bench/studies/encryption.ts [queries] [rounds]
 *
 * Steps are interleaved; medians of the rounds are printed, in microseconds of CPU (all threads of the process) a query.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { RecordWriter } from '../../../core/encryption/record-writer.ts';
import type { Log } from '../../../core/logging/log.ts';
import { createAnswerKey } from '../../../server/encryption/answer-key.ts';
import { openEnvelope } from '../../../server/encryption/envelope.ts';
import { createKeyRing } from '../../../server/encryption/key-ring.ts';
import { ReplayBook } from '../../../server/encryption/replay-book.ts';

const [queries = 500, rounds = 7] = process.argv.slice(2).map(Number);
const nothing = (): void => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function cpuOf(times: number, run: (index: number) => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) await run(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

async function stepsFor(bits: number, directory: string) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const ring = await createKeyRing([privateKey.export({ type: 'pkcs8', format: 'pem' }) as string]);
  const [jwk] = ring.offered.keys as [JWK];
  const client = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const rsaClient = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const iat = Math.floor(Date.now() / 1000);
  const body = { query: 'select 1 as one', iat, exp: iat + 60, jti: randomUUID(), answerKey: client };
  const key = await importJWK(jwk, 'RSA-OAEP-256');
  const token = Buffer.from(
    await new CompactEncrypt(Buffer.from(JSON.stringify(body)))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: jwk.kid! })
      .encrypt(key),
  );
  const book = new ReplayBook({ directory, log, now: () => iat * 1000 });
  const [small, large] = [randomBytes(300), randomBytes(1024 * 1024)];
  const secret = randomBytes(16);
  const steps: Record<string, (index: number) => unknown> = {
    decrypt: () => openEnvelope(token, ring, iat * 1000),
    'note that it was taken': () =>
      book.take({ uniqueId: randomUUID(), issuedAt: iat + 3600, expiresAt: iat + 3660 }),
    'answer key, P-256': () => createAnswerKey(client, body.jti),
    'answer key, RSA 2048': () => createAnswerKey(rsaClient, body.jti),
    'answer of 300 bytes': () => new RecordWriter(secret).end(small),
    'answer of 1 MiB': () => new RecordWriter(secret).end(large),
  };
  return { steps, close: () => book.close() };
}

for (const bits of [2048, 3072, 4096]) {
  const directory = mkdtempSync(join(tmpdir(), 'forkline-encryption-'));
  const { steps, close } = await stepsFor(bits, directory);
  const measured = new Map(Object.keys(steps).map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++)
    for (const [name, run] of Object.entries(steps)) {
      const cpu = await cpuOf(queries, run);
      if (round > 0) measured.get(name)!.push(cpu); // the first warms up
    }
  close();
  rmSync(directory, { recursive: true });
  for (const [name, values] of measured)
    console.log(`RSA ${bits}  ${name.padEnd(24)} ${Math.round(median(values))} us`);
}
