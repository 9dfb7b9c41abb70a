/**
 * Makes the nodes of expressions that have children, with their span and height. The height of the tree is bounded
 * here, so that what comes after may recurse.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { CallNode, Expression } from '../query-tree.ts';
import type { Token } from './token.ts';

/** Low enough for the engine, whose own limit is 1000 and to whom one of our levels is up to four. */
export const MAX_NESTING = 200;

export function call(name: Token | string, args: readonly Expression[], end: number, at?: Span): CallNode {
  const { start } = typeof name === 'string' ? at! : name;
  const nameSpan = typeof name === 'string' ? at! : { start, end: name.end };
  const text = typeof name === 'string' ? name : name.lower;
  return { kind: 'call', name: text, nameSpan, args, operator: false, ...extent(start, end, args) };
}

export function operator(name: string, token: Token, args: readonly Expression[], end?: number): Expression {
  const first = Math.min(token.start, args[0]!.span.start);
  const { span, depth } = extent(first, end ?? args.at(-1)!.span.end, args);
  return {
    kind: 'call',
    name,
    nameSpan: { start: token.start, end: token.end },
    args,
    operator: true,
    span,
    depth,
  };
}

/** An operator that a stage writes itself. */
export function operatorCall(name: string, args: readonly Expression[], span: Span): CallNode {
  return { kind: 'call', name, nameSpan: span, args, operator: true, ...extent(span.start, span.end, args) };
}

/** Span and height of a node; the one place where the height is bounded. */
export function extent(
  start: number,
  end: number,
  children: readonly Expression[],
): { span: Span; depth: number } {
  let depth = 0;
  for (const child of children) depth = Math.max(depth, child.depth);
  if (depth >= MAX_NESTING) throw tooDeep({ start, end: Math.min(end, start + 80) });
  return { span: { start, end }, depth: depth + 1 };
}

export function tooDeep({ start, end }: Span): QueryError {
  return new QueryError('nesting-too-deep', `expressions nest deeper than ${MAX_NESTING} levels`, {
    span: { start, end },
    hint: 'compute a part of it in an `eval` before; long lists of values go into `in (...)`',
  });
}
