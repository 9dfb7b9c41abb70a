/** The query string of GET /v1/logs, checked. */
import type { Request } from 'express';
import type { LogLevel } from '../logger/log.ts';
import type { LogFilter } from '../logger/wire.ts';
import { QueryError } from '../workers/errors.ts';

const LIMIT_DEFAULT = 200;
const LIMIT_MAX = 10_000;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const OPTIONS = ['query', 'level', 'since', 'limit'];

/** Throws bad-request. */
export function readLogFilter(request: Request): LogFilter {
  const search = new URL(request.originalUrl, 'http://localhost').searchParams;
  for (const name of search.keys()) {
    if (!OPTIONS.includes(name)) throw refused(`unknown option ${name}`, OPTIONS.join(', '));
  }
  const queryId = search.get('query');
  const level = search.get('level');
  const since = search.get('since');
  return {
    limit: readLimit(search.get('limit')),
    ...(queryId !== null && { queryId }),
    ...(level !== null && { level: readLevel(level) }),
    ...(since !== null && { since: readTime(since) }),
  };
}

function readLimit(text: string | null): number {
  const limit = text === null ? LIMIT_DEFAULT : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw refused(`limit=${text} is out of range`, `1 to ${LIMIT_MAX}`);
}

function readLevel(text: string): LogLevel {
  const level = LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw refused(`unknown level ${text}`, LEVELS.join(', '));
}

function readTime(text: string): string {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw refused(`since=${text} is no time`, 'ISO 8601, such as 2026-01-31T12:00:00Z');
}

function refused(problem: string, possible: string): QueryError {
  return new QueryError('bad-request', problem, { hint: `Possible: ${possible}.` });
}
