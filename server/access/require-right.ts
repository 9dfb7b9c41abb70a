/** The rights that routes need. What a principal may not do is refused by its name, whatever it asked for in detail. */
import type { RequestHandler } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { type Principal, principalOf } from '../../core/protocol/principal.ts';

const WHAT = {
  administration: 'change the catalogue',
  ask: 'ask queries',
  logs: 'read the log',
  metrics: 'read the metrics',
  processes: 'see the processes',
} as const;

export type Right = keyof typeof WHAT;

/** A handler that lets only those pass who have the right. */
export function requireRight(right: Right): RequestHandler {
  return (request, _response, next) => {
    checkRight(principalOf(request), right);
    next();
  };
}

/** Throws forbidden. */
export function checkRight({ id, rights }: Principal, right: Right): void {
  if (rights[right]) return;
  throw new QueryError('forbidden', `${id} may not ${WHAT[right]}`, {
    rule: `right ${right}`,
    hint: `Ask whoever runs this server for a role with ${right === 'ask' ? 'connections' : `"${right}": true`}.`,
  });
}
