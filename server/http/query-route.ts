/**
 * POST /v1/query without Express, whose router and body parser take longer than everything else that this process does for
 * a small query (docs/performance.md). Only the usual request comes here: one with an encoded or encrypted body, or with another method,
 * goes through Express to the same handler.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Principal, rememberPrincipal } from '../../core/protocol/principal.ts';
import { checkRight } from '../access/require-right.ts';
import type { HeldBody } from '../admission/body-budget.ts';
import { handleQuery } from '../query/handler.ts';
import type { AppDeps } from './app-deps.ts';
import { answerProblem } from './problem-handler.ts';
import { queryTooLarge, readQueryRequest } from './request/query-request.ts';
import { countAnswer } from './request-metrics.ts';

export const QUERY_PATH = '/v1/query';

/** Tells whether `answerQuery` can answer the request. */
export function isUsualQuery({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'POST' || headers['content-encoding'] !== undefined) return false;
  if (isEncryptedType(headers['content-type'])) return false;
  return url === QUERY_PATH || url.startsWith(`${QUERY_PATH}?`);
}

const ENCRYPTED = /^\s*application\/jose/i;

function isEncryptedType(contentType: string | undefined): boolean {
  return contentType !== undefined && ENCRYPTED.test(contentType);
}

/** Reads the request, runs the query and answers. Never rejects. */
export async function answerQuery(
  deps: AppDeps,
  bodyBytes: number,
  principal: Principal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  countAnswer(deps.metrics, request.method, response, () => QUERY_PATH);
  const { queryBytes } = deps.limits;
  try {
    checkRight(principal, 'ask');
    const body = await readBody(request, bodyBytes, deps.bodies.open(principal, request, response));
    if (body === null) throw queryTooLarge(queryBytes);
    await handleQuery(deps, principal, request, response, readQueryRequest(request, body, queryBytes));
  } catch (thrown) {
    rememberPrincipal(request, principal);
    answerProblem(deps, thrown, request, response);
  }
}

/**
 * Resolves to the body, or to null when it is too long; rejects when there is no memory left for bodies. Never settles when
 * the client goes away before the body's end, since then there is nobody to answer.
 */
function readBody(request: IncomingMessage, maxBytes: number, held: HeldBody | null): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(null);
  const pieces: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const stop = (): void => void request.removeAllListeners('data').pause();
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > maxBytes) {
        stop();
        resolve(null);
        return;
      }
      pieces.push(piece);
      try {
        held?.resize(bytes);
      } catch (thrown) {
        stop();
        reject(thrown);
      }
    });
    request.on('end', () => resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes)));
  });
}
