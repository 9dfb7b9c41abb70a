/**
 * Finds out who sends a request: the holder of an API key or of a token. A key or token that is not valid is refused with a reason that tells its
 * sender what to mend, and nothing about keys that there are. Neither keys nor tokens go any further than this folder.
 */
import type { IncomingMessage } from 'node:http';
import type { Permitted } from '../../core/access/roles.ts';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { METRICS_RIGHTS } from '../../core/protocol/rights.ts';
import { type Credential, credentialOf, unauthenticated } from './credential.ts';
import type { KeyBook } from './key-book.ts';
import type { Peers } from './peer.ts';
import type { TokenHolder, TokenVerifier } from './token-verifier.ts';

export interface AuthenticatorDeps {
  /** null: there are no keys. */
  readonly keys: KeyBook | null;
  /** null: no tokens are taken. */
  readonly tokens: TokenVerifier | null;
  /** Finds out what a connection proves. */
  readonly peers: Peers;
  readonly permittedBy: (roles: readonly string[]) => Permitted;
  readonly log: Log;
  readonly now: () => number;
}

/** Refusals are told in the log at most once in this time, with how many there were. */
const TELL_EVERY_MS = 1000;
const METRICS_ONLY: Permitted = { rights: METRICS_RIGHTS, roles: [], scope: 'metrics' };

export class Authenticator {
  readonly #deps: AuthenticatorDeps;
  #refused = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(deps: AuthenticatorDeps) {
    this.#deps = deps;
  }

  /** A promise only for a token that was not verified before. Throws, and rejects with, unauthenticated and its like. */
  identify(request: IncomingMessage, address: string): Principal | Promise<Principal> {
    try {
      if (request.headers.authorization === undefined) {
        const peer = this.#deps.peers.identify(request, address);
        if (peer !== null) return peer;
      }
      return this.#holderOf(credentialOf(request), address);
    } catch (thrown) {
      throw this.#told(thrown, address);
    }
  }

  /** Returns the principal of a key or token that came in the body of a request. Throws, and rejects with, unauthenticated and its like. */
  identifyBy(credential: string, address: string): Principal | Promise<Principal> {
    try {
      return this.#holderOf(
        credentialOf({ headers: { authorization: `Bearer ${credential}` }, rawHeaders: [] }),
        address,
      );
    } catch (thrown) {
      throw this.#told(thrown, address);
    }
  }

  #holderOf(credential: Credential, address: string): Principal | Promise<Principal> {
    if (credential.kind === 'key') return this.#holderOfKey(credential, address);
    const { tokens } = this.#deps;
    if (tokens === null) throw unauthenticated('this server takes API keys only');
    const holder = tokens.known(credential.token);
    if (holder !== null) return this.#holderOfToken(holder, address);
    return this.#verified(tokens, credential.token, address);
  }

  #holderOfKey({ id, key }: Extract<Credential, { kind: 'key' }>, address: string): Principal {
    const stored = this.#deps.keys?.find(id, key) ?? null;
    if (stored === null) throw unauthenticated('the key does not count, or not any more');
    const permitted = stored.only === 'metrics' ? METRICS_ONLY : this.#deps.permittedBy(stored.roles);
    return { id: `key:${stored.name}`, method: 'key', address, ...permitted };
  }

  #holderOfToken({ subject, roles }: TokenHolder, address: string): Principal {
    return { id: `jwt:${subject}`, method: 'jwt', address, ...this.#deps.permittedBy(roles) };
  }

  async #verified(tokens: TokenVerifier, token: string, address: string): Promise<Principal> {
    try {
      return this.#holderOfToken(await tokens.verify(token), address);
    } catch (thrown) {
      throw this.#told(thrown, address);
    }
  }

  /** Writes the refusal to the log, without a word of what was sent. */
  #told(thrown: unknown, address: string): unknown {
    if (!(thrown instanceof QueryError)) return thrown;
    this.#refused++;
    const now = this.#deps.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return thrown;
    const { code, message } = thrown;
    this.#deps.log.warn('login-refused', { address, code, message, count: this.#refused });
    this.#toldAt = now;
    this.#refused = 0;
    return thrown;
  }
}
