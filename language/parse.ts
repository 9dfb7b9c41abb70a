/** The first step of the compiler: a text as a tree, by its front end. */
import type { Span } from '../core/protocol/errors.ts';
import type { PlanRequest } from '../core/protocol/plan.ts';
import type { Lexical } from './dialects/lexical.ts';
import { STAGE_ENGINE, sourceDialect } from './dialects/registry.ts';
import { type ForklineTree, parseForkline } from './frontends/forkline/query-parser.ts';
import { dialectAt } from './source/connections.ts';
import { STAGE_SYNTAXES } from './stages/kit/registry.ts';

/** What of a request says how its text is read. */
export type ParseRequest = Pick<PlanRequest, 'text' | 'connection' | 'dialects' | 'stages'>;

/** The text of a request. Throws QueryError. */
export function parseRequest({ text, connection: usual, dialects, stages }: ParseRequest): ForklineTree {
  const lexicalOf = (connection: string, span: Span | null): Lexical =>
    sourceDialect(dialectAt(dialects, connection, span)).lexical;
  const context = { usual: lexicalOf(usual, null), engine: STAGE_ENGINE.lexical, lexicalOf };
  const syntaxes = stages ? { ...STAGE_SYNTAXES, permitted: new Set(stages) } : STAGE_SYNTAXES;
  return parseForkline(text, syntaxes, context);
}

/** A text whose connections nobody knows, such as one that is only formatted: all SQL in it is `lexical`'s. Throws QueryError. */
export function parseAlone(text: string, lexical: Lexical): ForklineTree {
  const context = { usual: lexical, engine: STAGE_ENGINE.lexical, lexicalOf: () => lexical };
  return parseForkline(text, STAGE_SYNTAXES, context);
}
