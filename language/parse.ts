/** The first step of the compiler: a text as a tree, by its front end. */
import { QueryError, type Span } from '../core/protocol/errors.ts';
import type { PlanRequest } from '../core/protocol/plan.ts';
import type { Lexical } from './dialects/lexical.ts';
import { STAGE_ENGINE, sourceDialect } from './dialects/registry.ts';
import { type ForklineTree, parseForkline } from './frontends/forkline/query-parser.ts';
import { parseLegacy } from './frontends/legacy/frontend.ts';
import { saysLegacy } from './frontends/legacy/prelude.ts';
import type { QueryTree } from './frontends/query-tree.ts';
import type { TextToParse } from './models/composition.ts';
import { dialectAt } from './source/connections.ts';
import { STAGE_SYNTAXES } from './stages/kit/registry.ts';

/** The text of a request as the tree of its language. Throws QueryError. */
export function treeOf(request: TextToParse): QueryTree {
  const { text, dialects, language, model = null } = request;
  if (language !== 'legacy' && !saysLegacy(text)) return parseRequest(request);
  if (request.stages)
    throw new QueryError('permission-denied', 'the legacy language is not for who may use only some stages', {
      span: { start: 0, end: Math.min(1, text.length) },
      hint: "write the query in Forkline's own language, with the stages that are allowed",
    });
  const { tablesSql } = sourceDialect(dialectAt(dialects, request.connection, null));
  const { mayBeModel, timeOf } = request;
  return parseLegacy(text, { model, connections: Object.keys(dialects), tablesSql, mayBeModel, timeOf });
}

/** The text of a request in Forkline's own language. Throws QueryError. */
export function parseRequest({
  text,
  connection: usual,
  dialects,
  stages,
  mayBeModel,
}: TextToParse): ForklineTree {
  const lexicalOf = (connection: string, span: Span | null): Lexical =>
    sourceDialect(dialectAt(dialects, connection, span)).lexical;
  const context = { usual: lexicalOf(usual, null), engine: STAGE_ENGINE.lexical, lexicalOf, mayBeModel };
  const syntaxes = stages ? { ...STAGE_SYNTAXES, permitted: new Set(stages) } : STAGE_SYNTAXES;
  return parseForkline(text, syntaxes, context);
}

/** Lexical rules of the SQL that names no connection. */
export function usualLexical({
  connection,
  dialects,
}: Pick<PlanRequest, 'connection' | 'dialects'>): Lexical {
  return sourceDialect(dialectAt(dialects, connection, null)).lexical;
}

/** A text whose connections and models nobody knows, such as one that is only formatted: all SQL in it is `lexical`'s. Throws QueryError. */
export function parseAlone(text: string, lexical: Lexical): ForklineTree {
  const rules = { usual: lexical, engine: STAGE_ENGINE.lexical, lexicalOf: () => lexical };
  return parseForkline(text, STAGE_SYNTAXES, { ...rules, mayBeModel: () => true });
}
