/** Reads whether a request wants a job: `Prefer: respond-async`, `wait=5` (RFC 7240), and its Idempotency-Key. */
import type { IncomingHttpHeaders } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';

export interface AsyncPreference {
  /** The time for which the client waits for the result itself. */
  readonly waitMs: number;
}

const MAX_WAIT_SECONDS = 60;
const MAX_KEY_CHARACTERS = 200;

/** Returns null when the client waits for the answer, as usual. */
export function asyncPreference({ prefer }: IncomingHttpHeaders): AsyncPreference | null {
  if (prefer === undefined) return null;
  const given = (Array.isArray(prefer) ? prefer.join(',') : prefer)
    .split(',')
    .map((part) => part.trim().toLowerCase());
  const wait = given
    .map((part) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(part)?.[1])
    .find((seconds) => seconds !== undefined);
  if (wait === undefined && !given.includes('respond-async')) return null;
  return { waitMs: Math.min(Number(wait ?? 0), MAX_WAIT_SECONDS) * 1000 };
}

/** Returns null without the header. Throws bad-request. */
export function idempotencyKey(headers: IncomingHttpHeaders): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && key.length <= MAX_KEY_CHARACTERS && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new QueryError('bad-request', 'the Idempotency-Key header is malformed', {
    hint: `Use 1 to ${MAX_KEY_CHARACTERS} visible ASCII characters, such as a UUID.`,
  });
}
