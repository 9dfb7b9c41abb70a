/**
 * Results of jobs in other formats than the one that is kept. A whole result is made once, into the store, while those who asked for it
 * follow, each at its own pace; who asks again gets those bytes. What is cut (a part of the rows) or would be too large for the
 * store goes to its client only.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation } from '../../core/process/cancellation.ts';
import type { AnswerOptions } from '../../core/protocol/answer.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { JobsConfig } from '../../core/protocol/results-config.ts';
import type { AnswerTarget } from '../answer/query-answer.ts';
import { AnswerStream } from '../answer/stream.ts';
import { followSpool } from '../cache/share-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import { streamOf } from '../query/handler.ts';
import type { QueryHandlerDeps } from '../query/handler-deps.ts';
import { endEarly, endWith } from '../query/run-to-end.ts';
import { startQuery } from '../query/start-query.ts';
import type { Spool } from '../results/spool.ts';
import type { ResultStore } from '../results/store.ts';
import type { ReadyBody } from '../results/stored-body.ts';
import { ConvertedAnswer } from './converted-answer.ts';
import type { Job } from './job.ts';
import { resultIdOf } from './job-files.ts';
import { factsOfCopy } from './job-record.ts';
import { type Part, rowsOf } from './parts.ts';
import { runConversion } from './run-conversion.ts';
import { headersOf, linkOf, resultEnd, rowsIn, sendResult, wholeOf } from './send-result.ts';

export interface ConversionsDeps {
  readonly store: ResultStore;
  readonly config: JobsConfig;
  readonly maxEntryBytes: number;
  readonly handler: Omit<QueryHandlerDeps, 'cache'>;
}

/** A receiver of converted rows, which is told how that ended. */
export interface Receiver {
  readonly target: AnswerTarget;
  end(rows: number): void;
  fail(error: WireError): void;
}

/** A copy that is being made. */
interface Making {
  readonly spool: Spool;
  /** Resolves to null when it is whole. */
  readonly ended: Promise<WireError | null>;
  readonly cancellation: Cancellation;
  followers: number;
}

const FORMATS: readonly Pick<AnswerOptions, 'format' | 'rows' | 'numbers'>[] = [
  ...(['json', 'ndjson'] as const).flatMap((format) =>
    (['objects', 'arrays'] as const).flatMap((rows) =>
      (['number', 'string'] as const).map((numbers) => ({ format, rows, numbers })),
    ),
  ),
  { format: 'arrow', rows: 'objects', numbers: 'number' },
  { format: 'parquet', rows: 'objects', numbers: 'number' },
];

/** Returns the names of the entries that may hold copies of a job's result. */
export function copiesOf(jobId: string): readonly string[] {
  return FORMATS.map((options) => copyIdOf(jobId, options));
}

function copyIdOf(jobId: string, { format, rows, numbers }: (typeof FORMATS)[number]): string {
  const form = format === 'json' || format === 'ndjson' ? ` ${rows} ${numbers}` : '';
  return createHash('sha256').update(`job ${jobId} ${format}${form}`).digest('hex').slice(0, 48);
}

export class Conversions {
  readonly #deps: ConversionsDeps;
  readonly #making = new Map<string, Making>();

  constructor(deps: ConversionsDeps) {
    this.#deps = deps;
  }

  /** Sends the whole result. Rejects with what went wrong before anything was sent. */
  async sendWhole(
    job: Job,
    options: AnswerOptions,
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { store } = this.#deps;
    const id = copyIdOf(job.id, options);
    const ready = this.#making.has(id) ? null : await store.read(id);
    if (ready !== null) {
      store.touch(id);
      return sendResult(job, ready, options, null, request, response);
    }
    const making = this.#making.get(id) ?? this.#begin(id, job, options, principal);
    if (making === null) return this.#send(job, options, null, principal, request, response);
    await this.#follow(id, making, job, options, response);
  }

  /** Sends a part of the rows. */
  async sendPart(
    job: Job,
    options: AnswerOptions,
    part: Part,
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    await this.#send(job, options, part, principal, request, response);
  }

  /** Starts making a copy for the store; null when it would be too large for it, or nothing may be written now. */
  #begin(id: string, job: Job, options: AnswerOptions, principal: Principal): Making | null {
    const { store, handler, maxEntryBytes } = this.#deps;
    if (mostBytes(job, options) > maxEntryBytes) return null;
    const spool = store.create(id);
    if (spool === null) return null;
    const asked = askedFor(job, options);
    const query = this.#start(asked, principal, spool);
    const deadline = setTimeout(
      () => query.cancellation.cancel(new QueryError('deadline-exceeded', 'the conversion took too long')),
      query.deadlineAt - Date.now(),
    );
    const answer = new ConvertedAnswer(query, spool);
    const work = async (): Promise<void> => {
      const { rows } = await this.withRows(job, null, (pieces) =>
        runConversion(handler.run, query, answer, {
          ...{ columns: job.columns!, options, pieces },
          rows: job.rows ?? 0,
        }),
      );
      query.rows = rows;
      if (store.hasRoomFor(spool.bytes))
        await store.commit(id, spool, factsOfCopy(job, options, handler.run.connections));
      else await spool.endUnkept();
      if (spool.isAbandoned) answer.fail(notWritten(spool).toWire());
    };
    const ended = endWith(handler, query, asked, answer, work, { job: true }).then(() => {
      clearTimeout(deadline);
      this.#forget(id, making);
      return answer.error;
    });
    const making: Making = { spool, ended, cancellation: query.cancellation, followers: 0 };
    this.#making.set(id, making);
    return making;
  }

  /** Returns the record of a conversion into the spool, which is given up when there is none. Throws as `startQuery` does. */
  #start(asked: QueryRequest, principal: Principal, spool: Spool): QueryRecord {
    const { handler, config } = this.#deps;
    try {
      return startQuery(handler, principal, { headers: {} }, asked, {
        ...{ isCounted: false, queryId: randomUUID() },
        ...{ maxTimeoutMs: config.maxTimeoutMs, usualTimeoutMs: config.maxTimeoutMs },
      });
    } catch (thrown) {
      void spool.abandon();
      throw thrown;
    }
  }

  #forget(id: string, making: Making): void {
    if (this.#making.get(id) === making) this.#making.delete(id);
  }

  /** Streams a copy to a client while it is made. */
  async #follow(
    id: string,
    making: Making,
    job: Job,
    options: AnswerOptions,
    response: ServerResponse,
  ): Promise<void> {
    const { handler } = this.#deps;
    const stream = new AnswerStream({
      ...{ response, format: options.format, endLine: options.end !== 'none' },
      ...{ queryId: job.queryId, queryText: job.query, bufferBytes: handler.limits.bufferBytes },
      cacheHeaders: headersOf,
    });
    const cancellation = new Cancellation();
    response.on('close', () => {
      if (!response.writableFinished)
        cancellation.cancel(new QueryError('client-gone', 'the client has gone'));
    });
    making.followers++;
    try {
      const isWhole = await followSpool({ cancellation, bytes: 0 }, stream, making.spool);
      const error = isWhole ? null : await making.ended;
      if (isWhole) stream.finish(resultEnd(job, job.rows ?? 0));
      else if (!cancellation.isCancelled) stream.fail(error ?? notWritten(making.spool).toWire());
    } finally {
      making.followers--;
      if (making.followers === 0 && cancellation.isCancelled) {
        // The next request makes a new copy instead of following a cancelled one.
        this.#forget(id, making);
        making.cancellation.cancel(cancellation.reason!);
      }
    }
  }

  /** Makes a copy for this client only. */
  async #send(
    job: Job,
    options: AnswerOptions,
    part: Part | null,
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { handler } = this.#deps;
    const link = part === null ? null : linkOf(job, part);
    if (link !== null) response.setHeader('Link', link);
    await this.convertTo(job, { options, part }, principal, response, (query, asked) => {
      const stream = streamOf(handler, query, request, response, asked, { cacheHeaders: headersOf });
      return {
        target: stream,
        end: (rows) => stream.finish(resultEnd(job, rows)),
        fail: (error) => stream.fail(error),
      };
    });
  }

  /** Converts rows for one client, whose leaving ends that. What becomes of it is told to what `receiverOf` returns. */
  async convertTo(
    job: Job,
    { options, part }: { readonly options: AnswerOptions; readonly part: Part | null },
    principal: Principal,
    response: ServerResponse,
    receiverOf: (query: QueryRecord, asked: QueryRequest) => Receiver,
  ): Promise<void> {
    const { handler, config } = this.#deps;
    const asked = askedFor(job, options);
    const query = startQuery(handler, principal, { headers: {} }, asked, {
      queryId: randomUUID(),
      ...{ maxTimeoutMs: config.maxTimeoutMs, usualTimeoutMs: config.maxTimeoutMs },
    });
    const receiver = receiverOf(query, asked);
    const stopTimer = endEarly(query, response);
    const rows = rowsIn(job, part);
    const work = async (): Promise<void> => {
      const made = await this.withRows(job, part, (pieces) =>
        runConversion(handler.run, query, receiver.target, { columns: job.columns!, options, pieces, rows }),
      );
      query.rows = made.rows;
      receiver.end(made.rows);
    };
    await endWith(handler, query, asked, receiver, work, { job: true });
    stopTimer();
  }

  /** Gives the kept rows, or a part of them, to `use`. Throws not-found when they are gone. */
  async withRows<T>(
    job: Job,
    part: Part | null,
    use: (pieces: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    const body = await this.#deps.store.read(resultIdOf(job.id));
    if (body === null) throw resultGone(job);
    try {
      return await use(part === null ? wholeOf(body) : rowsOf(wholeOf(body), 'csv', part));
    } finally {
      await closed(body);
    }
  }
}

export function resultGone({ id }: Job): QueryError {
  return new QueryError('not-found', `the result of the job ${id} is gone`, {
    hint: 'Send the query again.',
  });
}

async function closed(body: ReadyBody): Promise<void> {
  if (body.kind === 'file') await body.entry.file.close();
}

function notWritten({ failure }: Spool): QueryError {
  return new QueryError(
    'result-not-kept',
    `the copy in this format could not be written: ${String(failure)}`,
    {
      hint: 'Fetch the result as csv, or a part of its rows; if the disk is full, tell whoever runs this server.',
    },
  );
}

/** Returns the bytes that the copy will hardly be longer than. */
function mostBytes({ bytes, rows, columns }: Job, { rows: form, format }: AnswerOptions): number {
  const isNamed = form === 'objects' && (format === 'json' || format === 'ndjson');
  const names = isNamed ? columns!.reduce((sum, { name }) => sum + Buffer.byteLength(name) + 3, 0) : 0;
  return 2 * bytes + (rows ?? 0) * (names + 2 * columns!.length + 2);
}

function askedFor({ query, connections }: Job, answer: AnswerOptions): QueryRequest {
  return {
    ...{ text: query, connection: connections[0] ?? null, parameters: {}, capRows: null, timeoutMs: null },
    ...{ pushdown: 'auto', language: null, model: null, wasEncrypted: false, answer },
  };
}
