/**
 * Who asks: made by the gate (server/http/gate.ts) for each request, handed to every handler, shown in the query's record and
 * in every log line about it. Lanes, shares and limits count by it. Nobody proves who they are yet, so that everybody is
 * anonymous and told apart by address.
 */
import type { IncomingMessage } from 'node:http';

export interface Principal {
  /** The name that limits count by, and that GET /v1/queries and log lines show as `principal`. */
  readonly id: string;
  readonly method: 'anonymous';
  /** The address that the request came from, as server/http/client-address.ts tells addresses apart. */
  readonly address: string;
  /**
   * A hash of what the principal may see, without spaces or line breaks. It is part of the key of everything that is kept for
   * later queries (plans, columns, verdicts on functions), so that nobody is served from what another one may see.
   */
  readonly scope: string;
}

/** The scope of everybody who is anonymous: all configured connections. */
export const ANONYMOUS_SCOPE = 'all';

export function anonymousAt(address: string): Principal {
  return { id: address, method: 'anonymous', address, scope: ANONYMOUS_SCOPE };
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
