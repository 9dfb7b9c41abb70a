/** The first step of the compiler: a text as a tree, by its front end. */
import type { PlanRequest } from '../core/protocol/plan.ts';
import type { QueryTree } from './frontends/forkline/ast.ts';
import { parseTree } from './frontends/forkline/query-parser.ts';
import { dialectAt } from './source/connections.ts';
import { STAGE_SYNTAXES } from './stages/kit/registry.ts';

/** The text of a request. Throws QueryError. */
export function parseRequest({ text, dialects }: Pick<PlanRequest, 'text' | 'dialects'>): QueryTree {
  return parseTree(text, STAGE_SYNTAXES, {
    dialectOf: (connection, span) => dialectAt(dialects, connection, span),
  });
}

/** A text whose connections nobody knows, such as one that is only formatted: any may be named. Throws QueryError. */
export function parseAlone(text: string): QueryTree {
  return parseTree(text, STAGE_SYNTAXES, { dialectOf: () => 'postgres' });
}
