/**
 * A stage's leaves as a tree of brackets (a `case ... end` is one too), how long it would be on one line, and where it may
 * be broken: between clauses, between the members of a list, before `and`, `or` and the branches of a `case`.
 */
import type { QueryLeaves } from './format-leaves.ts';
import { WIDTH } from './format-lines.ts';
import { type Spaced, spaced } from './format-spacing.ts';

export interface Brackets {
  readonly kind: 'brackets';
  readonly open: Spaced;
  readonly inner: readonly Node[];
  readonly close: Spaced;
}

export type Node = ({ readonly kind: 'one' } & Spaced) | Brackets;

/** A comment at the end of a stage may stand out. */
export function withoutTail(nodes: readonly Node[]): readonly Node[] {
  const last = nodes.at(-1);
  return last?.kind === 'one' && last.leaf.endsLine && !last.leaf.ownLine ? nodes.slice(0, -1) : nodes;
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', case: 'end' };

export function treeOf(leaves: readonly Spaced[]): readonly Node[] {
  const open: { readonly by: Spaced; readonly nodes: Node[] }[] = [];
  let nodes: Node[] = [];
  for (const [index, spaced] of leaves.entries()) {
    const outer = open.at(-1);
    if (opens(leaves, index)) {
      open.push({ by: spaced, nodes });
      nodes = [];
    } else if (outer !== undefined && spaced.leaf.text.toLowerCase() === CLOSING[key(outer.by)]) {
      open.pop();
      outer.nodes.push({ kind: 'brackets', open: outer.by, inner: nodes, close: spaced });
      nodes = outer.nodes;
    } else nodes.push({ kind: 'one', ...spaced });
  }
  // A bracket that is never closed (a column called `case`) was none.
  for (const { by, nodes: before } of open.reverse()) nodes = [...before, { kind: 'one', ...by }, ...nodes];
  return nodes;
}

function key({ leaf }: Spaced): string {
  return leaf.text.toLowerCase();
}

function opens(leaves: readonly Spaced[], index: number): boolean {
  const { leaf } = leaves[index]!;
  if (leaf.token?.kind === 'symbol') return leaf.text === '(' || leaf.text === '[';
  const before = leaves[index - 1]?.leaf.token;
  return leaf.token?.kind === 'word' && leaf.token.lower === 'case' && index > 0 && before?.lower !== 'as';
}

/** Columns that it takes on one line; Infinity when a comment forbids that. */
export function flatLength(nodes: readonly Node[]): number {
  let length = 0;
  for (const node of nodes)
    if (node.kind === 'brackets') length += flatLength(flatOf(node));
    else if (node.leaf.query !== undefined) length += flatQuery(node.leaf.query);
    else if (node.leaf.ownLine || node.leaf.endsLine || node.leaf.text.includes('\n')) return Infinity;
    else length += node.leaf.text.length + (node.space ? 1 : 0);
  return length;
}

/** Returns the length of a query on one line; Infinity unless it is SQL alone, or a name. */
function flatQuery({ head, stages, after }: QueryLeaves): number {
  return stages.length + after.length > 0 ? Infinity : flatLength(treeOf(spaced(head))) - 1;
}

export function flatOf({ open, inner, close }: Brackets): readonly Node[] {
  return [{ kind: 'one', ...open }, ...inner, { kind: 'one', ...close }];
}

/** Splits before each node for which `begins`, after each for which `ends`; comments stay behind what they follow. */
export function split(
  nodes: readonly Node[],
  begins: (node: Node, index: number) => boolean,
  ends: (node: Node) => boolean,
): readonly (readonly Node[])[] {
  const parts: Node[][] = [[]];
  let ended = false;
  for (const [index, node] of nodes.entries()) {
    const trailing = node.kind === 'one' && node.leaf.token === null && !node.leaf.ownLine;
    if ((ended && !trailing) || (begins(node, index) && parts.at(-1)!.length > 0)) parts.push([]);
    ended = (ended && trailing) || ends(node);
    parts.at(-1)!.push(node);
  }
  return parts;
}

function wordOf(node: Node | undefined): string {
  const token = node?.kind === 'one' ? node.leaf.token : null;
  return token?.kind === 'word' ? token.lower : '';
}

const CLAUSES = new Set('by on sort splitrow splitcol when otherwise else message output window'.split(' '));

export function clausesOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
  // The first word is the stage: `sort` itself is no clause.
  return split(
    nodes,
    (node, index) => index > 0 && CLAUSES.has(wordOf(node)) && !['as', ''].includes(wordBefore(nodes, index)),
    () => false,
  );
}

/** A name or the like before: after `as` a keyword is a name. '.' for what is no word. */
function wordBefore(nodes: readonly Node[], index: number): string {
  const before = nodes[index - 1];
  return before === undefined ? '' : wordOf(before) || '.';
}

export function membersOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
  return split(
    nodes,
    () => false,
    (node) => node.kind === 'one' && node.leaf.text === ',' && node.leaf.token !== null,
  );
}

const BRANCHES = new Set(['when', 'else', 'otherwise']);

/** Splits before each branch of a `case`; without branches, before `and` and `or`, but not before the `and` of a `between`. */
export function conditionsOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const branches = split(
    nodes,
    (node) => BRANCHES.has(wordOf(node)),
    () => false,
  );
  if (branches.length > 1) return branches;
  let between = false;
  const begins = (node: Node): boolean => {
    const word = wordOf(node);
    const closesBetween = word === 'and' && between;
    between = word === 'between' || (between && word !== 'and');
    return !closesBetween && (word === 'and' || word === 'or');
  };
  return split(nodes, begins, () => false);
}

/** Names, numbers and the like, with a sign at most. */
export function areShort(members: readonly (readonly Node[])[]): boolean {
  return members.every((member) => member.length <= 3 && flatLength(member) <= WIDTH / 4);
}

export function queryIn({ inner }: Brackets): QueryLeaves | null {
  const [only] = inner;
  return inner.length === 1 && only?.kind === 'one' ? (only.leaf.query ?? null) : null;
}

export function isTrailing(node: Node): boolean {
  return node.kind === 'one' && node.leaf.token === null && !node.leaf.ownLine;
}
