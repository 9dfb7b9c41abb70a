/** Makes the record of a job that starts, and the facts that are kept with its result. */
import { randomBytes } from 'node:crypto';
import { withoutCredentials } from '../../core/logging/redact.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { shapeName } from '../cache/result-facts.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { ConnectionBook } from '../query/connection-book.ts';
import type { ResultFacts } from '../results/entry.ts';
import type { Job } from './job.ts';

const QUERY_CHARACTERS = 500;
const NO_PLAN = { placement: [], warnings: [] };

export function newJob(
  { id: owner, scope }: Principal,
  { text, answer }: QueryRequest,
  { queryId, startedAt, deadlineAt, connection }: QueryRecord,
  server: Job['server'],
  idempotency: Job['idempotency'],
): Job {
  return {
    id: randomBytes(16).toString('hex'),
    ...{ owner, scope, queryId, deadlineAt, idempotency, server },
    query: withoutCredentials(text.slice(0, QUERY_CHARACTERS)),
    format: answer.format,
    endLine: answer.end !== 'none',
    createdAt: startedAt,
    state: 'running',
    ...{ endedAt: null, expiresAt: null, rows: null, bytes: 0, complete: true },
    connections: [connection],
    plan: NO_PLAN,
    error: null,
  };
}

export function factsOfJob(
  { format, query, createdAt, plan, connections }: Job,
  end: { readonly rows: number; readonly complete: boolean },
  { text }: QueryRequest,
  book: ConnectionBook,
  keepMs: number,
): ResultFacts {
  return {
    ...{ kind: 'job', format, query, ...end },
    placement: plan.placement,
    warnings: plan.warnings,
    shape: shapeName(text),
    connections: connections.map((name) => ({ name, version: book.versionOf(name) })),
    ...{ tables: null, tags: [], models: [] },
    ...{ asOf: createdAt, startedAt: createdAt, tookMs: Date.now() - createdAt },
    ...{ maxAgeMs: keepMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
  };
}
