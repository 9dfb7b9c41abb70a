/**
 * The rules of the cache (`cache.rulesFile`): which queries are kept for how long, by connection and shape. A file with a mistake
 * is refused as a whole, with all its mistakes at once.
 *
 *   {"rules": [{"connection": "main", "query": "select * from orders where id = 1", "maxAge": "10m", "tags": ["orders"]}]}
 *
 * `query` stands for every query of the same shape: other literals, letter case of words and layout do not matter.
 */
import { readFileSync } from 'node:fs';
import { shapeOf } from '../logging/shape.ts';
import type { CacheRule, WarmRule } from '../protocol/results-config.ts';
import { closestName } from './closest-name.ts';
import { parseDuration } from './duration.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

export type ReadRules = { readonly rules: readonly CacheRule[]; readonly errors: readonly string[] };

const DURATIONS = ['maxAge', 'minTime', 'staleWhileRevalidate', 'staleIfError', 'warmEvery'] as const;
const MEMBERS = ['connection', 'query', 'keep', 'evenVolatile', 'tags', ...DURATIONS] as const;
const LEAST_WARM_MS = 1000;

export const NO_RULES: ReadRules = { rules: [], errors: [] };

/** `connections`: the names that a rule may have. */
export function readCacheRules(path: string, connections: readonly string[]): ReadRules {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return failed(`cache.rulesFile: ${path} cannot be read: ${(error as Error).message}`);
  }
  const rules = isJsonObject(value) ? value.rules : undefined;
  if (!isJsonObject(value) || !Array.isArray(rules))
    return failed(`${path}: must be {"rules": [{"query": "select ...", "maxAge": "10m"}]}`);
  const others = Object.keys(value).filter((name) => name !== 'rules');
  const errors = others.map((name) => `${path}: ${name}: there is no such member; known here: rules`);
  const read = rules.map((rule: unknown, index) => {
    const mistakes = isJsonObject(rule) ? mistakesOf(rule, connections) : ['must be an object'];
    errors.push(...mistakes.map((mistake) => `${path}: rules.${index}: ${mistake}`));
    return mistakes.length === 0 ? ruleOf(rule as JsonObject) : null;
  });
  return { rules: errors.length > 0 ? [] : read.flatMap((rule) => (rule === null ? [] : [rule])), errors };
}

function failed(error: string): ReadRules {
  return { rules: [], errors: [error] };
}

function mistakesOf(rule: JsonObject, connections: readonly string[]): string[] {
  const mistakes = Object.keys(rule).flatMap((name) => {
    if ((MEMBERS as readonly string[]).includes(name)) return [];
    const meant = closestName(name, MEMBERS);
    return [
      `${name}: there is no such member; ${meant === null ? `known here: ${MEMBERS.join(', ')}` : `did you mean ${meant}?`}`,
    ];
  });
  for (const name of DURATIONS)
    if (rule[name] !== undefined && durationOf(rule[name]) === null)
      mistakes.push(`${name}: must be a duration such as "10m", not ${JSON.stringify(rule[name])}`);
  const { connection, query, keep, evenVolatile, tags } = rule;
  if (connection !== undefined && !(typeof connection === 'string' && connections.includes(connection)))
    mistakes.push(`connection: must be one of ${connections.join(', ')}, not ${JSON.stringify(connection)}`);
  if (query !== undefined && !(typeof query === 'string' && query.trim() !== ''))
    mistakes.push(`query: must be the text of a query, not ${JSON.stringify(query)}`);
  if (keep !== undefined && keep !== 'never') mistakes.push('keep: must be "never", or left out');
  if (evenVolatile !== undefined && typeof evenVolatile !== 'boolean')
    mistakes.push('evenVolatile: must be true or false');
  if (
    tags !== undefined &&
    !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== ''))
  )
    mistakes.push('tags: must be a list of names such as ["orders"]');
  if (keep === undefined && rule.maxAge === undefined)
    mistakes.push('maxAge is missing: write "maxAge": "10m", or "keep": "never"');
  if (rule.warmEvery !== undefined && query === undefined)
    mistakes.push('warmEvery: needs the `query` that is run');
  if (rule.warmEvery !== undefined && (durationOf(rule.warmEvery) ?? LEAST_WARM_MS) < LEAST_WARM_MS)
    mistakes.push('warmEvery: must be at least "1s"');
  return mistakes;
}

function ruleOf(rule: JsonObject): CacheRule {
  const query = rule.query as string | undefined;
  return {
    connection: (rule.connection as string | undefined) ?? null,
    shape: query === undefined ? null : shapeOf(query),
    maxAgeMs: rule.keep === 'never' ? null : durationOf(rule.maxAge),
    minMs: durationOf(rule.minTime),
    staleWhileRevalidateMs: durationOf(rule.staleWhileRevalidate),
    staleIfErrorMs: durationOf(rule.staleIfError),
    evenVolatile: rule.evenVolatile === true,
    tags: (rule.tags as string[] | undefined) ?? [],
    warm: warmOf(query, durationOf(rule.warmEvery)),
  };
}

function warmOf(query: string | undefined, everyMs: number | null): WarmRule | null {
  return query === undefined || everyMs === null ? null : { query, everyMs };
}

function durationOf(value: unknown): number | null {
  return typeof value === 'string' ? parseDuration(value) : null;
}
