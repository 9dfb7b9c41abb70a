/** Finds how long the models of a query say that its answer may be kept. */
import { modelKey } from '../../core/protocol/models.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { QueryModels } from '../query/query-models.ts';

/**
 * Returns the shortest time that its models say; null when one that the query itself names does not say, and when the query reads
 * something beside its models. A model's author answers for its rows with everything that it builds on, and for nothing else.
 */
export function keepOfModels(
  { models, sources }: Plan,
  queryLength: number,
  catalogue: QueryModels | null,
): number | null {
  if (models === undefined || catalogue === null) return null;
  const isOfModel = ({ segments }: Plan['sources'][number]): boolean =>
    segments.length > 0 && segments.every(({ queryStart }) => queryStart >= queryLength);
  if (!sources.every(isOfModel)) return null;
  let shortest: number | null = null;
  for (const { name, readAt } of models.regions) {
    const keepMs = catalogue.keepMs(modelKey(name));
    if (keepMs !== null) shortest = Math.min(shortest ?? keepMs, keepMs);
    else if (readAt.start < queryLength) return null;
  }
  return shortest;
}
