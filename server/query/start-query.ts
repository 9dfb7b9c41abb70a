/** The beginning of a query: its id, its deadline, the limits of its principal, and its record. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { PrincipalLimits } from '../../core/protocol/rights.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from './handler-deps.ts';

const QUERY_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

export interface StartOptions {
  /** False for a query that takes no share of the database: it counts in no limit of queries in flight. */
  readonly isCounted?: boolean;
  /** The most time that the query may ask for. */
  readonly maxTimeoutMs?: number;
  /** The time of a query that asks for none. */
  readonly usualTimeoutMs?: number;
  readonly queryId?: string;
}

/** Returns the record of a new query. Throws too-many-queries, draining, duplicate-query-id, bad-request. */
export function startQuery(
  deps: QueryHandlerDeps,
  principal: Principal,
  request: Pick<IncomingMessage, 'headers'>,
  asked: QueryRequest,
  options: StartOptions = {},
): QueryRecord {
  const { registry, limits } = deps;
  const { isCounted = true, maxTimeoutMs = limits.maxTimeoutMs, usualTimeoutMs = limits.timeoutMs } = options;
  const { queryId = queryIdOf(request) } = options;
  if (deps.isDraining()) {
    throw new QueryError('draining', 'this server is stopping', {
      hint: 'Send it again.',
      retryAfterSeconds: 1,
    });
  }
  const own = principal.rights.limits;
  if (isCounted) checkInFlight(registry.inFlight(principal), limits.perClient, own);
  deps.rates.take(principal);
  return registry.start(
    {
      queryId,
      isCounted,
      text: asked.text,
      wasEncrypted: asked.wasEncrypted,
      principal,
      connection: asked.connection ?? deps.run.connections.defaultOf(principal),
      trace: deps.tracing.begin(request),
      timeoutMs: Math.min(asked.timeoutMs ?? usualTimeoutMs, maxTimeoutMs, own.timeoutMs ?? maxTimeoutMs),
    },
    Date.now(),
  );
}

function queryIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['query-id'];
  if (given === undefined) return randomUUID();
  if (typeof given === 'string' && QUERY_ID.test(given)) return given;
  throw new QueryError('bad-request', 'the Query-Id header is malformed', {
    hint: 'Use 1 to 64 letters, digits or _ . : -',
  });
}

/** Throws too-many-queries, with the name of the limit that is reached. */
function checkInFlight(
  inFlight: number,
  perClient: number,
  { concurrentQueries = perClient }: PrincipalLimits,
): void {
  const value = Math.min(perClient, concurrentQueries);
  if (inFlight < value) return;
  const name = concurrentQueries < perClient ? 'concurrentQueries' : 'perClient';
  throw new QueryError('too-many-queries', `this client already has ${value} queries in flight`, {
    hint: 'Wait for some of them to end; GET /v1/queries shows them.',
    limit: { name, value, observed: inFlight },
    retryAfterSeconds: 1,
  });
}

/** Returns the record of a query that no request waits for. It counts in no limit of queries in flight. */
export function startBackground(
  deps: QueryHandlerDeps,
  principal: Principal,
  asked: QueryRequest,
  queryId: string,
): QueryRecord {
  return startQuery(deps, principal, { headers: {} }, asked, { isCounted: false, queryId });
}
