/** Answers with a problem document for an error that was thrown before a query started, and logs internal errors. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import { knownPrincipal } from '../../core/protocol/principal.ts';
import { PROBLEM_TYPE, problemOf } from '../answer/problem.ts';
import { setSecurityHeaders } from '../answer/security-headers.ts';
import { isLegacyPath, legacyErrorOf } from '../legacy/legacy-error.ts';
import type { AppDeps } from './app-deps.ts';
import { queryTooLarge } from './request/query-request.ts';

export function answerProblem(
  { limits, log, metrics, audit, gate, lateRefusals }: AppDeps,
  thrown: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const error = fromExpress(thrown, limits.queryBytes);
  if (error.code === 'internal')
    log.error('internal-error', { method: request.method, path: pathOf(request), error: thrown });
  const principal = knownPrincipal(request);
  audit?.refused(error.toWire(), principal, gate.addressOf(request), `${request.method} ${pathOf(request)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  setSecurityHeaders(response);
  const { limit, retryAfterSeconds } = error.details;
  metrics.limitHit(limit);
  metrics.refused(error.code);
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  if (error.code === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer realm="forkline"');
  // The rest of a refused body is never read, so the connection cannot be used for another request.
  if (error.code === 'query-too-large' || limit?.name === 'bodiesBytes')
    response.setHeader('Connection', 'close');
  const problem = problemOf(error.toWire(), {});
  response.statusCode = problem.status;
  response.setHeader('Content-Type', PROBLEM_TYPE);
  const isLegacy = isLegacyPath(pathOf(request));
  if (isLegacy) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  const text = `${JSON.stringify(isLegacy ? legacyErrorOf(error) : problem)}\n`;
  if (error.code === 'too-many-queries' && principal !== null)
    lateRefusals.end(principal.id, request, response, text);
  else response.end(text);
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}

/** Returns an error of ours for one that body-parser or the router threw; theirs have a `type` and a `status`. */
function fromExpress(thrown: unknown, queryBytes: number): QueryError {
  if (thrown instanceof QueryError) return thrown;
  const { type, status, message } = thrown as { type?: string; status?: number; message?: string };
  if (type === 'entity.too.large') return queryTooLarge(queryBytes);
  if (type === 'encoding.unsupported') {
    return new QueryError('unsupported-media-type', `the body's encoding is not understood: ${message}`, {
      hint: 'Use gzip, deflate, br or none.',
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new QueryError('bad-request', message ?? 'malformed request', { hint: 'See /openapi.json.' });
  }
  return QueryError.from(thrown);
}
