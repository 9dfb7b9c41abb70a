/**
 * Decides where the lines of a stage end. A stage that fits stands on one line. Else its clauses (`by`, `sort`, ...) begin lines
 * of their own, and so do the members of its lists, unless they are short ones (names, numbers), which fill the lines;
 * conditions break before `and` and `or`, brackets that are too long after they open. A comment stays behind what it
 * stands behind, or on its own line.
 */
import { type Leaf, type QueryLeaves, withHeadKeywords, withKeywords } from './format-leaves.ts';
import type { Lines } from './format-lines.ts';
import { type Spaced, spaced } from './format-spacing.ts';
import {
  areShort,
  type Brackets,
  clausesOf,
  conditionsOf,
  flatLength,
  flatOf,
  isTrailing,
  membersOf,
  type Node,
  queryIn,
  split,
  treeOf,
  withoutTail,
} from './format-tree.ts';

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
