/** Checks a tree before names have a meaning: parameters without values, values and `let`s that nobody uses. */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { PlanRequest } from '../../core/protocol/plan.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import type { LetNode, QueryNode, QueryTree } from '../frontends/query-tree.ts';
import { missingParameter } from './expression.ts';

/** Refuses a parameter without a value, and a value without a parameter. */
export function checkParameters(
  { parameters: uses, text }: QueryTree,
  given: PlanRequest['parameters'],
): void {
  for (const { name, start, end } of uses)
    if (!Object.hasOwn(given, name)) throw missingParameter(name, { start, end });
  const names = new Set(uses.map((use) => use.name));
  const stray = Object.keys(given).find((name) => !names.has(name));
  if (stray === undefined) return;
  const suggestions = suggest(stray, names).map((name) => `:${name}`);
  const span: Span = { start: 0, end: Math.min(1, text.length) };
  throw new QueryError('unknown-parameter', `the query has no parameter \`:${stray}\``, {
    span,
    hint: didYouMean(suggestions) ?? 'take its value away, or use it in the query',
    suggestions,
  });
}

/** Warns of each `let` that the query does not read. */
export function unusedLets({ lets, query }: QueryTree): readonly string[] {
  const used = new Set<LetNode>();
  const visit = ({ source, stages }: QueryNode): void => {
    if (source.kind === 'query') visit(source.query);
    const definition = source.kind === 'let' ? lets[source.definition]! : null;
    if (definition !== null && !used.has(definition)) {
      used.add(definition);
      visit(definition.query);
    }
    for (const stage of stages) stage.sources.forEach(visit);
  };
  visit(query);
  return lets
    .filter((definition) => !used.has(definition) && definition.ofModel !== true)
    .map(({ name }) => `\`${name}\` is never used`);
}
