/** The compiler's part of POST /v1/explain: tokens of the stages, and the plan. */

import { planQuery } from './compile.ts';
import type { Plan, PlanRequest, PlanStep } from './plan.ts';
import { parseTree } from './query-parser.ts';
import { lexStages } from './stage-lexer.ts';
import type { Token } from './token.ts';

export interface ExplainedQuery {
  /** The user's SQL as written. */
  readonly sourceText: string;
  readonly tokens: readonly Pick<Token, 'kind' | 'text' | 'start' | 'end'>[];
  readonly plan: Plan;
}

export type ExplainStep =
  | Extract<PlanStep, { kind: 'ask' }>
  | { readonly kind: 'explained'; readonly explained: ExplainedQuery };

export function explainQuery(request: PlanRequest): ExplainStep {
  const step = planQuery(request);
  if (step.kind === 'ask') return step;
  const { source } = parseTree(request.text);
  const tokens = source.pipe === null ? [] : lexStages(request.text, source.pipe.end);
  const explained = {
    sourceText: request.text.slice(source.sqlStart, source.sqlEnd),
    tokens: tokens.map(({ kind, text, start, end }) => ({ kind, text, start, end })),
    plan: step.plan,
  };
  return { kind: 'explained', explained };
}
