/** Decides how a query is answered where results are kept: as a job, from the cache, or by running it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { asyncPreference } from '../jobs/preference.ts';
import { submitJob } from '../jobs/submit.ts';
import { runStarted, streamOf } from '../query/handler.ts';
import type { AnswerCache, QueryHandlerDeps } from '../query/handler-deps.ts';
import { startQuery } from '../query/start-query.ts';

export class KeptAnswers implements AnswerCache {
  readonly #handler: Omit<QueryHandlerDeps, 'cache'>;
  readonly #cache: AnswerCache | null;
  readonly #jobs: Jobs | null;

  constructor(handler: Omit<QueryHandlerDeps, 'cache'>, cache: AnswerCache | null, jobs: Jobs | null) {
    this.#handler = handler;
    this.#cache = cache;
    this.#jobs = jobs;
  }

  answer(
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
    asked: QueryRequest,
    revalidation?: Revalidation,
  ): Promise<void> {
    const preference = this.#jobs === null ? null : asyncPreference(request.headers);
    if (preference !== null && asked.wasEncrypted) throw noEncryptedJobs();
    if (preference !== null) return submitJob(this.#jobs!, preference, principal, request, response, asked); // null without jobs
    // Kept results are files that are not encrypted.
    if (this.#cache !== null && !asked.wasEncrypted)
      return this.#cache.answer(principal, request, response, asked, revalidation);
    const query = startQuery(this.#handler, principal, request, asked);
    const stream = streamOf(this.#handler, query, request, response, asked, { revalidation });
    return runStarted(this.#handler, query, request, response, asked, stream);
  }
}

function noEncryptedJobs(): QueryError {
  return new QueryError(
    'bad-request',
    'an encrypted query cannot be a job: its result would be kept in the clear',
    {
      hint: 'Leave out "Prefer", and read the answer as it comes.',
    },
  );
}
