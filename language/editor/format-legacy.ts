/**
 * The formatter of the legacy language: one command a line, `| ` first, one blank where blanks are, comments on lines of their own. Texts in
 * quotes stay as they are, and so does the whole of a command that has SQL in it, whose quotes need not be doubled.
 */
import { legacyTokens } from '../frontends/legacy/lexer.ts';
import { afterPrelude } from '../frontends/legacy/prelude.ts';
import { segments } from '../frontends/legacy/segments.ts';

/** The commands whose options hold SQL or rows with quotes of their own. */
const VERBATIM = /^(?:db|sql|join_db|join_mkdata|join_model|join_file|mkdata|union\s+sql)\b/iu;

/** The whole text, with one line end at its end. Throws QueryError for an open quote or bracket. */
export function formatLegacy(text: string): string {
  const from = afterPrelude(text);
  const prelude = text.slice(0, from).replace(/\s+/gu, ' ').trim();
  const lines = prelude === '' ? [] : prelude.replace(/; /g, ';\n').split('\n');
  let at = from;
  for (const [index, { start, end }] of segments(text, from).entries()) {
    lines.push(...commentsIn(text.slice(at, start)));
    const body = formatCommand(text, start, end);
    lines.push(index === 0 ? body : body === '' ? '|' : `| ${body}`);
    at = end;
  }
  const rest = commentsIn(text.slice(at));
  return `${[...lines, ...rest].filter((line, index) => line !== '' || index > 0).join('\n')}\n`;
}

function commentsIn(gap: string): readonly string[] {
  const lines = gap.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('#'));
}

function formatCommand(text: string, start: number, end: number): string {
  const written = text.slice(start, end);
  if (VERBATIM.test(written)) return written;
  let line = '';
  let at = start;
  for (const token of legacyTokens(text, start, end)) {
    const gap = text.slice(at, token.start);
    const comments = commentsIn(gap);
    if (comments.length > 0)
      line +=
        // a comment ends its line
        `\n${comments.join('\n')}\n`;
    else if (gap !== '') line += ' ';
    line += text.slice(token.start, token.end);
    at = token.end;
  }
  const last = commentsIn(text.slice(at, end));
  return last.length === 0 ? line : `${line}\n${last.join('\n')}`;
}
