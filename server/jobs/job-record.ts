/** Makes the record of a job that starts, and the facts that are kept with its result. */
import { randomBytes } from 'node:crypto';
import { withoutCredentials } from '../../core/logging/redact.ts';
import type { AnswerOptions } from '../../core/protocol/answer.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { shapeName } from '../cache/result-facts.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { ConnectionBook } from '../query/connection-book.ts';
import type { ResultFacts } from '../results/entry.ts';
import type { Job } from './job.ts';

const QUERY_CHARACTERS = 500;
/** The format in which results are kept: every other one can be made of it, since it tells null from empty texts. */
const KEPT_FORMAT = 'csv';
/** The answer that a job's query makes. */
export const KEPT_ANSWER: AnswerOptions = {
  format: KEPT_FORMAT,
  rows: 'objects',
  numbers: 'number',
  head: 'types',
};
const NO_PLAN = { placement: [], warnings: [] };

export function newJob(
  { id: owner, scope }: Principal,
  { text, answer }: QueryRequest,
  { queryId, startedAt, deadlineAt, connection }: QueryRecord,
  server: Job['server'],
  { idempotency, session }: Pick<Job, 'idempotency' | 'session'>,
): Job {
  return {
    id: randomBytes(16).toString('hex'),
    ...{ owner, scope, queryId, deadlineAt, idempotency, session, server },
    query: withoutCredentials(text.slice(0, QUERY_CHARACTERS)),
    answer,
    createdAt: startedAt,
    state: 'running',
    ...{ endedAt: null, expiresAt: null, rows: null, bytes: 0, complete: true },
    connections: [connection],
    plan: NO_PLAN,
    columns: null,
    error: null,
  };
}

export function factsOfJob(
  { query, createdAt, plan, connections }: Job,
  end: { readonly rows: number; readonly complete: boolean },
  { text }: Pick<QueryRequest, 'text'>,
  book: ConnectionBook,
  keepMs: number,
): ResultFacts {
  return {
    ...{ kind: 'job', format: KEPT_FORMAT, query, ...end },
    placement: plan.placement,
    warnings: plan.warnings,
    shape: shapeName(text),
    connections: connections.map((name) => ({ name, version: book.versionOf(name) })),
    ...{ tables: null, tags: [], models: [] },
    ...{ asOf: createdAt, startedAt: createdAt, tookMs: Date.now() - createdAt },
    ...{ maxAgeMs: keepMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
  };
}

/** Returns the facts of a copy of a job's result in another format: it may be dropped at any time. */
export function factsOfCopy(job: Job, { format }: AnswerOptions, book: ConnectionBook): ResultFacts {
  const end = { rows: job.rows ?? 0, complete: job.complete };
  return { ...factsOfJob(job, end, { text: job.query }, book, 0), kind: 'copy', format };
}
