/** Sends the result of a job: whole, or a part of its rows. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerOptions } from '../../core/protocol/answer.ts';
import type { AnswerEnd } from '../answer/query-answer.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';
import { answerTail, CONTENT_TYPES } from '../answer/stream.ts';
import { takesGzip } from '../cache/request-control.ts';
import { drained } from '../results/drained.ts';
import { GZIP_HEAD, gzipEnd } from '../results/gzip-frame.ts';
import { bodyPieces, type ReadyBody, storedPieces } from '../results/stored-body.ts';
import type { Job } from './job.ts';
import { type Part, rowsOf } from './parts.ts';

/** Sends a result, or a part of it, in the format that its body has. Resolves once all was handed to the connection; closes an open file. */
export async function sendResult(
  job: Job,
  body: ReadyBody,
  options: AnswerOptions,
  part: Part | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (part === null) await sendWhole(job, body, options, request, response);
    else await sendPart(job, body, options, part, response);
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
  options: AnswerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { description } = body;
  const tail = Buffer.from(tailOf(job, options, job.rows ?? 0));
  const isGzip = description.encoding === 'deflate' && takesGzip(request.headers);
  const last = isGzip ? gzipEnd(tail, description) : tail;
  const bodyBytes = isGzip ? GZIP_HEAD.length + description.storedBytes : description.bodyBytes;
  const headers = allHeadersOf(job, options);
  if (isGzip) headers.push('Content-Encoding', 'gzip');
  headers.push('Content-Length', String(bodyBytes + last.length));
  response.writeHead(200, headers);
  if (isGzip) response.write(GZIP_HEAD);
  await writeAll(response, isGzip ? storedOf(body) : wholeOf(body));
  response.end(last);
}

async function sendPart(
  job: Job,
  body: ReadyBody,
  options: AnswerOptions,
  part: Part,
  response: ServerResponse,
): Promise<void> {
  const { format } = options;
  if (format !== 'ndjson' && format !== 'csv') throw new Error(`a kept body in ${format} is not cut`);
  const headers = allHeadersOf(job, options);
  const link = linkOf(job, part);
  if (link !== null) headers.push('Link', link);
  response.writeHead(200, headers);
  await writeAll(response, rowsOf(wholeOf(body), format, part));
  response.end(tailOf(job, options, rowsIn(job, part)));
}

/** Returns the number of rows that the part has. */
export function rowsIn({ rows }: Job, part: Part | null): number {
  const total = rows ?? 0;
  return part === null ? total : Math.max(0, Math.min(part.limit, total - part.offset));
}

/** Returns the header that leads to the next part; null behind the last one. */
export function linkOf({ id, rows }: Job, { offset, limit }: Part): string | null {
  const next = offset + limit;
  if (next >= (rows ?? 0)) return null;
  return `</v1/jobs/${id}/result?offset=${next}&limit=${limit}>; rel="next"`;
}

/** Returns the headers that all answers with a result have, whoever sends it. */
export function headersOf(): string[] {
  return ['Vary', 'Accept, Accept-Encoding, Authorization, Origin', 'Cache-Control', 'private, no-cache'];
}

function allHeadersOf(job: Job, { format }: AnswerOptions): string[] {
  return [
    ...['Content-Type', CONTENT_TYPES[format], 'Query-Id', job.queryId],
    ...headersOf(),
    ...['Forkline-Row-Count', String(job.rows), 'Forkline-Complete', String(job.complete)],
    ...SECURITY_HEADERS,
  ];
}

/** Returns what the result, or a part of it with so many rows, ends with. */
export function resultEnd(
  { queryId, complete, plan: { placement, warnings }, createdAt, endedAt }: Job,
  rows: number,
): AnswerEnd {
  const stats = {
    ...{ queryId, placement, warnings: warnings.length > 0 ? warnings : undefined },
    elapsedMs: (endedAt ?? createdAt) - createdAt,
    cache: { status: 'job' },
  };
  return { rows, complete, stats, serverTiming: `total;dur=${stats.elapsedMs}` };
}

function tailOf(job: Job, { format, end }: AnswerOptions, rows: number): string {
  return answerTail(format, end !== 'none', resultEnd(job, rows));
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

/** Yields the body. */
export function wholeOf(body: ReadyBody): AsyncIterable<Buffer> {
  return body.kind === 'memory' ? memoryPiece(body.body) : bodyPieces(body.entry);
}
