/** Reads and checks the query strings of GET /v1/logs and GET /v1/logs/summary. */
import type { Request } from 'express';
import type { LogLevel } from '../../../core/logging/log.ts';
import type { LogFilter } from '../../../core/logging/wire.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { SummaryFilter } from '../../../core/protocol/log-stats.ts';
import { knownOptions } from './known-options.ts';
import { readTime } from './time-text.ts';

const LIMIT_DEFAULT = 200;
const LIMIT_MAX = 10_000;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const OPTIONS = ['query', 'level', 'since', 'limit'];
const SUMMARY_LIMIT_DEFAULT = 10;
const SUMMARY_LIMIT_MAX = 100;
const SUMMARY_OPTIONS = ['since', 'limit'];

/** Reads the options of GET /v1/logs. Throws bad-request. */
export function readLogFilter(request: Request): LogFilter {
  const search = knownOptions(request.originalUrl, OPTIONS);
  const queryId = search.get('query');
  const level = search.get('level');
  return {
    limit: readLimit(search.get('limit'), LIMIT_DEFAULT, LIMIT_MAX),
    ...(queryId !== undefined && { queryId }),
    ...(level !== undefined && { level: readLevel(level) }),
    ...readSince(search),
  };
}

/** Reads the options of GET /v1/logs/summary. Throws bad-request. */
export function readSummaryFilter(request: Request): SummaryFilter {
  const search = knownOptions(request.originalUrl, SUMMARY_OPTIONS);
  return {
    limit: readLimit(search.get('limit'), SUMMARY_LIMIT_DEFAULT, SUMMARY_LIMIT_MAX),
    ...readSince(search),
  };
}

type Search = ReadonlyMap<string, string>;

function readLimit(text: string | undefined, byDefault: number, max: number): number {
  if (text === undefined) return byDefault;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= max) return limit;
  throw refused(`limit=${text} is out of range`, `1 to ${max}`);
}

function readLevel(text: string): LogLevel {
  const level = LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw refused(`unknown level ${text}`, LEVELS.join(', '));
}

function readSince(search: Search): { since?: string } {
  const text = search.get('since');
  if (text === undefined) return {};
  const since = readTime(text);
  if (since !== null) return { since };
  throw refused(`since=${text} is no time`, 'ISO 8601, such as 2026-01-31T12:00:00Z');
}

function refused(problem: string, possible: string): QueryError {
  return new QueryError('bad-request', problem, { hint: `Possible: ${possible}.` });
}
