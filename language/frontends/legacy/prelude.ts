/** Reads what may stand before a query of the legacy language: `set dialect = legacy;`, `set pushdown = ...;` and `explain`. */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Pushdown } from '../../../core/protocol/plan.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';

const DIALECT = /\s*set\s+dialect\s*=\s*'?legacy'?\s*;/iuy;
const SETTING = /\s*set\s+(\w+)\s*=\s*'?(\w*)'?\s*(;?)/iuy;
const EXPLAIN = /\s*explain\b(?!\s*(?:[=<>!]|is\b|in\b|like\b|between\b))/iuy;
const PUSHDOWNS: readonly Pushdown[] = ['off', 'auto', 'require'];

export interface Prelude {
  readonly pushdown: Pushdown | null;
  readonly explain: boolean;
  /** The offset behind it. */
  readonly end: number;
}

/** Says whether the text itself names the legacy language. */
export function saysLegacy(text: string): boolean {
  return (
    matchAt(DIALECT, text, 0) !== null ||
    /^\s*(?:explain\s+|set\s+pushdown\s*=\s*\w+\s*;\s*)+set\s+dialect\s*=\s*'?legacy'?\s*;/iu.test(text)
  );
}

/** Throws syntax for a setting that is none. */
export function readPrelude(text: string): Prelude {
  let end = 0;
  let pushdown: Pushdown | null = null;
  let explain = false;
  for (;;) {
    const dialect = matchAt(DIALECT, text, end);
    const setting = dialect === null ? matchAt(SETTING, text, end) : null;
    const word = dialect === null && setting === null ? matchAt(EXPLAIN, text, end) : null;
    if (setting !== null) pushdown = pushdownOf(setting, text, end);
    if (word !== null) explain = true;
    const found = dialect ?? setting ?? word;
    if (found === null) return { pushdown, explain, end };
    end += found[0].length;
  }
}

export function afterPrelude(text: string): number {
  return readPrelude(text).end;
}

function pushdownOf(found: RegExpExecArray, text: string, at: number): Pushdown {
  const [whole, name = '', value = '', semicolon] = found;
  const blanks = /^\s*/u.exec(text.slice(at))![0].length;
  const span = { start: at + blanks, end: at + whole.length };
  const setting = PUSHDOWNS.find((known) => known === value.toLowerCase());
  if (name.toLowerCase() === 'pushdown' && setting !== undefined && semicolon === ';') return setting;
  if (name.toLowerCase() === 'dialect')
    throw new QueryError('syntax', '`set dialect` names legacy, and ends with a semicolon', {
      span,
      hint: 'write `set dialect = legacy;`',
    });
  const suggestions = suggest(name, ['pushdown', 'dialect']);
  if (name.toLowerCase() !== 'pushdown')
    throw new QueryError('syntax', `there is no setting \`${name}\``, {
      span,
      hint: didYouMean(suggestions) ?? 'write `set pushdown = off;`, or `set dialect = legacy;`',
      suggestions,
    });
  throw new QueryError('syntax', '`set pushdown` is off, auto or require, and ends with a semicolon', {
    span,
    hint: 'write `set pushdown = off;`',
  });
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
