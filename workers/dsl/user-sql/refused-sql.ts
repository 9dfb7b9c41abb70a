/**
 * The engine's errors about SQL that a user wrote for it. Where they are is only in their text, as an excerpt of the line
 * with a caret under it: `LINE 2: ...nope from input\n                ^`.
 */
import { type ErrorCode, QueryError } from '../../../core/protocol/errors.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  Parser: 'sql-syntax',
  Syntax: 'sql-syntax',
  Binder: 'sql-error',
  Catalog: 'sql-error',
  'Not implemented': 'sql-error',
  Permission: 'read-only',
};

/** `sent`: the whole statement, the user's SQL at `offset` in it. null: the error is of another kind. */
export function refusedSql(thrown: unknown, sent: string, offset: number): QueryError | null {
  const message = thrown instanceof Error ? thrown.message : '';
  if (/Cannot prepare multiple statements/.test(message))
    return new QueryError('sql-error', 'this SQL would run as several statements', {
      hint: 'a PIVOT must list its values: `for c in (...)`',
    });
  const found = /^([A-Z][a-z]+(?: [a-z]+)?) Error: ([\s\S]*)$/.exec(message);
  const code = CODES[found?.[1] ?? ''];
  if (found === null || code === undefined) return null;
  const text = found[2]!
    .split(/\n\s*\n|\nLINE \d/, 1)[0]!
    .replaceAll('\n', '; ')
    .trim();
  const at = caretOffset(message, sent);
  const position = at === null || at < offset ? null : [...sent.slice(offset, at)].length + 1;
  return new QueryError(code, text, position === null ? {} : { sqlPosition: position }, thrown);
}

/** Offset in `sent` of what the caret stands under; null when the excerpt is not found there. */
function caretOffset(message: string, sent: string): number | null {
  const shown = /LINE (\d+): (.*)\n( *)\^/.exec(message);
  if (shown === null) return null;
  const [, number, excerpt, spaces] = shown;
  const lineStart = nthLine(sent, Number(number));
  const skipped = excerpt!.startsWith('...') ? 3 : 0;
  const core = excerpt!.slice(skipped).replace(/\.\.\.$/, '');
  const start = sent.indexOf(core, lineStart);
  if (start === -1) return null;
  return start + spaces!.length - `LINE ${number}: `.length - skipped;
}

function nthLine(text: string, number: number): number {
  let at = 0;
  for (let line = 1; line < number; line++) at = text.indexOf('\n', at) + 1;
  return at;
}
