/** The query strings of GET /v1/logs and GET /v1/logs/summary, checked. */
import type { Request } from 'express';
import type { LogLevel } from '../logger/log.ts';
import type { SummaryFilter } from '../logger/log-stats.ts';
import type { LogFilter } from '../logger/wire.ts';
import { QueryError } from '../workers/errors.ts';

const LIMIT_DEFAULT = 200;
const LIMIT_MAX = 10_000;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const OPTIONS = ['query', 'level', 'since', 'limit'];
const SUMMARY_LIMIT_DEFAULT = 10;
const SUMMARY_LIMIT_MAX = 100;
const SUMMARY_OPTIONS = ['since', 'limit'];

/** Throws bad-request. */
export function readLogFilter(request: Request): LogFilter {
  const search = readSearch(request, OPTIONS);
  const queryId = search.get('query');
  const level = search.get('level');
  const since = search.get('since');
  return {
    limit: readLimit(search.get('limit'), LIMIT_DEFAULT, LIMIT_MAX),
    ...(queryId !== null && { queryId }),
    ...(level !== null && { level: readLevel(level) }),
    ...(since !== null && { since: readTime(since) }),
  };
}

/** Throws bad-request. */
export function readSummaryFilter(request: Request): SummaryFilter {
  const search = readSearch(request, SUMMARY_OPTIONS);
  const since = search.get('since');
  return {
    limit: readLimit(search.get('limit'), SUMMARY_LIMIT_DEFAULT, SUMMARY_LIMIT_MAX),
    ...(since !== null && { since: readTime(since) }),
  };
}

function readSearch(request: Request, options: readonly string[]): URLSearchParams {
  const search = new URL(request.originalUrl, 'http://localhost').searchParams;
  for (const name of search.keys()) {
    if (!options.includes(name)) throw refused(`unknown option ${name}`, options.join(', '));
  }
  return search;
}

function readLimit(text: string | null, byDefault: number, max: number): number {
  const limit = text === null ? byDefault : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw refused(`limit=${text} is out of range`, `1 to ${max}`);
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
