/**
 * The identity provider's keys (JWKS). They are fetched at the start, every five minutes, and when a token names a key that
 * is not known, at most every ten seconds then. Keys that were fetched go on while the provider is slow or down; requests
 * with known keys never wait for it. An answer that is no key set counts as none.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';

const REFRESH_MS = 5 * 60_000;
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 5000;
const MAX_BYTES = 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

type LocalKeySet = ReturnType<typeof createLocalJWKSet>;

export interface KeySetDeps {
  readonly url: string;
  readonly log: Log;
  readonly now: () => number;
  /** What was verified with keys that are no more does not count any more. */
  readonly onChange: () => void;
  readonly timeoutMs?: number;
  readonly cooldownMs?: number;
}

export class KeySet {
  readonly #deps: KeySetDeps;
  #keys: LocalKeySet | null = null;
  #text = '';
  #fetching: Promise<void> | null = null;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout;
  #isReachable = true;

  constructor(deps: KeySetDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
    void this.refresh();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The key that a token is to be verified with. Rejects with identity-unavailable, or with an error of jose. */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    if (this.#keys === null) await this.#refreshOnceInAWhile();
    try {
      return await this.#known()(header, token);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw thrown;
      await this.#refreshOnceInAWhile();
      return await this.#known()(header, token);
    }
  };

  /** Never rejects. */
  refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  #known(): LocalKeySet {
    if (this.#keys !== null) return this.#keys;
    throw new QueryError(
      'identity-unavailable',
      'the keys of the identity provider could not be fetched yet',
      {
        hint: 'Send it again; whoever runs this server finds the reason in the log (jwks-unreachable).',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      },
    );
  }

  async #refreshOnceInAWhile(): Promise<void> {
    const { now, cooldownMs = COOLDOWN_MS } = this.#deps;
    if (this.#fetching !== null || now() - this.#fetchedAt >= cooldownMs) await this.refresh();
  }

  async #fetch(): Promise<void> {
    const { url, log, now, onChange, timeoutMs = TIMEOUT_MS } = this.#deps;
    this.#fetchedAt = now();
    try {
      const text = await fetchText(url, timeoutMs);
      if (text !== this.#text) {
        const isFirst = this.#keys === null;
        this.#keys = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet); // throws when it is no key set
        this.#text = text;
        if (!isFirst) onChange();
        log.info('jwks-read', { url });
      }
      this.#isReachable = true;
    } catch (thrown) {
      const level = this.#isReachable ? 'warn' : 'debug';
      log[level]('jwks-unreachable', { url, reason: (thrown as Error).message, kept: this.#keys !== null });
      this.#isReachable = false;
    }
  }
}

async function fetchText(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (text.length > MAX_BYTES) throw new Error(`longer than ${MAX_BYTES} bytes`);
  }
  return text;
}
