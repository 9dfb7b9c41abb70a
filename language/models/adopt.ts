/** Takes the tree of one text into a larger tree: numbers of `let`s and stages move on, and names of models become `let`s. */
import type { Span } from '../../core/protocol/errors.ts';
import type { LetNode, QueryNode, QueryTree, SourceNode } from '../frontends/query-tree.ts';

/** The name of a model in a text. */
export interface Mention {
  readonly name: string;
  readonly span: Span;
}

export interface AdoptRules {
  /** Added to the numbers of the tree's own `let`s. */
  readonly letBase: number;
  /** Added to the numbers of its stages. */
  readonly stageBase: number;
  /** The connection of SQL that names none; null: it stays without. */
  readonly connection: string | null;
  /** Returns the number of the `let` that stands for a model. */
  place(name: string): number;
}

/** Returns the names of models in the tree, each place once, in the order of the text. */
export function mentionsOf({ query, lets }: QueryTree): readonly Mention[] {
  const found: Mention[] = [];
  const seen = new Set<QueryNode>();
  const visit = (node: QueryNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const { source, stages } = node;
    if (source.kind === 'model') found.push({ name: source.name, span: source.span });
    if (source.kind === 'query') visit(source.query);
    for (const stage of stages) stage.sources.forEach(visit);
  };
  for (const { query: defined } of lets) visit(defined);
  visit(query);
  return found.sort((a, b) => a.span.start - b.span.start);
}

/** Returns the highest number of a stage. */
export function stageCount({ query, lets }: QueryTree): number {
  let highest = 0;
  const visit = ({ source, stages }: QueryNode): void => {
    if (source.kind === 'query') visit(source.query);
    for (const { index, sources } of stages) {
      highest = Math.max(highest, index);
      sources.forEach(visit);
    }
  };
  for (const { query: defined } of lets) visit(defined);
  visit(query);
  return highest;
}

export function adopt(
  { query, lets }: QueryTree,
  rules: AdoptRules,
): { readonly query: QueryNode; readonly lets: readonly LetNode[] } {
  const adopted = new Map<QueryNode, QueryNode>();
  const take = (node: QueryNode): QueryNode => {
    const known = adopted.get(node);
    if (known !== undefined) return known;
    const { source, stages } = node;
    const made: QueryNode = {
      ...node,
      source: takeSource(source),
      stages: stages.map((stage) => ({
        ...stage,
        index: stage.index + rules.stageBase,
        sources: stage.sources.map(take),
      })),
    };
    adopted.set(node, made);
    return made;
  };
  const takeSource = (source: SourceNode): SourceNode => {
    switch (source.kind) {
      case 'sql':
        return { ...source, connection: source.connection ?? rules.connection };
      case 'let':
        return { ...source, definition: source.definition + rules.letBase };
      case 'model':
        return { ...source, kind: 'let', definition: rules.place(source.name) };
      case 'query':
        return { ...source, query: take(source.query) };
      default:
        return source satisfies never;
    }
  };
  return { query: take(query), lets: lets.map((each) => ({ ...each, query: take(each.query) })) };
}
