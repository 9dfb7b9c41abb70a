/** Columns written as names or as globs, in which `*` matches anything. */

import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { Cursor } from '../../frontends/forkline/cursor.ts';
import { parseName } from '../../frontends/forkline/names.ts';
import type { WrittenName } from '../../frontends/query-tree.ts';
import { available, getColumn, type Scope } from '../../resolve/scope.ts';
import { columnKey } from '../../types/column-key.ts';

/** A name, or a glob: its parts between the stars. */
export interface Pattern extends WrittenName {
  readonly glob: readonly string[] | null;
}

export function parsePattern(cursor: Cursor): Pattern {
  const start = cursor.peek().start;
  if (cursor.peek().kind === 'quoted') return { ...parseName(cursor, 'a column'), glob: null };
  let text = '';
  let end = start;
  for (;;) {
    const token = cursor.peek();
    const part =
      ['word', 'number', 'duration'].includes(token.kind) || (token.kind === 'symbol' && token.text === '*');
    if (!part || (text !== '' && token.start !== end)) break;
    cursor.next();
    text += cursor.text.slice(token.start, token.end);
    end = token.end;
  }
  if (text === '')
    cursor.fail(
      'the name of a column is expected',
      cursor.isSymbol(',') ? 'there is a comma too many' : undefined,
    );
  return {
    name: text,
    quoted: false,
    span: { start, end },
    glob: text.includes('*') ? text.split('*') : null,
  };
}

export function parsePatterns(cursor: Cursor): readonly Pattern[] {
  const patterns: Pattern[] = [];
  do patterns.push(parsePattern(cursor));
  while (cursor.acceptSymbol(',') !== null);
  return patterns;
}

/** Says whether `text` matches the parts between stars. The search is greedy from the left, which is right for stars alone. */
function matches(text: string, parts: readonly string[]): boolean {
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

export function expandPattern(pattern: Pattern, scope: Scope): readonly Column[] {
  if (pattern.glob === null) return [getColumn(scope, pattern)];
  const parts = pattern.glob.map(columnKey);
  const found = scope.columns.filter((column) => matches(columnKey(column.name), parts));
  if (found.length > 0) return found;
  const names = scope.columns.map((column) => column.name);
  const suggestions = suggest(pattern.name.replaceAll('*', ''), names);
  const hint = didYouMean(suggestions) ?? available(names);
  throw new QueryError('unknown-column', `no column matches \`${pattern.name}\``, {
    span: pattern.span,
    hint,
    suggestions,
  });
}

/** The columns of all `patterns`, in the order written; one that is named twice by its own name is an error. */
export function expandPatterns(
  patterns: readonly Pattern[],
  scope: Scope,
  twiceHint: (name: string) => string = () => 'name it once',
): readonly Column[] {
  const found: Column[] = [];
  for (const pattern of patterns)
    for (const column of expandPattern(pattern, scope)) {
      if (!found.includes(column)) found.push(column);
      else if (pattern.glob === null)
        throw new QueryError('duplicate-column', `\`${column.name}\` is named twice`, {
          span: pattern.span,
          hint: twiceHint(column.name),
        });
    }
  return found;
}

/** Expands patterns to columns whose values will be compared: throws QueryError for a column of json. */
export function expandKeys(patterns: readonly Pattern[], scope: Scope): readonly Column[] {
  for (const pattern of patterns)
    for (const column of expandPattern(pattern, scope)) refuseJsonKey(column, pattern.span);
  return expandPatterns(patterns, scope);
}

export function refuseJsonKey({ name, type }: Column, span: Span): void {
  if (type.kind !== 'json') return;
  throw new QueryError('wrong-type', `\`${name}\` is json, which is not compared`, {
    span,
    hint: `compare its text: \`cast ${name} as string\` before, or leave it out with \`fields - ${name}\``,
  });
}
