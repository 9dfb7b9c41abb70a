/**
 * A column that is not there, but was: says which stage renamed it or left it out. Positions tell a renaming from the rest,
 * since `rename` keeps the places of columns.
 */
import type { QueryError } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import { columnKey } from '../types/column-key.ts';
import type { ResolvedQuery } from './graph.ts';
import { available } from './scope.ts';

/** The columns before a stage, and that stage. */
interface ColumnStep {
  readonly before: readonly Column[];
  readonly stage: { readonly index: number; readonly name: string };
}

/** Returns the steps that `query` is made of, in order. */
function stepsOf({ source, stages }: ResolvedQuery): readonly ColumnStep[] {
  const earlier = source.kind === 'query' ? stepsOf(source.query) : [];
  let before = source.kind === 'query' ? source.query.columns : source.columns;
  const own = stages.map(({ node, resolved }) => {
    const step = { before, stage: { index: node.index, name: node.name } };
    before = resolved.columns;
    return step;
  });
  return [...earlier, ...own];
}

/** The error, with a better hint when it is about a column that a stage of `query` has taken away. */
export function explainLostColumn(error: QueryError, text: string, query: ResolvedQuery): QueryError {
  const { span } = error.details;
  if (error.code !== 'unknown-column' || span === undefined) return error;
  const name = text.slice(span.start, span.end).replaceAll(/^["`]|["`]$/g, '');
  const key = columnKey(name);
  const now = query.columns;
  const steps = stepsOf(query);
  const at = steps.findLastIndex(({ before }) => before.some((column) => columnKey(column.name) === key));
  const step = steps[at];
  if (step === undefined) return error;
  const after = steps[at + 1]?.before ?? now;
  return error.with(whereItWent(name, step, after, now));
}

function whereItWent(
  name: string,
  { before, stage }: ColumnStep,
  after: readonly Column[],
  now: readonly Column[],
): { readonly hint: string; readonly suggestions: readonly string[] } {
  const place = before.findIndex((column) => columnKey(column.name) === columnKey(name));
  const renamed = stage.name === 'rename' ? after[place]?.name : undefined;
  const which = `stage ${stage.index} (\`${stage.name}\`)`;
  if (renamed !== undefined && now.some((column) => column.name === renamed))
    return { hint: `${which} renamed it: it is called \`${renamed}\` now`, suggestions: [renamed] };
  const names = now.map((column) => column.name);
  const verb =
    renamed === undefined ? 'leaves it out' : `renamed it to \`${renamed}\`, which a later stage leaves out`;
  return { hint: `${which} ${verb}; ${available(names)}`, suggestions: [] };
}
