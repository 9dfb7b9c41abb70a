/** Answers a query that asks for a job: with the job's place, or with its result when it is ready while the client waits. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerOptions } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import { resultGone } from './conversions.ts';
import type { Job } from './job.ts';
import { resultIdOf } from './job-files.ts';
import type { Jobs } from './jobs.ts';
import type { Part } from './parts.ts';
import { type AsyncPreference, idempotencyKey } from './preference.ts';
import { sendResult } from './send-result.ts';

/** Rejects before anything was answered: with too-many-jobs and the like, or with the error of the job. */
export async function submitJob(
  jobs: Jobs,
  { waitMs }: AsyncPreference,
  principal: Principal,
  request: IncomingMessage,
  response: ServerResponse,
  asked: QueryRequest,
): Promise<void> {
  const job = await jobs.submit(principal, asked, idempotencyKey(request.headers));
  await jobs.waitFor(job, waitMs);
  response.setHeader(
    'Preference-Applied',
    waitMs > 0 ? `respond-async, wait=${waitMs / 1000}` : 'respond-async',
  );
  response.setHeader('Location', `/v1/jobs/${job.id}`);
  const current = await jobs.find(job.id, principal);
  if (current.state !== 'running' && waitMs > 0) {
    await sendJobResult(jobs, current, { options: current.answer, part: null }, principal, request, response);
    return;
  }
  response.writeHead(202, [
    'Content-Type',
    'application/json; charset=utf-8',
    'Retry-After',
    '1',
    ...SECURITY_HEADERS,
  ]);
  response.end(`${JSON.stringify(jobs.viewOf(current))}\n`);
}

/** The form and the part in which a result is wanted. */
export interface Wanted {
  readonly options: AnswerOptions;
  /** null: all rows. */
  readonly part: Part | null;
}

/** Sends the result of a job that has ended. Throws the error that it ended with, job-running, not-found, not-acceptable. */
export async function sendJobResult(
  { store, conversions }: Pick<Jobs, 'store' | 'conversions'>,
  job: Job,
  { options, part }: Wanted,
  principal: Principal,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (job.error !== null) throw QueryError.fromWire(job.error);
  if (job.state === 'running')
    throw new QueryError('job-running', 'the job has not ended yet', {
      hint: `GET /v1/jobs/${job.id} tells how far it is.`,
      retryAfterSeconds: 1,
    });
  if (options.format !== 'csv' && job.columns !== null) {
    if (part === null) await conversions.sendWhole(job, options, principal, request, response);
    else await conversions.sendPart(job, options, part, principal, request, response);
    return;
  }
  if (job.columns === null) checkOlder(job, options, part);
  const body = await store.read(resultIdOf(job.id));
  if (body === null) throw resultGone(job);
  await sendResult(job, body, options, part, request, response);
}

/** Throws not-acceptable: the result of a job of an older version is kept in its own format only. */
function checkOlder({ answer }: Job, { format }: AnswerOptions, part: Part | null): void {
  const isCut = format === 'csv' || format === 'ndjson';
  if (format === answer.format && (part === null || isCut)) return;
  throw new QueryError('not-acceptable', `this result is kept as ${answer.format} only`, {
    hint: 'An older version of the server made it: fetch the whole of it in that format, or send the query again.',
  });
}
