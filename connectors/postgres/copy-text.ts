/**
 * The COPY statement around a query. COPY takes no bound parameters: their values are put into transaction-local settings
 * by a statement of their own, with bound values, and the text only refers to those settings, cast to the types
 * that the query was described with. Nothing that a user sends as a value ever becomes part of an SQL text.
 */
import { offsetOf, positionOf, type SqlToken, tokenizeSql } from '../../language/dialects/postgres/tokens.ts';

const PREFIX = 'copy (';
/** On a line of its own: the query may end in a line comment. */
const SUFFIX = '\n) to stdout (format binary)';

export interface CopyStatement {
  readonly text: string;
  /** From a position in `text` to one in the query; both 1-based, in code points. */
  mapPosition(position: number): number;
}

/** A stretch that was copied (`length` alike on both sides) or replaced (everything in it maps to `from`). */
interface Stretch {
  readonly at: number;
  readonly from: number;
  readonly replaced: boolean;
}

/** `typeNames[i]` is the SQL name of `$i+1`'s type; `nulls[i]` says that its value is null. */
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

/** In parentheses, so that whatever follows applies to it as to `$n`. */
function parameterText(number: number, typeNames: readonly string[], nulls: readonly boolean[]): string {
  const typeName = typeNames[number - 1];
  if (typeName === undefined) throw new Error(`$${number} is not among the ${typeNames.length} parameters`);
  const value = nulls[number - 1] === true ? 'null' : `pg_catalog.current_setting('${settingName(number)}')`;
  return `(${value}::${typeName})`;
}

const settingName = (number: number): string => `forkline.p${number}`;

/** `select set_config(...), ...` that takes the values as its own $1..$n. Bind it with '' for null. */
export function buildSettings(count: number): string {
  const calls = Array.from(
    { length: count },
    (_, index) => `pg_catalog.set_config('${settingName(index + 1)}', $${index + 1}, true)`,
  );
  return `select ${calls.join(', ')}`;
}

/** Before the semicolons that end the text; comments behind them go too. */
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
