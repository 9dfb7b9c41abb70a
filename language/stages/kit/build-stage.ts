/** Makes nodes of the tree without a text of ours: for front ends of other languages. */
import type { Span } from '../../../core/protocol/errors.ts';
import type { QueryNode, StageNode } from '../../frontends/query-tree.ts';
import type { ResolvedStage } from '../../resolve/graph.ts';
import type { StageDefinition } from './stage.ts';

export interface StagePlaceInText {
  /** 1 is the first of the text, whichever query it belongs to. */
  readonly index: number;
  /** The place in the query that errors of the stage point at. */
  readonly span: Span;
  /** The queries that it takes beside its own input, in the order in which the stage reads them. */
  readonly sources?: readonly QueryNode[];
}

/** `syntax`: of the type `Syntax` that the stage's file exports, as its `parse` would have made it. */
export function buildStage<Syntax, Resolved extends ResolvedStage>(
  { name }: StageDefinition<Syntax, Resolved>,
  syntax: Syntax,
  { index, span, sources = [] }: StagePlaceInText,
): StageNode {
  return { index, name, syntax, sources, span };
}
