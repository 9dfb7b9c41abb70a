/**
 * `forkline query`. Answers go to stdout, byte by byte as they come; errors go to stderr with
 * the place in the query. The table needs the whole answer for its widths and therefore has a limit that it names.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { QueryOptions } from './arguments.ts';
import type { EncryptOptions } from './encrypt-arguments.ts';
import type { Format } from './formats.ts';
import type { Client } from './kit/client.ts';
import { ServerError } from './kit/client.ts';
import { renderTable } from './kit/table.ts';
import { UsageError } from './kit/usage-error.ts';
import { startJob } from './results/jobs.ts';

/** A table of more is not read by anybody, and it is held in memory. */
const TABLE_MAX_BYTES = 64 * 1024 * 1024;

export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Left out: nobody reads it. */
  readonly stderr?: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

interface JsonAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly rowCount: number;
  readonly complete: boolean;
  readonly warnings?: readonly string[];
  readonly stats?: { readonly elapsedMs?: number };
}

/** Rejects with what client.ts rejects with, and with UsageError. */
export async function runQuery(
  client: Client,
  options: QueryOptions & EncryptOptions & { readonly format: Format | null; readonly runsAsJob?: true },
  streams: Streams,
): Promise<void> {
  if (options.runsAsJob === true) {
    if (options.format === 'table') throw new UsageError('a job has no table: take another --format');
    const format = options.format ?? 'json';
    return startJob(client, { ...(await requestBody(options, streams)), format }, streams.stdout);
  }
  const format = options.format ?? (streams.stdout.isTTY === true ? 'table' : 'json');
  if (streams.stdout.isTTY === true && (format === 'arrow' || format === 'parquet')) {
    throw new UsageError(`${format} is binary: send it to a file, with > answer.${format}`);
  }
  const asTable = { format: 'json', rows: 'arrays', numbers: 'string' };
  const body = { ...(await requestBody(options, streams)), ...(format === 'table' ? asTable : { format }) };
  const { encrypt, keyId } = options;
  const response = encrypt
    ? await (await import('./encrypted-query.ts')).postEncrypted(client, '/v1/query', body, keyId)
    : await post(client, body, streams.stderr);
  if (format === 'table') return writeTable(response, streams.stdout);
  await pipeAnswer(response, streams.stdout);
}

/** Sends the query; on a terminal a line shows how far databases have come while it waits for the answer. */
async function post(client: Client, body: object, stderr: Streams['stderr']): Promise<IncomingMessage> {
  if (stderr?.isTTY !== true) return client.post('/v1/query', body);
  const queryId = randomUUID();
  const hide = (await import('./kit/progress-line.ts')).showProgress(client, queryId, stderr);
  return client.post('/v1/query', body, { 'Query-Id': queryId }).finally(hide);
}

/** Reads stdin when the query is to come from there. Throws UsageError when stdin is a terminal. */
export async function requestBody(options: QueryOptions, { stdin }: Streams): Promise<object> {
  const { capRows, timeoutMs, connection, parameters } = options;
  if (options.text === null && stdin.isTTY === true) {
    throw new UsageError(`the query is missing: forkline query 'select 1', or feed it to stdin`);
  }
  return {
    query: options.text ?? (await text(stdin)),
    params: parameters,
    ...(connection !== null && { connection }),
    ...((capRows !== null || timeoutMs !== null) && {
      limits: { ...(capRows !== null && { rows: capRows }), ...(timeoutMs !== null && { timeoutMs }) },
    }),
  };
}

/** An answer that ends before its end (the server gave up in the middle) is an error, never a short success. */
async function pipeAnswer(response: IncomingMessage, stdout: NodeJS.WritableStream): Promise<void> {
  let tail = Buffer.alloc(0);
  try {
    await pipeline(
      response,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          tail = Buffer.concat([tail, chunk]).subarray(-ERROR_LINE_MAX_BYTES);
          yield chunk;
        }
      },
      stdout,
      { end: false },
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return; // the reader (head, less) had enough
    throw error instanceof ServerError ? error : new ServerError(brokenAnswer());
  }
  const problem = errorLine(tail, response);
  if (problem !== null) throw new ServerError(problem);
}

/** The last line of an NDJSON answer that failed half-way. */
const ERROR_LINE_MAX_BYTES = 64 * 1024;

function errorLine(tail: Buffer, response: IncomingMessage) {
  if (!(response.headers['content-type'] ?? '').includes('ndjson')) return null;
  const last = tail.toString('utf8').trimEnd().split('\n').at(-1)!;
  if (!last.startsWith('{"@error":')) return null;
  return (JSON.parse(last) as { '@error': ServerError['problem'] })['@error'];
}

function brokenAnswer(): ServerError['problem'] {
  return {
    status: 200,
    code: 'answer-cut',
    detail: 'the answer ended before its end: the query failed while it was being sent',
    hint: 'What was printed is incomplete. "forkline status" shows why the query failed.',
  };
}

async function writeTable(response: IncomingMessage, stdout: NodeJS.WritableStream): Promise<void> {
  const answer = JSON.parse(await readBounded(response)) as JsonAnswer;
  const columns = answer.columns.map(({ name, type }) => ({ name, alignRight: isNumber(type) }));
  if (columns.length > 0) stdout.write(`${renderTable(columns, answer.rows)}\n`);
  for (const warning of answer.warnings ?? []) stdout.write(`warning: ${warning}\n`);
  const rows = `${answer.rowCount} ${answer.rowCount === 1 ? 'row' : 'rows'}`;
  const time = answer.stats?.elapsedMs === undefined ? '' : `, ${answer.stats.elapsedMs} ms`;
  stdout.write(`(${rows}${answer.complete ? '' : ', cut by the limit: there are more'}${time})\n`);
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > TABLE_MAX_BYTES) {
        response.destroy();
        throw new UsageError(
          'the answer is over 64 MiB: take --format csv or ndjson, or end the query with | head 1000',
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof UsageError || error instanceof ServerError
      ? error
      : new ServerError(brokenAnswer());
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isNumber(type: string): boolean {
  return /^(int64|float64|decimal)/.test(type);
}
