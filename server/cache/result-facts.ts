/** Puts together what is kept about a result beside its body. */
import { createHash } from 'node:crypto';
import { withoutCredentials } from '../../core/logging/redact.ts';
import { shapeOf } from '../../core/logging/shape.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { ConnectionBook } from '../query/connection-book.ts';
import type { ResultFacts, WatchedFile } from '../results/entry.ts';
import type { WholeAnswer } from './leading-query.ts';

const QUERY_CHARACTERS = 500;
const SHAPE_CHARACTERS = 16;

/** The name of a query's shape, by which its entries are purged. */
export function shapeName(text: string): string {
  return createHash('sha256').update(shapeOf(text)).digest('hex').slice(0, SHAPE_CHARACTERS);
}

export function factsOfResult(
  { plan, policy, facts, end, tookMs }: WholeAnswer,
  { text, answer }: QueryRequest,
  startedAt: number,
  asOf: number,
  connections: ConnectionBook,
  files: readonly WatchedFile[],
): ResultFacts {
  const names = [...new Set(plan.sources.map(({ connection }) => connection))];
  return {
    kind: 'cache',
    format: answer.format,
    rows: end.rows,
    complete: end.complete,
    placement: plan.stages.map(({ name, where }) => ({ stage: name, where })),
    warnings: plan.warnings,
    query: withoutCredentials(text.slice(0, QUERY_CHARACTERS)),
    shape: shapeName(text),
    connections: names.map((name) => ({ name, version: connections.versionOf(name) })),
    tables: facts?.tables ?? null,
    ...(files.length > 0 && { files }),
    tags: policy.tags,
    models: plan.models?.used ?? [],
    asOf,
    startedAt,
    tookMs,
    maxAgeMs: policy.maxAgeMs,
    staleWhileRevalidateMs: policy.staleWhileRevalidateMs,
    staleIfErrorMs: policy.staleIfErrorMs,
  };
}
