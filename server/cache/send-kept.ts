/** Sends a kept answer: its body from memory or from its file, and the end that is written anew for each client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import { downloadHeaders } from '../answer/download-headers.ts';
import type { AnswerEnd } from '../answer/query-answer.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';
import { answerTail, CONTENT_TYPES } from '../answer/stream.ts';
import { drained } from '../results/drained.ts';
import { GZIP_HEAD, gzipEnd } from '../results/gzip-frame.ts';
import { bodyPieces, type ReadyBody, storedPieces } from '../results/stored-body.ts';
import { type Asker, entityTag, keptHeaders } from './cache-headers.ts';
import { matchesTag, takesGzip } from './request-control.ts';

export interface KeptAnswer {
  readonly id: string;
  readonly body: ReadyBody;
  readonly ageMs: number;
  /** The value of `Cache-Status`. */
  readonly status: string;
}

export interface KeptRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly asker: Asker;
  readonly queryId: string;
  readonly traceresponse: string | undefined;
  /** Whether NDJSON ends with a line of the server's. */
  readonly endLine: boolean;
  readonly end: AnswerEnd;
}

/** The outcome: how many bytes were sent, 0 with `isUnchanged` when the client has the answer already. */
export interface Sent {
  readonly bytes: number;
  readonly isUnchanged: boolean;
}

/** Resolves once everything was handed to the client's connection. Rejects with client-gone. Closes an open file. */
export async function sendKept(kept: KeptAnswer, asked: KeptRequest): Promise<Sent> {
  try {
    return await send(kept, asked);
  } finally {
    if (kept.body.kind === 'file') await kept.body.entry.file.close();
  }
}

async function send(kept: KeptAnswer, asked: KeptRequest): Promise<Sent> {
  const { request, response, end, endLine } = asked;
  const { description } = kept.body;
  const { format, bodyBytes, encoding, storedBytes } = description;
  const headers = commonHeaders(kept, asked);
  if (request.method === 'GET') {
    const tag = entityTag(kept.id, description);
    headers.push('ETag', tag);
    if (matchesTag(request.headers, tag)) {
      response.writeHead(304, headers);
      response.end();
      return { bytes: 0, isUnchanged: true };
    }
    headers.push(...downloadHeaders(format));
  }
  const tail = Buffer.from(answerTail(format, endLine, end));
  headers.push('Content-Type', CONTENT_TYPES[format], 'Server-Timing', end.serverTiming);
  headers.push('Forkline-Row-Count', String(end.rows), 'Forkline-Complete', String(end.complete));
  const isGzip = encoding === 'deflate' && takesGzip(request.headers);
  const first = isGzip ? GZIP_HEAD : null;
  const last = isGzip ? gzipEnd(tail, description) : tail;
  const length = (first?.length ?? 0) + (isGzip ? storedBytes : bodyBytes) + last.length;
  if (isGzip) headers.push('Content-Encoding', 'gzip');
  headers.push('Content-Length', String(length));
  response.writeHead(200, headers);
  await writeBody(response, kept.body, isGzip, first, last);
  return { bytes: bodyBytes, isUnchanged: false };
}

async function writeBody(
  response: ServerResponse,
  body: ReadyBody,
  isGzip: boolean,
  first: Buffer | null,
  last: Buffer,
): Promise<void> {
  if (body.kind === 'memory') {
    response.cork();
    if (first !== null) response.write(first);
    response.write(isGzip ? body.stored : body.body);
    response.end(last);
    return;
  }
  if (first !== null) response.write(first);
  const pieces = isGzip ? storedPieces(body.entry) : bodyPieces(body.entry);
  try {
    for await (const piece of pieces) {
      if (response.destroyed) throw clientGone();
      if (!response.write(piece)) await drained(response);
    }
  } catch (error) {
    // The head is sent: only a cut connection tells that the body is incomplete.
    response.destroy();
    throw error;
  }
  response.end(last);
}

function commonHeaders({ ageMs, status }: KeptAnswer, asked: KeptRequest): string[] {
  const { asker, queryId, traceresponse } = asked;
  const headers = ['Query-Id', queryId, ...keptHeaders(asker, status)];
  headers.push('Age', String(Math.max(0, Math.floor(ageMs / 1000))), ...SECURITY_HEADERS);
  if (traceresponse !== undefined) headers.push('traceresponse', traceresponse);
  return headers;
}

function clientGone(): QueryError {
  return new QueryError('client-gone', 'the client closed the connection');
}
