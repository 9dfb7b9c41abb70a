/** The compiler's part of POST /v1/explain: tokens of the stages, and the plan. */

import { type PlanRequest, planQuery } from './compile.ts';
import type { Plan } from './plan.ts';
import { parseTree } from './query-parser.ts';
import { lexStages } from './stage-lexer.ts';
import type { Token } from './token.ts';

export interface ExplainedQuery {
  /** The user's SQL as written. */
  readonly sourceText: string;
  readonly tokens: readonly Pick<Token, 'kind' | 'text' | 'start' | 'end'>[];
  readonly plan: Plan;
}

export function explainQuery(request: PlanRequest): ExplainedQuery {
  const { source } = parseTree(request.text);
  const tokens = source.pipe === null ? [] : lexStages(request.text, source.pipe.end);
  return {
    sourceText: request.text.slice(source.sqlStart, source.sqlEnd),
    tokens: tokens.map(({ kind, text, start, end }) => ({ kind, text, start, end })),
    plan: planQuery(request),
  };
}
