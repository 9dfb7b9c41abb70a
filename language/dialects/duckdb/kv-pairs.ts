/**
 * Pairs `key=value` in a text, for `parse ... as kv`. A key begins the text or follows white space, a comma, a semicolon or
 * an ampersand; so ends a value, if it does not stand in double quotes. In quotes `\"` is a quote and `\\` a backslash, and
 * every other backslash is itself. All pairs are read from the left, so that nothing inside of a quoted value counts as a
 * key. The first pair of a key counts; a quote that is never closed makes its value null.
 */
import { onceInDuckdb } from './once.ts';
import { quoteText } from './sql.ts';

const SEPARATOR = '[\\s,;&]';
const QUOTED = '"(?:[^"\\\\]|\\\\(?s:.))*"';
const NEVER_CLOSED = '"(?:[^"\\\\]|\\\\(?s:.))*\\\\?$';
const BARE = '[^\\s,;&"][^\\s,;&]*';
const VALUE = `${QUOTED}|${NEVER_CLOSED}|${BARE}|`;
const ANY_KEY = '[^\\s,;&="]+';

/** SQL of the value of `key` in `text`, in the stage engine. */
export function valueOfKey(text: string, key: string): string {
  const literal = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pairs = quoteText(`(?:^|${SEPARATOR})(${literal}|${ANY_KEY})=(${VALUE})`);
  const keys = `regexp_extract_all(${text}, ${pairs}, 1)`;
  const values = `regexp_extract_all(${text}, ${pairs}, 2)`;
  return onceInDuckdb([`${values}[list_position(${keys}, ${quoteText(key)})]`], ([value]) => plain(value!));
}

/** A value without its quotes. */
function plain(value: string): string {
  const inner = `substr(${value}, 2, length(${value}) - 2)`;
  const unescaped = `regexp_replace(${inner}, '\\\\(["\\\\])', '\\1', 'g')`;
  const closed = `regexp_full_match(${value}, ${quoteText(QUOTED)})`;
  return `CASE WHEN NOT starts_with(${value}, '"') THEN ${value} WHEN ${closed} THEN ${unescaped} END`;
}
