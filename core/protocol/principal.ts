/**
 * Who asks: made by the gate (server/http/gate.ts) for each request, handed to every handler, shown in the query's record and
 * in every log line about it. Lanes, shares and limits count by it. Without configured authentication everybody is anonymous
 * and told apart by address; else a key or a token proves who asks (server/access/authenticator.ts).
 */
import type { IncomingMessage } from 'node:http';
import { ALL_RIGHTS, type Rights } from './rights.ts';

export interface Principal {
  /**
   * The name that limits count by, and that GET /v1/queries and log lines show as `principal`: an address, `key:<name>` or
   * `jwt:<subject>`.
   */
  readonly id: string;
  readonly method: 'anonymous' | 'key' | 'jwt';
  /** The address that the request came from, as server/http/client-address.ts tells addresses apart. */
  readonly address: string;
  /**
   * A hash of what the principal may see, without spaces or line breaks. It is part of the key of everything that is kept for
   * later queries (plans, columns, verdicts on functions), so that nobody is served from what another one may see.
   */
  readonly scope: string;
  readonly rights: Rights;
}

/** The scope of everybody whom no policy limits: all configured connections. */
export const ALL_SCOPE = 'all';

export function anonymousAt(address: string): Principal {
  return { id: address, method: 'anonymous', address, scope: ALL_SCOPE, rights: ALL_RIGHTS };
}

/** Principals of the requests that Express answers, whose handlers get nothing but the request. */
const admitted = new WeakMap<IncomingMessage, Principal>();

export function rememberPrincipal(request: IncomingMessage, principal: Principal): void {
  admitted.set(request, principal);
}

/** Throws when the request did not come through the gate, which no route may allow. */
export function principalOf(request: IncomingMessage): Principal {
  const principal = admitted.get(request);
  if (principal === undefined) throw new Error(`${request.method} ${request.url} passed no gate`);
  return principal;
}
