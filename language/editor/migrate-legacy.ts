/**
 * A query of the legacy language in today's: the same stages that its commands become when it runs, as a text. What only the stage engine's
 * SQL says is the stage `sql`. Pure, as the compiler is: it asks for the columns of sources, and is called again.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Ask, Judge, PlanRequest } from '../../core/protocol/plan.ts';
import { compileTree, withModels } from '../compile.ts';
import { quoteName } from '../dialects/quoting.ts';
import type { EngineStep, Step } from '../frontends/legacy/command.ts';
import { ROW } from '../frontends/legacy/engine-text.ts';
import { readPlaces } from '../frontends/legacy/text-places.ts';
import type { QueryNode, QueryTree, SourceNode, StageNode } from '../frontends/query-tree.ts';
import { treeOf } from '../parse.ts';
import { formatQuery } from './format.ts';

export type Migrated =
  | { readonly kind: 'ask'; readonly asks: readonly Ask[] }
  | { readonly kind: 'migrated'; readonly text: string };

/** Throws QueryError, also for what has no counterpart, with its place in the legacy text. */
export function migrateLegacy(request: PlanRequest, judge: Judge): Migrated {
  const legacy: PlanRequest = { ...request, language: 'legacy', columnsNeeded: true } as PlanRequest;
  const tree = treeOf({ ...legacy, mayBeModel: () => false });
  const steps = new Map<StageNode, readonly Step[]>();
  const heard = (node: StageNode, made: readonly Step[]): void => void steps.set(node, made);
  const made = withModels({ ...legacy, catalogue: false }, judge, (_, composed, judgeHere) =>
    compileTree(tree, composed, judgeHere, heard),
  );
  if (made.kind === 'ask') return made;
  return { kind: 'migrated', text: formatQuery(written(tree, steps)) };
}

function written(tree: QueryTree, steps: ReadonlyMap<StageNode, readonly Step[]>): string {
  const lets = tree.lets.map(({ name, query }) => `let ${name} = (${sourceText(query)});\n`);
  const { query } = tree;
  const stages = query.stages.flatMap((node) => (steps.get(node) ?? []).map((step) => stepText(step, node)));
  return `${lets.join('')}${sourceText(query)}${stages.map((text) => `\n| ${text}`).join('')}`;
}

function sourceText({ source }: QueryNode): string {
  return textOf(source);
}

function textOf(source: SourceNode): string {
  if (source.kind !== 'sql') throw new Error('a source of the legacy language is SQL');
  const { connection, text } = source;
  return `${connection === null ? '' : `@${connection} `}${text ?? ''}`;
}

function stepText(step: Step, node: StageNode): string {
  if (step.kind === 'stages') return readPlaces(step.text).text;
  if (node.sources.length > 0) throw noCounterpart(node);
  return engineText(step);
}

function noCounterpart({ span }: StageNode): QueryError {
  return new QueryError('unsupported', 'this command has no counterpart in one query of today', {
    span,
    hint: 'use the stage `lookup`, or `join`, with the rows of the model',
  });
}

const SAME = '"__same"';

/** The engine's SQL as the stage `sql`; the places of rows that it reads are numbered before, and what it gives is ordered by them. */
function engineText(step: EngineStep): string {
  const sql = `sql (${readPlaces(step.sql).text})`;
  const place = quoteName(ROW);
  const numbered = `eval ${SAME} = 1\n| streamstats row_number() as ${place} sort ${SAME}\n| `;
  const ordered = `\n| sort ${place}\n| fields - ${place}`;
  return `${step.sql.includes(ROW) ? numbered : ''}${sql}${step.ordered ? ordered : ''}`;
}
