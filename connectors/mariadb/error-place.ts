/** Finds the place of an error: MariaDB says no position, but quotes the text that it stopped at, or the name that it lacks. */
import { positionOf, type SqlToken, tokenizeSql } from '../../language/dialects/mariadb/tokens.ts';
import type { ServerError } from './wire/server-messages.ts';

const SYNTAX = /near '([\s\S]*)' at line (\d+)$/;
/** Characters of the SQL that a message quotes at most. */
const QUOTED = 80;
/** Errors that quote a name, by their number. */
const NAMED: Readonly<Record<number, RegExp>> = {
  1054: /^Unknown column '([^']*)'/,
  1052: /^Column '([^']*)'/,
  1146: /^Table '([^']*)'/,
  1049: /^Unknown database '([^']*)'/,
  1109: /^Unknown table '([^']*)'/,
  1305: /^(?:FUNCTION|PROCEDURE) (\S+) does not exist/,
  1142: / for table [`']?([^`']*(?:`\.`[^`']*)?)[`']?$/,
};

/** Returns the 1-based position in code points; null when it cannot be told. */
export function placeOf({ number, message }: ServerError, sql: string): number | null {
  const syntax = SYNTAX.exec(message);
  if (syntax !== null) return syntaxPlace(sql, syntax[1]!, Number(syntax[2]));
  const name = NAMED[number]?.exec(message)?.[1];
  if (name === undefined) return null;
  const parts = name.replaceAll('`', '').toLowerCase().split('.');
  const at = tokenizeSql(sql).find((token) => isNamed(token, parts.at(-1)!));
  return at === undefined ? null : positionOf(sql, at.start);
}

function isNamed({ kind, text }: SqlToken, name: string): boolean {
  return (kind === 'word' || kind === 'quoted-name') && text.toLowerCase() === name;
}

/** Finds the quoted text, which goes on to the end of the SQL unless it was cut. */
function syntaxPlace(sql: string, near: string, line: number): number | null {
  const trimmed = sql.trimEnd();
  if (near === '') return positionOf(sql, trimmed.length);
  const length = [...near].length;
  if (length < QUOTED && sql.endsWith(near)) return positionOf(sql, sql.length - near.length);
  const lineStart = startOfLine(sql, line);
  const at = sql.indexOf(near, lineStart);
  return at === -1 ? null : positionOf(sql, at);
}

function startOfLine(sql: string, line: number): number {
  let at = 0;
  for (let left = line - 1; left > 0; left--) {
    const next = sql.indexOf('\n', at);
    if (next === -1) return at;
    at = next + 1;
  }
  return at;
}
