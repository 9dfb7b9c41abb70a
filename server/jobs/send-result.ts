/** Sends the result of a job: whole, or a part of its rows. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';
import { answerTail, CONTENT_TYPES } from '../answer/stream.ts';
import { takesGzip } from '../cache/request-control.ts';
import { drained } from '../results/drained.ts';
import { GZIP_HEAD, gzipEnd } from '../results/gzip-frame.ts';
import { bodyPieces, type ReadyBody, storedPieces } from '../results/stored-body.ts';
import type { Job } from './job.ts';
import { type Part, rowsOf } from './parts.ts';

/** Resolves once everything was handed to the client's connection. Closes an open file. */
export async function sendResult(
  job: Job,
  body: ReadyBody,
  part: Part | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (part === null) await sendWhole(job, body, request, response);
    else await sendPart(job, body, part, response);
  } catch (error) {
    if (!response.headersSent) throw error;
    response.destroy(); // only a cut connection tells that the body is incomplete
  } finally {
    if (body.kind === 'file') await body.entry.file.close();
  }
}

async function sendWhole(
  job: Job,
  body: ReadyBody,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { description } = body;
  const tail = Buffer.from(tailOf(job, job.rows ?? 0));
  const isGzip = description.encoding === 'deflate' && takesGzip(request.headers);
  const last = isGzip ? gzipEnd(tail, description) : tail;
  const bodyBytes = isGzip ? GZIP_HEAD.length + description.storedBytes : description.bodyBytes;
  const headers = headersOf(job);
  if (isGzip) headers.push('Content-Encoding', 'gzip');
  headers.push('Content-Length', String(bodyBytes + last.length));
  response.writeHead(200, headers);
  if (isGzip) response.write(GZIP_HEAD);
  await writeAll(response, isGzip ? storedOf(body) : wholeOf(body));
  response.end(last);
}

async function sendPart(job: Job, body: ReadyBody, part: Part, response: ServerResponse): Promise<void> {
  const { format } = job;
  if (format !== 'ndjson' && format !== 'csv')
    throw new QueryError('bad-request', `a result in ${format} has no parts`, {
      hint: 'Start the job with format=ndjson or format=csv, or fetch the whole result.',
    });
  const total = job.rows ?? 0;
  const rows = Math.max(0, Math.min(part.limit, total - part.offset));
  const headers = headersOf(job);
  const next = part.offset + part.limit;
  if (next < total)
    headers.push('Link', `</v1/jobs/${job.id}/result?offset=${next}&limit=${part.limit}>; rel="next"`);
  response.writeHead(200, headers);
  await writeAll(response, rowsOf(wholeOf(body), format, part));
  response.end(tailOf(job, rows));
}

function headersOf(job: Job): string[] {
  return [
    ...['Content-Type', CONTENT_TYPES[job.format], 'Query-Id', job.queryId],
    ...['Vary', 'Accept-Encoding, Authorization, Origin', 'Cache-Control', 'private, no-cache'],
    ...['Forkline-Row-Count', String(job.rows), 'Forkline-Complete', String(job.complete)],
    ...SECURITY_HEADERS,
  ];
}

function tailOf({ format, endLine, queryId, complete, plan, createdAt, endedAt }: Job, rows: number): string {
  const { placement, warnings } = plan;
  const stats = {
    ...{ queryId, placement, warnings: warnings.length > 0 ? warnings : undefined },
    elapsedMs: (endedAt ?? createdAt) - createdAt,
    cache: { status: 'job' },
  };
  return answerTail(format, endLine, { rows, complete, stats, serverTiming: '' });
}

async function writeAll(response: ServerResponse, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await drained(response);
  }
}

async function* memoryPiece(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes;
}

function storedOf(body: ReadyBody): AsyncIterable<Buffer> {
  return body.kind === 'memory' ? memoryPiece(body.stored) : storedPieces(body.entry);
}

function wholeOf(body: ReadyBody): AsyncIterable<Buffer> {
  return body.kind === 'memory' ? memoryPiece(body.body) : bodyPieces(body.entry);
}
