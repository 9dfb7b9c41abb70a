/**
 * Bytes that are no HTTP request: there is no request and no response object for them, so the problem document is
 * written to the socket as it is, and the connection ends.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { QueryError } from '../workers/errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export function answerClientErrors(http: Server): void {
  http.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // The client is gone: nobody reads an answer.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(problemResponse(error));
  });
}

function problemResponse(error: NodeJS.ErrnoException): string {
  const statusLine = STATUS_LINES[error.code ?? ''] ?? '400 Bad Request';
  const mistake = new QueryError(
    'bad-request',
    `this is no HTTP request that can be read: ${error.message}`,
    {
      hint: 'POST the query to /v1/query; /openapi.json describes every request.',
    },
  );
  const status = Number(statusLine.slice(0, 3));
  const body = `${JSON.stringify({ ...problemOf(mistake.toWire(), {}), status })}\n`;
  const headers = [
    `HTTP/1.1 ${statusLine}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body}`;
}
