/** The options of encrypted queries: references to private keys, which are read and checked here. */
import { createPrivateKey } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { EncryptionConfig } from '../protocol/server-config.ts';
import { resolveReference } from './connections.ts';
import { group, list, optionalPath } from './option.ts';
import type { ConfigFile, Environment } from './read.ts';

export function encryptionOptions() {
  return group({
    keys: list(
      'FORKLINE_ENCRYPTION_KEYS',
      'Private keys with which encrypted queries are read: RSA of 2048 to 4096 bits as PEM. The first is offered to clients at `/.well-known/jwks.json`; the others are still accepted. Left out: queries are not taken encrypted.',
      'references (file:PATH or env:NAME)',
      ['file:./query-key.pem'],
      (reference) => /^(?:file|env):./.test(reference),
    ),
    replayDirectory: optionalPath(
      'FORKLINE_ENCRYPTION_REPLAY_DIRECTORY',
      'Where it is noted which encrypted queries were taken, so that each is taken once. Servers on several machines with the same keys must share it. Left out: `replay` in `dataDir`.',
      './data/replay',
    ),
  });
}

const LEAST_BITS = 2048;
/** Reading a query with a longer key takes several milliseconds of a processor. */
const MOST_BITS = 4096;
const MEND = 'Make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out query-key.pem';

interface Given {
  readonly keys: readonly string[];
  readonly replayDirectory?: string | undefined;
}

/** Returns the keys, or all that is wrong with them; null where none is named. No error shows anything of a key. */
export function resolveEncryption(
  { keys, replayDirectory }: Given,
  dataDir: string,
  file: ConfigFile,
  cwd: string,
  env: Environment,
): EncryptionConfig | { readonly errors: readonly string[] } | null {
  if (keys.length === 0) {
    if (replayDirectory === undefined) return null;
    return { errors: ['encryption.replayDirectory: says nothing without encryption.keys'] };
  }
  const fileDir = file.path === null ? cwd : dirname(file.path);
  const errors: string[] = [];
  const found = keys.map((reference, index) => {
    const key = resolveReference(reference, fileDir, env);
    const problem = typeof key === 'string' ? keyProblem(key) : withoutExample(key.error);
    if (problem !== null) errors.push(`encryption.keys.${index}: ${reference}: ${problem}`);
    return typeof key === 'string' ? key : '';
  });
  if (new Set(found).size < found.length && errors.length === 0)
    errors.push('encryption.keys: the same key stands there twice');
  if (errors.length > 0) return { errors };
  return { keys: found, replayDirectory: resolve(cwd, replayDirectory ?? join(dataDir, 'replay')) };
}

/** The example of a missing variable is a database's URL. */
function withoutExample(error: string): string {
  return error.replace(/\. For example:.*$/s, '');
}

function keyProblem(pem: string): string | null {
  try {
    const key = createPrivateKey(pem);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== 'rsa') return `is not an RSA key. ${MEND}`;
    if (bits >= LEAST_BITS && bits <= MOST_BITS) return null;
    return `has ${bits} bits, and must have ${LEAST_BITS} to ${MOST_BITS}. ${MEND}`;
  } catch {
    return `is not a private key as PEM without a passphrase. ${MEND}`;
  }
}
