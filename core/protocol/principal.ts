/**
 * The principal is who sends a request. The gate (server/http/gate.ts) makes one for each request; every handler gets it,
 * and the query's record and every log line about it show it. Lanes, shares and limits count per principal. Without configured
 * authentication every principal is anonymous and told apart by its address; otherwise an API key or a token proves who it
 * is (server/access/authenticator.ts).
 */
import type { IncomingMessage } from 'node:http';
import { ALL_RIGHTS, type Rights } from './rights.ts';

export interface Principal {
  /**
   * The name under which limits count, and which GET /v1/queries and log lines show as `principal`: an address, `key:<name>`,
   * `jwt:<subject>`, `cert:<name in the certificate>`, `proxy:<user>`, or `socket`.
   */
  readonly id: string;
  readonly method: 'anonymous' | 'key' | 'jwt' | 'certificate' | 'proxy' | 'socket';
  /** The client's address (server/http/client-address.ts). */
  readonly address: string;
  /** The roles of the policy that the principal holds, in order. They choose the login where a connection has one for each role. */
  readonly roles: readonly string[];
  /**
   * A hash of what the principal may see, without spaces or line breaks. It is part of the key of every cached entry (plans,
   * columns, verdicts on functions), so that nobody gets an entry that was made for somebody with other rights.
   */
  readonly scope: string;
  readonly rights: Rights;
}

/** The scope of principals that no policy limits: all configured connections. */
export const ALL_SCOPE = 'all';

const NO_ROLES: readonly string[] = [];

export function anonymousAt(address: string): Principal {
  return { id: address, method: 'anonymous', address, roles: NO_ROLES, scope: ALL_SCOPE, rights: ALL_RIGHTS };
}

/** The principals of requests that Express answers: its handlers get only the request. */
const admitted = new WeakMap<IncomingMessage, Principal>();

export function rememberPrincipal(request: IncomingMessage, principal: Principal): void {
  admitted.set(request, principal);
}

/** Returns the principal of a request; null when nobody remembered it. */
export function knownPrincipal(request: IncomingMessage): Principal | null {
  return admitted.get(request) ?? null;
}

/** Returns the principal of a request. Throws when the request did not come through the gate, which would be a bug. */
export function principalOf(request: IncomingMessage): Principal {
  const principal = admitted.get(request);
  if (principal === undefined) throw new Error(`${request.method} ${request.url} passed no gate`);
  return principal;
}
