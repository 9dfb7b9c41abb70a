/**
 * The key of a kept answer: a hash of everything that the answer depends on. What is not in it must not change an answer; two
 * requests share one only when each of these parts is the same.
 */
import { createHash } from 'node:crypto';
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import { databaseText, parameterKind } from '../../core/protocol/parameters.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import { canonicalText } from './canonical-text.ts';

/** Changes with what the parts below mean. */
const KEY_VERSION = 1;
const KEY_CHARACTERS = 48;

export interface KeyPlace {
  /** The versions of what computes and encodes answers. */
  readonly engines: string;
  /** The connection that the request means, with the version of what it leads to. */
  readonly connection: string;
  readonly connectionVersion: string;
  readonly dialect: DialectName | undefined;
}

/** Returns the hash of what the principal may see, so that nobody gets what was kept for somebody with other rights. */
function scopeOf({ scope }: Principal): string {
  return scope;
}

export function answerKey(request: QueryRequest, principal: Principal, place: KeyPlace): string {
  const { text, parameters, answer, pushdown, language, model, capRows } = request;
  const names = Object.keys(parameters);
  if (names.length > 1) names.sort();
  const values = names.map((name) => {
    const value = parameters[name]!;
    return [name, parameterKind(name, value), databaseText(value)];
  });
  const parts = [
    ...[KEY_VERSION, place.engines, scopeOf(principal)],
    ...[place.connection, place.connectionVersion, pushdown, language, model, capRows],
    ...[answer.format, answer.rows, answer.numbers, answer.format === 'ndjson' ? answer.end : null],
    values,
    language === null ? canonicalText(text, place.dialect) : text,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, KEY_CHARACTERS);
}
