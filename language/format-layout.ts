/**
 * Where the lines of a stage end. A stage that fits stands on one line. Else its clauses (`by`, `sort`, ...) begin lines
 * of their own, and so do the members of its lists, unless they are short ones (names, numbers), which fill the lines;
 * conditions break before `and` and `or`, brackets that are too long after they open. A comment stays behind what it
 * stands behind, or on its own line.
 */
import { type Leaf, type QueryLeaves, withHeadKeywords, withKeywords } from './format-leaves.ts';
import { type Spaced, spaced } from './format-spacing.ts';

const WIDTH = 100;

interface Brackets {
  readonly kind: 'brackets';
  readonly open: Spaced;
  readonly inner: readonly Node[];
  readonly close: Spaced;
}

type Node = ({ readonly kind: 'one' } & Spaced) | Brackets;

/** Lines under construction. */
export class Lines {
  readonly #lines: string[] = [];
  #line = '';
  #indent = 0;

  get indent(): number {
    return this.#indent;
  }

  /** The line is that of a stage, whose own words stand after the pipe. */
  get startsWithPipe(): boolean {
    return this.#line.trimStart().startsWith('|');
  }

  /** Would this stand within the width? */
  fits(length: number): boolean {
    return this.#line.length + length <= WIDTH;
  }

  put(text: string, space: boolean): void {
    this.#line += this.#line.trim() === '' ? text : `${space ? ' ' : ''}${text}`;
    const newline = this.#line.lastIndexOf('\n');
    if (newline === -1) return;
    this.#lines.push(this.#line.slice(0, newline));
    this.#line = this.#line.slice(newline + 1);
  }

  /** Nothing when the line is still empty: but then it gets this indent. */
  newline(indent: number): void {
    if (this.#line.trim() !== '') this.#lines.push(this.#line);
    this.#line = ' '.repeat(indent);
    this.#indent = indent;
  }

  text(): string {
    return [...this.#lines, ...(this.#line.trim() === '' ? [] : [this.#line])].join('\n');
  }
}

/** Writes a whole query from a new line at `indent` on. */
export function writeQuery(lines: Lines, { head, stages, after }: QueryLeaves, indent: number): void {
  writeHead(lines, head, indent);
  for (const { pipe, leaves, before } of stages) {
    for (const comment of before) writeComment(lines, comment, indent);
    writeStage(lines, pipe.text, spaced(withKeywords(leaves)), indent);
  }
  for (const comment of after) writeComment(lines, comment, indent);
}

/** `set` and `let`, each on its line, then the source. */
function writeHead(lines: Lines, head: readonly Leaf[], indent: number): void {
  const statements = split(
    treeOf(spaced(withHeadKeywords(head))),
    () => false,
    (node) => node.kind === 'one' && node.leaf.text === ';',
  );
  for (const statement of statements) {
    lines.newline(indent);
    new Writer(lines, indent).clauses([statement]);
  }
}

function writeComment(lines: Lines, comment: Leaf, indent: number): void {
  lines.newline(indent);
  lines.put(comment.text, false);
}

/** Writes one stage, its pipe included. */
function writeStage(lines: Lines, pipe: string, leaves: readonly Spaced[], indent: number): void {
  lines.newline(indent);
  lines.put(pipe, false);
  const nodes = treeOf(leaves);
  const hung = new Writer(lines, indent + 4);
  if (lines.fits(1 + flatLength(withoutTail(nodes)))) hung.flat(nodes);
  else hung.clauses(clausesOf(nodes));
}

/** A comment at the end of a stage may stand out. */
function withoutTail(nodes: readonly Node[]): readonly Node[] {
  const last = nodes.at(-1);
  return last?.kind === 'one' && last.leaf.endsLine && !last.leaf.ownLine ? nodes.slice(0, -1) : nodes;
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', case: 'end' };

function treeOf(leaves: readonly Spaced[]): readonly Node[] {
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
  // What is never closed (a column called `case`) was no bracket.
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
function flatLength(nodes: readonly Node[]): number {
  let length = 0;
  for (const node of nodes)
    if (node.kind === 'brackets') length += flatLength(flatOf(node));
    else if (node.leaf.query !== undefined) length += flatQuery(node.leaf.query);
    else if (node.leaf.ownLine || node.leaf.endsLine || node.leaf.text.includes('\n')) return Infinity;
    else length += node.leaf.text.length + (node.space ? 1 : 0);
  return length;
}

/** Only SQL alone, or a name, stands in its brackets on one line. */
function flatQuery({ head, stages, after }: QueryLeaves): number {
  return stages.length + after.length > 0 ? Infinity : flatLength(treeOf(spaced(head))) - 1;
}

function flatOf({ open, inner, close }: Brackets): readonly Node[] {
  return [{ kind: 'one', ...open }, ...inner, { kind: 'one', ...close }];
}

/** Splits before each node for which `begins`, after each for which `ends`; comments stay behind what they follow. */
function split(
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

function clausesOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
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

function membersOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
  return split(
    nodes,
    () => false,
    (node) => node.kind === 'one' && node.leaf.text === ',' && node.leaf.token !== null,
  );
}

const BRANCHES = new Set(['when', 'else', 'otherwise']);

/** Before each branch of a `case`; where there are none before `and` and `or`, but not before the `and` of a `between`. */
function conditionsOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
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
function areShort(members: readonly (readonly Node[])[]): boolean {
  return members.every((member) => member.length <= 3 && flatLength(member) <= WIDTH / 4);
}

class Writer {
  readonly #lines: Lines;
  readonly #indent: number;
  #endsLine = false;

  constructor(lines: Lines, indent: number) {
    this.#lines = lines;
    this.#indent = indent;
  }

  flat(nodes: readonly Node[]): void {
    for (const node of nodes)
      if (node.kind === 'brackets') this.flat(flatOf(node));
      else if (node.leaf.query !== undefined) this.#inline(node.leaf.query);
      else this.#one(node);
  }

  #inline({ head }: QueryLeaves): void {
    for (const [index, node] of treeOf(spaced(head)).entries())
      this.flat([index === 0 && node.kind === 'one' ? { ...node, space: false } : node]);
  }

  clauses(clauses: readonly (readonly Node[])[]): void {
    for (const [index, clause] of clauses.entries()) {
      if (index > 0) this.#newline();
      this.list(clause);
    }
  }

  /** A clause: on one line if it fits, else a member a line, or filled lines. */
  list(nodes: readonly Node[]): void {
    if (this.#lines.fits(1 + flatLength(withoutTail(nodes)))) this.flat(nodes);
    else this.#members(membersOf(nodes));
  }

  #members(members: readonly (readonly Node[])[]): void {
    const fill = areShort(members.slice(1));
    for (const [index, member] of members.entries()) {
      const stays = fill && this.#lines.fits(1 + flatLength(withoutTail(member)));
      if (index > 0 && !stays) this.#newline();
      this.#member(member);
    }
  }

  #member(nodes: readonly Node[]): void {
    if (this.#lines.fits(1 + flatLength(withoutTail(nodes)))) this.flat(nodes);
    else this.#conditions(conditionsOf(nodes));
  }

  #conditions(parts: readonly (readonly Node[])[]): void {
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.#newline();
      for (const node of part)
        if (node.kind === 'one') this.#one(node);
        else this.#brackets(node);
    }
  }

  #brackets(brackets: Brackets): void {
    if (this.#lines.fits(1 + flatLength(flatOf(brackets)))) this.flat(flatOf(brackets));
    else this.#openBrackets(brackets);
  }

  #openBrackets(brackets: Brackets): void {
    this.#one(brackets.open);
    const query = queryIn(brackets);
    const outer = this.#lines.indent + (this.#lines.startsWithPipe ? 2 : 0);
    if (query !== null) {
      writeQuery(this.#lines, query, outer + 2);
      this.#closeBrackets(brackets, outer);
      return;
    }
    const first = brackets.inner.findIndex((node) => node.kind === 'brackets' || node.leaf.token !== null);
    const trailing = brackets.inner.slice(0, Math.max(first, 0)).filter(isTrailing);
    this.flat(trailing);
    const inside = new Writer(this.#lines, outer + 2);
    this.#lines.newline(outer + 2);
    inside.list(brackets.inner.slice(trailing.length));
    this.#closeBrackets(brackets, outer);
  }

  #closeBrackets({ close }: Brackets, outer: number): void {
    this.#endsLine = false;
    this.#lines.newline(outer);
    this.#one({ ...close, space: false });
  }

  #one({ leaf, space }: Spaced): void {
    if (this.#endsLine || leaf.ownLine) this.#newline();
    this.#lines.put(leaf.text, space);
    this.#endsLine = leaf.endsLine;
  }

  #newline(): void {
    this.#lines.newline(this.#indent);
    this.#endsLine = false;
  }
}

function queryIn({ inner }: Brackets): QueryLeaves | null {
  const [only] = inner;
  return inner.length === 1 && only?.kind === 'one' ? (only.leaf.query ?? null) : null;
}

function isTrailing(node: Node): boolean {
  return node.kind === 'one' && node.leaf.token === null && !node.leaf.ownLine;
}
