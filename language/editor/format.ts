/**
 * The formatter: one stage a line, `| ` first, long lists broken at a width, sub-queries indented in their brackets,
 * keywords in lower case. It keeps every token and every comment in its order, is idempotent, and leaves SQL as it was
 * written, except for white space at the ends of its lines. What does not parse is an error with its place.
 */
import { strict as assert } from 'node:assert';
import type { Lexical } from '../dialects/lexical.ts';
import { USUAL_SOURCE } from '../dialects/registry.ts';
import { saysLegacy } from '../frontends/legacy/prelude.ts';
import { parseAlone } from '../parse.ts';
import { writeQuery } from './format-layout.ts';
import { type Leaf, leavesOf } from './format-leaves.ts';
import { formatLegacy } from './format-legacy.ts';
import { Lines } from './format-lines.ts';
import { queryOf } from './format-query.ts';

/** The whole text, whose SQL is written by the rules of `lexical`, with one line end at its end. Throws QueryError. */
export function formatQuery(
  text: string,
  lexical: Lexical = USUAL_SOURCE.lexical,
  language: 'legacy' | null = null,
): string {
  if (language === 'legacy' || saysLegacy(text)) return formatLegacy(text);
  const leaves = allLeaves(text, lexical);
  const lines = new Lines();
  writeQuery(lines, queryOf(leaves), 0);
  const formatted = `${lines.text()}\n`;
  assert.deepEqual(
    allLeaves(formatted, lexical).map(essence),
    leaves.map(essence),
    'the formatter has changed a token',
  );
  return formatted;
}

function allLeaves(text: string, lexical: Lexical): readonly Leaf[] {
  return leavesOf(text, parseAlone(text, lexical).tokens, 0, text.length, lexical);
}

/** Returns the part of a leaf that formatting may not change. */
function essence({ token, text }: Leaf): string {
  return token === null || token.kind === 'sql' ? text : `${token.kind} ${token.lower}`;
}
