/** Writes a problem document as a complete HTTP answer, for connections that have no response object. */
import { STATUS_CODES } from 'node:http';
import type { QueryError } from '../../core/protocol/errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Returns the answer; the caller must then end the connection. `status` is the one of the error's code unless given. */
export function rawProblem(error: QueryError, status = problemOf(error.toWire(), {}).status): string {
  const body = `${JSON.stringify({ ...problemOf(error.toWire(), {}), status })}\n`;
  const { retryAfterSeconds } = error.details;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
    ...SECURITY_HEADERS.flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${SECURITY_HEADERS[index + 1]}`] : [],
    ),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
