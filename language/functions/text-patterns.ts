/**
 * Patterns: of `like`, which escape with a backslash, and regular expressions as RE2 has them.
 */
import { BOOL, STRING } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import {
  type CallSite,
  callError,
  constantText,
  type FunctionDefinition,
  typedCall,
} from './kit/function.ts';
import { acceptedArgs, overloads, type Signature } from './kit/overloads.ts';
import { text } from './text.ts';

/** A pattern that ends with its escape fails, and which does shows row by row. */
function pattern(
  name: 'like' | 'not like' | 'ilike' | 'not ilike',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  const resolve = overloads({ key: name, takes: ['string', 'string'], returns: BOOL });
  return {
    name,
    syntax: `text ${name} pattern`,
    summary,
    example,
    resolve: (call) => resolve(hasNoEscape(call.args[1]) ? { ...call, traits: { raises: 'never' } } : call),
  };
}

function hasNoEscape(pattern: Typed | undefined): boolean {
  return pattern?.kind === 'literal' && !String(pattern.value).includes('\\');
}

/** The result is null when nothing matches; the engine's own function gives '' then. The group's number must be constant. */
function regexpExtract(call: CallSite): Typed {
  const takes: Signature['takes'] =
    call.args.length === 3 ? ['string', 'string', 'int64'] : ['string', 'string'];
  const group = call.args.length === 3 ? groupNumber(call) : '0';
  return typedCall(call, 'regexp_extract', STRING, acceptedArgs(call, { takes }), { constants: [group] });
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
    },
  ),
];
