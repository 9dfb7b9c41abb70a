/** Checks the members of a query's request against their schema, and says everything that is wrong with them. */
import type { z } from 'zod';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { ParameterValue } from '../../../core/protocol/parameters.ts';
import { excerptOf } from './excerpt.ts';
import { requireFewParameters } from './json-shape.ts';
import { givenParameter, setOwn } from './parameters.ts';
import { givenBody, type QueryBody } from './query-schemas.ts';

/** Returns the checked body. Throws bad-request with a list of everything that is wrong with it. */
export function parseBody(value: unknown): QueryBody {
  requireFewParameters((value as { params?: unknown } | null)?.params);
  const parsed = givenBody.safeParse(value);
  if (parsed.success) return wellFormed(withEveryParameter(parsed.data, value));
  throw new QueryError('bad-request', problemsOf(parsed.error), {
    hint: 'The body is {"query", "connection"?, "params"?, "limits"?, "format"?, "rows"?, "numbers"?, "end"?, "pushdown"?, "dialect"?, "model"?}; see /openapi.json.',
  });
}

/** Adds a parameter called `__proto__`, which zod's records omit. */
export function withEveryParameter<Body extends { params?: Record<string, ParameterValue> | undefined }>(
  body: Body,
  given: unknown,
): Body {
  const { params } = given as { readonly params?: Readonly<Record<string, unknown>> };
  if (params === undefined || !Object.hasOwn(params, '__proto__')) return body;
  const value = givenParameter.safeParse(Object.getOwnPropertyDescriptor(params, '__proto__')!.value);
  if (!value.success)
    throw new QueryError('bad-request', `params.__proto__: ${value.error.issues[0]!.message}`);
  setOwn(body.params!, '__proto__', value.data);
  return body;
}

/** Returns the first problems, each shortened to one line: a body may have hundreds, with names of any length. */
export function problemsOf({ issues }: z.ZodError): string {
  const named = issues.slice(0, MAX_PROBLEMS).map((issue) => {
    const path = issue.path.length === 0 ? 'the body' : issue.path.join('.');
    return `${excerptOf(path)}: ${excerptOf(issue.message)}`;
  });
  const more = issues.length - named.length;
  return more === 0 ? named.join('; ') : `${named.join('; ')}; and ${more} more`;
}

const MAX_PROBLEMS = 10;

/** Throws for half of a surrogate pair (`\\ud83d` alone): JSON can express it, but UTF-8 cannot, and it would become another character. */
function wellFormed(body: QueryBody): QueryBody {
  const { query, params = {} } = body;
  if (!query.isWellFormed()) throw halfCharacter('query');
  for (const name in params) {
    const value = params[name];
    if (!name.isWellFormed() || !String(value).isWellFormed())
      throw halfCharacter(`params.${name.toWellFormed()}`);
  }
  return body;
}

function halfCharacter(path: string): QueryError {
  return new QueryError('bad-request', `${path}: holds half of a surrogate pair, which is no character`, {
    hint: 'Escape a character past U+FFFF as both of its halves, or not at all.',
  });
}
