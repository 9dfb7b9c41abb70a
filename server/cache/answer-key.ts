/**
 * The key of a kept answer: a hash of everything that the answer depends on. What is not in it must not change an answer; two
 * requests share one only when each of these parts is the same.
 */
import { hash } from 'node:crypto';
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import { databaseText, parameterKind } from '../../core/protocol/parameters.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import { canonicalText } from './canonical-text.ts';

/** Changes with what the parts below mean. */
const KEY_VERSION = 2;
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

/** A text of any letters, with its length in front, so that nothing in it can look like the part that follows. */
function framed(text: string | null): string {
  if (text === null) return '-';
  // Halves of characters would all be hashed as the same letter.
  return text.isWellFormed() ? `${text.length}:${text}` : `j${framed(JSON.stringify(text))}`;
}

function parametersPart(parameters: QueryRequest['parameters']): string {
  const names = Object.keys(parameters);
  if (names.length > 1) names.sort();
  let part = `${names.length};`;
  for (const name of names) {
    const value = parameters[name]!;
    part += framed(name) + framed(parameterKind(name, value)) + framed(databaseText(value));
  }
  return part;
}

/** Made for each query, before it is known whether it has a kept answer: one text, hashed once. */
export function answerKey(request: QueryRequest, principal: Principal, place: KeyPlace): string {
  const { text, parameters, answer, pushdown, language, model, capRows } = request;
  const { format, rows, numbers } = answer;
  const end = format === 'ndjson' ? answer.end : null;
  // The words of closed lists, and a number, need no frames.
  const words = `${KEY_VERSION};${format};${rows};${numbers};${end};${pushdown};${language};${capRows};`;
  const where = `${framed(place.engines)}${framed(scopeOf(principal))}${framed(place.connection)}${framed(place.connectionVersion)}`;
  const asked = language === null ? canonicalText(text, place.dialect) : text;
  const parts = `${words}${where}${framed(model)}${parametersPart(parameters)}${framed(asked)}`;
  return hash('sha256', parts, 'hex').slice(0, KEY_CHARACTERS);
}
