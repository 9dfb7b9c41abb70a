/**
 * The named groups of a regular expression, and the expression as RE2 reads it (`(?<name>` becomes `(?P<name>`). What RE2
 * does not know is refused here, with its place, instead of failing in the engine.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';

export interface NamedGroup {
  readonly name: string;
  /** 1 is the first bracket that captures. */
  readonly number: number;
}

export interface RegexGroups {
  readonly pattern: string;
  readonly groups: readonly NamedGroup[];
}

/** Escapes, classes in brackets (a `]` right at the start is itself), quoted stretches, group openers, brackets. */
const PART =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]?|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]?|\(\?(?:P?<(?![=!])([^>]*)>|[=!]|<[=!]|>)?|\(|\)/g;

export function regexGroups(pattern: string, span: Span): RegexGroups {
  const groups: NamedGroup[] = [];
  let [captures, open] = [0, 0];
  let converted = '';
  let last = 0;
  for (const found of pattern.matchAll(PART)) {
    const [part, name] = found;
    converted += pattern.slice(last, found.index) + (name === undefined ? part : `(?P<${name}>`);
    last = found.index + part.length;
    if (part.startsWith('[') && !part.endsWith(']')) throw bad('a `[` is never closed', span);
    if (/^\(\?(?:<?[=!]|>)/.test(part)) throw bad('a look ahead or behind is not possible', span);
    if (part === ')' && --open < 0) throw bad('a `)` closes nothing', span);
    if (!part.startsWith('(')) continue;
    open++;
    if (part === '(' || name !== undefined) captures++;
    if (name !== undefined) groups.push({ name: checkedName(name, groups, span), number: captures });
  }
  if (open > 0) throw bad('a `(` is never closed', span);
  if (groups.length === 0) throw bad('no group has a name', span);
  return { pattern: converted + pattern.slice(last), groups };
}

function checkedName(name: string, before: readonly NamedGroup[], span: Span): string {
  if (!/^\w+$/.test(name)) throw bad(`\`${name}\` cannot name a group`, span);
  if (before.some((group) => group.name === name)) throw bad(`two groups are called \`${name}\``, span);
  return name;
}

function bad(what: string, span: Span): QueryError {
  return new QueryError('wrong-arguments', `${what} in the pattern`, {
    span,
    hint: "each named group becomes a column: `parse msg as regex 'user=(?<user>\\w+)'`",
  });
}
