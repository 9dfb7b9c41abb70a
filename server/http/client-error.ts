/**
 * Answers bytes that are not an HTTP request. There is no request and no response object for them, so the problem document
 * is written directly to the socket, and the connection ends.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { QueryError } from '../../core/protocol/errors.ts';
import { rawProblem } from '../answer/raw-problem.ts';

const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

export function answerClientErrors(http: Server): void {
  http.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The client is gone, so nobody would read an answer.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(problemResponse(error));
  });
}

function problemResponse({ code = '', message }: NodeJS.ErrnoException): string {
  const mistake =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new QueryError('bad-request', 'the request did not come in time', {
          hint: 'Send headers and body at once; headersTimeoutMs and requestTimeoutMs of GET /v1/limits say how long there is.',
        })
      : new QueryError('bad-request', `this is no HTTP request that can be read: ${message}`, {
          hint: 'POST the query to /v1/query; /openapi.json describes every request.',
        });
  return rawProblem(mistake, STATUSES[code] ?? 400);
}
