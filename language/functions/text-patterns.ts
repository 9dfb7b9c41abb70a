/**
 * Patterns: of `like`, which escape with a backslash as in PostgreSQL, and regular expressions as RE2 has them.
 *
 * Matches that are taken out or replaced are not exact in PostgreSQL: of `a?(ab)?` in 'ab', RE2 takes the first way to match,
 * `a`, and PostgreSQL the longest, `ab`. Whether a pattern matches at all is the same, for patterns that both read alike.
 */
import { quoteText } from '../dialects/duckdb/sql.ts';
import { postgresPattern } from '../dialects/postgres/patterns.ts';
import { byCodePoint } from '../dialects/postgres/sql.ts';
import { BOOL, STRING } from '../types/rules.ts';
import type { Emitter, Emitters, Typed } from '../types/typed.ts';
import {
  both,
  type CallSite,
  callError,
  constantText,
  type FunctionDefinition,
  type Overload,
  overloads,
  typedCall,
} from './kit/function.ts';
import { isText, text } from './text.ts';

function pattern(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const word = name.toUpperCase();
  // ilike follows the database's locale, as lower does.
  const emitters = (emit: Emitter): Emitters => (name.endsWith('ilike') ? { duckdb: emit } : both(emit));
  const resolve = overloads({
    takes: ['string', 'string'],
    returns: BOOL,
    ...emitters(([a, b]) => `(${a} ${word} ${b} ESCAPE '\\')`),
  });
  // Without an escape in it the engine can run a pattern as a plain search.
  const simple = overloads({
    takes: ['string', 'string'],
    returns: BOOL,
    ...emitters(([a, b]) => `(${a} ${word} ${b})`),
  });
  return {
    name,
    syntax: `text ${name} pattern`,
    summary,
    example,
    resolve: (call) => (withoutEscape(call.args[1]) ? simple(call) : resolve(call)),
  };
}

function withoutEscape(arg: Typed | undefined): boolean {
  return arg?.kind === 'literal' && typeof arg.value === 'string' && !arg.value.includes('\\');
}

/** Null when nothing matches; the engine's own function gives '' then. The group's number must be constant. */
function regexpExtract(call: CallSite): Typed {
  const takes: Overload['takes'] =
    call.args.length === 3 ? ['string', 'string', 'int64'] : ['string', 'string'];
  const group = call.args.length === 3 ? groupNumber(call) : '0';
  const checked = overloads({ takes, returns: STRING, duckdb: ([a]) => a! })(call);
  if (checked.kind !== 'call') return checked;
  return typedCall(call, STRING, checked.args, ([a, p]) => `regexp_extract_all(${a}, ${p}, ${group})[1]`);
}

/** RE2 has no more groups than this. */
const MOST_GROUPS = 999;

function groupNumber(call: CallSite): string {
  const group = constantText(call, 2, 'the group');
  if (/^\d+$/.test(group) && Number(group) <= MOST_GROUPS) return String(Number(group));
  throw callError(
    call,
    'wrong-arguments',
    `the group of \`${call.name}\` is a number from 0 to ${MOST_GROUPS}`,
    'count the opening brackets of the pattern; 0 is the whole match',
    call.args[2]!.span,
  );
}

export const functions: readonly FunctionDefinition[] = [
  pattern('like', '`%` is any text, `_` one character, `\\` takes the next as it is.', [
    "'abc' like 'a%'",
    true,
  ]),
  pattern('not like', 'The opposite of like.', ["'abc' not like 'a%'", false]),
  pattern('ilike', 'like, without regard to case.', ["'ABC' ilike 'a%'", true]),
  pattern('not ilike', 'The opposite of ilike.', ["'ABC' not ilike 'b%'", true]),
  {
    ...text(
      'regexp_match',
      'text, pattern',
      'The RE2 pattern matches somewhere.',
      ["regexp_match('abc', 'b.')", true],
      {
        takes: ['string', 'string'],
        returns: BOOL,
        duckdb: ([a, b]) => `regexp_matches(${a}, ${b})`,
        postgresFor([, pattern]) {
          const inPostgres = isText(pattern) ? postgresPattern(pattern.value) : null;
          return inPostgres === null ? null : ([a]) => `(${byCodePoint(a!)} ~ ${quoteText(inPostgres)})`;
        },
      },
    ),
    aliases: ['regexp_like', 'regexp_matches', 'rlike'],
  },
  {
    name: 'regexp_extract',
    syntax: 'regexp_extract(text, pattern[, group = 0])',
    summary: 'The first match, or a group of it; null when nothing matches.',
    example: ["regexp_extract('u=42', 'u=(\\d+)', 1)", '42'],
    resolve: regexpExtract,
  },
  text(
    'regexp_replace',
    'text, pattern, to',
    'Every match replaced; `\\1` is a group.',
    ["regexp_replace('a1b22', '\\d+', '#')", 'a#b#'],
    {
      takes: ['string', 'string', 'string'],
      returns: STRING,
      duckdb: ([a, b, c]) => `regexp_replace(${a}, ${b}, ${c}, 'g')`,
    },
  ),
];
