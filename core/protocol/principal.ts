/**
 * Who asks: made by the gate (server/http/gate.ts) for each request, handed to every handler, and what lanes and limits count by.
 * Nobody proves who they are yet, so that everybody is anonymous and told apart by address.
 */
import type { IncomingMessage } from 'node:http';

export interface Principal {
  /** What limits count by, and what GET /v1/queries shows as `client`. */
  readonly id: string;
  readonly method: 'anonymous';
}

export function anonymousAt(place: string): Principal {
  return { id: place, method: 'anonymous' };
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
