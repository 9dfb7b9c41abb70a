/**
 * The formatter: one stage a line, `| ` first, long lists broken at a width, keywords in lower case. It keeps every
 * token and every comment in its order, is idempotent, and leaves the SQL as it was written, except for white space at
 * the ends of its lines. What does not parse is an error with its place.
 */
import { strict as assert } from 'node:assert';
import { Lines, layOut } from './format-layout.ts';
import { type Leaf, leavesOf, withKeywords } from './format-leaves.ts';
import { spaced } from './format-spacing.ts';
import { sqlText } from './format-sql.ts';
import { parseTree } from './query-parser.ts';
import { lexStages } from './stage-lexer.ts';
import type { Token } from './token.ts';

/** The whole query, with one line end at its end. Throws QueryError. */
export function formatQuery(text: string): string {
  const { source } = parseTree(text);
  const { pipe } = source;
  const sql = sqlText(text, 0, pipe?.start ?? text.length);
  if (pipe === null) return `${sql}\n`;
  const formatted = `${sql}\n${stagesText(text, pipe.start)}\n`;
  const after = parseTree(formatted).source.pipe;
  assert.deepEqual(
    essence(formatted, after?.start ?? 0),
    essence(text, pipe.start),
    'the formatter has changed a token',
  );
  return formatted;
}

function stagesText(text: string, start: number): string {
  const tokens = lexStages(text, start).slice(0, -1);
  const lines = new Lines();
  for (const { pipe, leaves, before } of stagesOf(leavesOf(text, tokens, start, text.length))) {
    for (const comment of before) comments(lines, comment);
    if (pipe !== null) layOut(lines, pipe.text, spaced(withKeywords(leaves)), 0);
  }
  return lines.text();
}

function comments(lines: Lines, comment: Leaf): void {
  lines.newline(0);
  lines.put(comment.text, false);
}

interface StageLeaves {
  /** null: what stands after the last stage. */
  readonly pipe: Leaf | null;
  readonly leaves: Leaf[];
  /** Comments on lines of their own before the pipe. */
  readonly before: readonly Leaf[];
}

/** Cut at the pipes outside of brackets. */
function stagesOf(leaves: readonly Leaf[]): readonly StageLeaves[] {
  const stages: StageLeaves[] = [];
  let depth = 0;
  for (const leaf of leaves) {
    const symbol = leaf.token?.kind === 'symbol' ? leaf.text : '';
    if (symbol === '(' || symbol === '[') depth++;
    if (symbol === ')' || symbol === ']') depth--;
    if (depth === 0 && (symbol === '|' || symbol === '|>'))
      stages.push({ pipe: leaf, leaves: [], before: takeOwnLines(stages.at(-1)?.leaves) });
    else stages.at(-1)!.leaves.push(leaf);
  }
  return [...stages, { pipe: null, leaves: [], before: takeOwnLines(stages.at(-1)?.leaves) }];
}

/** Takes the comments at the end away, from the first that has its own line. */
function takeOwnLines(leaves: Leaf[] | undefined): readonly Leaf[] {
  if (leaves === undefined) return [];
  const lastToken = leaves.findLastIndex((leaf) => leaf.token !== null);
  const first = leaves.findIndex((leaf, index) => index > lastToken && leaf.ownLine);
  return first === -1 ? [] : leaves.splice(first);
}

/** What may not change: tokens and comments, in their order. */
function essence(text: string, start: number): readonly string[] {
  const tokens: readonly Token[] = lexStages(text, start).slice(0, -1);
  return leavesOf(text, tokens, start, text.length).map(({ token, text: shown }) =>
    token === null ? shown : `${token.kind} ${token.lower}`,
  );
}
