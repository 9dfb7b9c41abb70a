/** Answers a query that asks for a job: with the job's place, or with its result when it is ready while the client waits. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { ResultStore } from '../results/store.ts';
import type { Job } from './job.ts';
import { resultIdOf } from './job-files.ts';
import type { Jobs } from './jobs.ts';
import type { Part } from './parts.ts';
import { type AsyncPreference, idempotencyKey } from './preference.ts';
import { sendResult } from './send-result.ts';

/** Rejects before anything was answered: with too-many-jobs and the like, or with the error of the job. */
export async function submitJob(
  jobs: Jobs,
  store: ResultStore,
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
    await sendJobResult(store, current, null, request, response);
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

/** Sends the result of a job that has ended. Throws the error that it ended with, job-running, not-found. */
export async function sendJobResult(
  store: ResultStore,
  job: Job,
  part: Part | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (job.error !== null) throw QueryError.fromWire(job.error);
  if (job.state === 'running')
    throw new QueryError('job-running', 'the job has not ended yet', {
      hint: `GET /v1/jobs/${job.id} tells how far it is.`,
      retryAfterSeconds: 1,
    });
  const body = await store.read(resultIdOf(job.id));
  if (body === null)
    throw new QueryError('not-found', `the result of the job ${job.id} is gone`, {
      hint: 'Send the query again.',
    });
  await sendResult(job, body, part, request, response);
}
