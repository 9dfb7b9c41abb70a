/**
 * Builds the COPY statement around a query. COPY takes no bound parameters, so a separate statement first puts their values
 * into transaction-local settings, with bound values. The COPY text only refers to those settings, cast to the types that
 * the query was described with. So a value that a user sends never becomes part of an SQL text.
 */
import { offsetOf, positionOf, type SqlToken, tokenizeSql } from '../../language/dialects/postgres/tokens.ts';

const PREFIX = 'copy (';
/** The end of the COPY text. It begins with a line break because the query may end in a line comment. */
const SUFFIX = '\n) to stdout (format binary)';

export interface CopyStatement {
  readonly text: string;
  /** Maps a position in `text` to one in the query; both are 1-based, in code points. */
  mapPosition(position: number): number;
}

/** A part of the text that was copied (the same `length` on both sides) or replaced (all of it maps to `from`). */
interface Stretch {
  readonly at: number;
  readonly from: number;
  readonly replaced: boolean;
}

/** Builds the statement. `typeNames[i]` is the SQL name of the type of `$i+1`; `nulls[i]` says that its value is null. */
export function buildCopy(
  sql: string,
  typeNames: readonly string[],
  nulls: readonly boolean[],
): CopyStatement {
  const tokens = tokenizeSql(sql);
  const stretches: Stretch[] = [];
  let text = PREFIX;
  let from = 0;
  const keepUntil = (to: number): void => {
    stretches.push({ at: text.length, from, replaced: false });
    text += sql.slice(from, to);
    from = to;
  };
  for (const token of tokens) {
    if (token.kind !== 'parameter') continue;
    keepUntil(token.start);
    stretches.push({ at: text.length, from, replaced: true });
    text += parameterText(Number(token.text), typeNames, nulls);
    from = token.end;
  }
  keepUntil(endOfStatement(sql, tokens));
  return { text: text + SUFFIX, mapPosition: (position) => mapBack(sql, text, stretches, position) };
}

/** Returns the SQL that stands for a parameter. In parentheses, so that text behind it applies to it as to `$n`. */
function parameterText(number: number, typeNames: readonly string[], nulls: readonly boolean[]): string {
  const typeName = typeNames[number - 1];
  if (typeName === undefined) throw new Error(`$${number} is not among the ${typeNames.length} parameters`);
  const value = nulls[number - 1] === true ? 'null' : `pg_catalog.current_setting('${settingName(number)}')`;
  return `(${value}::${typeName})`;
}

const settingName = (number: number): string => `forkline.p${number}`;

/** Returns `select set_config(...), ...`, which takes the values as its own $1..$n. Bind '' for null. */
export function buildSettings(count: number): string {
  const calls = Array.from(
    { length: count },
    (_, index) => `pg_catalog.set_config('${settingName(index + 1)}', $${index + 1}, true)`,
  );
  return `select ${calls.join(', ')}`;
}

/** Returns the index before the semicolons that end the text, which also drops comments behind them. */
function endOfStatement(sql: string, tokens: readonly SqlToken[]): number {
  let end = sql.length;
  for (let index = tokens.length - 1; index >= 0; index--) {
    const token = tokens[index]!;
    if (token.kind !== 'punctuation' || token.text !== ';') break;
    end = token.start;
  }
  return end;
}

function mapBack(sql: string, text: string, stretches: readonly Stretch[], position: number): number {
  const offset = offsetOf(text, position);
  const stretch = stretches.findLast(({ at }) => at <= offset) ?? stretches[0]!;
  const inside = stretch.replaced ? 0 : Math.max(0, offset - stretch.at);
  return positionOf(sql, Math.min(sql.length, stretch.from + inside));
}
