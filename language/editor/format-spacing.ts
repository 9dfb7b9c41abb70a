/**
 * Decides where a blank stands between two tokens of a stage. Only the look depends on it: a space more or less never changes
 * what a stage means, with two exceptions that are kept as they were written, since there it does: the parts of a glob
 * (`d*t`), and two signs in a row, which without a blank would begin a comment.
 */
import { findStage } from '../stages/kit/registry.ts';
import { isKeyword, type Leaf, significant } from './format-leaves.ts';

export interface Spaced {
  readonly leaf: Leaf;
  /** A blank stands before it, when it does not begin a line. */
  readonly space: boolean;
}

/** Stages that take expressions: a `*` there is a product, elsewhere it may be part of a glob. */
const EXPRESSIONS = new Set(
  'where eval case assert stats eventstats streamstats timechart pivot fillna join'.split(' '),
);
/** `span=5m` is one thing, and so are the options of other stages. */
const OPTIONS = new Set('span limit fill window seed'.split(' '));
const SIGNS = new Set(['-', '+']);

/** The leaves of one stage, its name first. */
export function spaced(leaves: readonly Leaf[]): readonly Spaced[] {
  const first = leaves.find((leaf) => leaf.token !== null);
  const stage = findStage(first?.token?.lower ?? '')?.name ?? '';
  const types = typeBrackets(leaves);
  let depth = 0;
  return leaves.map((leaf, index) => {
    if (leaf.text === ')' || leaf.text === ']') depth--;
    const inType = types.has(index) || (types.has(index - 1) && leaves[index - 1]!.text === '<');
    const space = index === 0 || (!inType && spaceBefore(leaves, index, stage, depth));
    if (leaf.text === '(' || leaf.text === '[') depth++;
    return { leaf, space };
  });
}

/** Returns the indexes of the `<` and `>` of `list<...>`, which compare nothing. */
function typeBrackets(leaves: readonly Leaf[]): ReadonlySet<number> {
  const found = new Set<number>();
  let open = 0;
  for (const [index, { text }] of leaves.entries()) {
    if (text === '>' && open > 0) open--;
    else if (text === '<' && isListType(leaves, index - 1, found)) open++;
    else continue;
    found.add(index);
  }
  return found;
}

/** The word `list` where a type stands: after `::`, `as` or the `<` of another. */
function isListType(leaves: readonly Leaf[], index: number, brackets: ReadonlySet<number>): boolean {
  if (leaves[index]?.text.toLowerCase() !== 'list') return false;
  const before = leaves[index - 1]?.text.toLowerCase();
  return before === '::' || before === 'as' || brackets.has(index - 1);
}

function spaceBefore(leaves: readonly Leaf[], index: number, stage: string, depth: number): boolean {
  const leaf = leaves[index]!;
  const last = leaves[index - 1]!;
  if (leaf.token === null || last.token === null) return true;
  if (mayBeGlob(leaf, last, stage)) return !leaf.glued;
  if (isSign(leaves, index - 1, stage)) return SIGNS.has(leaf.text) || isExclusion(leaves, index - 1, stage);
  if (leaf.text === '=' || last.text === '=') return !isOption(leaves, index, stage, depth);
  if (leaf.text === '%' && stage === 'sample') return false;
  if (leaf.text === '(' && leaves[index + 1]?.query !== undefined) return last.text !== '(';
  return spaceBetween(last, leaf, index === 1);
}

function spaceBetween(last: Leaf, leaf: Leaf, afterName: boolean): boolean {
  if ([',', ';', ')', ']', '::', '.'].includes(leaf.text)) return false;
  if (['(', '[', '::', '.', '@'].includes(last.text)) return false;
  if (leaf.text === '(') return last.token?.kind !== 'word' || isKeyword(last) || afterName;
  return leaf.text !== '[';
}

const GLOB_PARTS = new Set(['word', 'number', 'duration']);

function mayBeGlob(leaf: Leaf, last: Leaf, stage: string): boolean {
  const part = (one: Leaf): boolean => one.text === '*' || GLOB_PARTS.has(one.token!.kind);
  return !EXPRESSIONS.has(stage) && part(leaf) && part(last) && (leaf.text === '*' || last.text === '*');
}

/** A plus or minus that has nothing before it to be added to. */
function isSign(leaves: readonly Leaf[], index: number, stage: string): boolean {
  const leaf = leaves[index]!;
  if (leaf.token?.kind !== 'symbol' || !SIGNS.has(leaf.text)) return false;
  const before = significant(leaves, index, -1);
  if (before === undefined || before === leaves[0] || isKeyword(before)) return true;
  if (stage === 'sort' && before.token?.kind === 'number') return true;
  return before.token?.kind === 'symbol' && before.text !== ')' && before.text !== ']';
}

/** `fields - a`: all but that. */
function isExclusion(leaves: readonly Leaf[], index: number, stage: string): boolean {
  return stage === 'fields' && significant(leaves, index, -1) === leaves[0];
}

function isOption(leaves: readonly Leaf[], index: number, stage: string, depth: number): boolean {
  if (depth > 0 || !['timechart', 'streamstats', 'sample'].includes(stage)) return false;
  const name = leaves[leaves[index]!.text === '=' ? index - 1 : index - 2];
  return name?.token?.kind === 'word' && OPTIONS.has(name.token.lower);
}
