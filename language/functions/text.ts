/** Text. Positions count code points from 1. Patterns of `like` escape with a backslash, as in PostgreSQL. */
import {
  type CallSite,
  constantText,
  type FunctionDefinition,
  type Overload,
  overloads,
  typedCall,
} from '../function.ts';
import { BOOL, INT64, STRING } from '../type-rules.ts';
import type { Emitter, Typed } from '../typed.ts';

const LIST_OF_STRING = { kind: 'list', of: STRING } as const;

function text(
  name: string,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  ...rows: readonly Overload[]
): FunctionDefinition {
  return { name, syntax: `${name}(${args})`, summary, example, resolve: overloads(...rows) };
}

/** `f(text)` with the same name and meaning in the engine. */
function plain(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  return text(name, 'text', summary, example, {
    takes: ['string'],
    returns: STRING,
    duckdb: ([a]) => `${name}(${a})`,
  });
}

function trimming(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  return text(
    name,
    'text[, characters]',
    summary,
    example,
    // Blanks only, as PostgreSQL does; the engine's one-argument form takes other white space too.
    { takes: ['string'], returns: STRING, duckdb: ([a]) => `${name}(${a}, ' ')` },
    { takes: ['string', 'string'], returns: STRING, duckdb: ([a, b]) => `${name}(${a}, ${b})` },
  );
}

function padding(name: string, example: FunctionDefinition['example']): FunctionDefinition {
  const side = name === 'lpad' ? 'left' : 'right';
  return text(
    name,
    "text, length[, fill = ' ']",
    `Filled up on the ${side} to the length, or cut to it.`,
    example,
    {
      takes: ['string', 'int64'],
      returns: STRING,
      duckdb: ([a, n]) => `${name}(${a}, CAST(${n} AS INTEGER), ' ')`,
    },
    {
      takes: ['string', 'int64', 'string'],
      returns: STRING,
      duckdb: ([a, n, f]) => `${name}(${a}, CAST(${n} AS INTEGER), ${f})`,
    },
  );
}

function testing(
  name: string,
  duckName: string,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  const duckdb: Emitter = ([a, b]) => `${duckName}(${a}, ${b})`;
  return text(name, 'text, part', summary, example, { takes: ['string', 'string'], returns: BOOL, duckdb });
}

function pattern(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const word = name.toUpperCase();
  const resolve = overloads({
    takes: ['string', 'string'],
    returns: BOOL,
    duckdb: ([a, b]) => `(${a} ${word} ${b} ESCAPE '\\')`,
  });
  // Without an escape in it the engine can run a pattern as a plain search.
  const simple = overloads({
    takes: ['string', 'string'],
    returns: BOOL,
    duckdb: ([a, b]) => `(${a} ${word} ${b})`,
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

const concatenate: Emitter = ([a, b]) => `(${a} || ${b})`;

/** Null when nothing matches; the engine's own function gives '' then. The group's number must be constant. */
function regexpExtract(call: CallSite): Typed {
  const takes: Overload['takes'] =
    call.args.length === 3 ? ['string', 'string', 'int64'] : ['string', 'string'];
  const group = call.args.length === 3 ? constantText(call, 2, 'the group') : '0';
  const checked = overloads({ takes, returns: STRING, duckdb: ([a]) => a! })(call);
  if (checked.kind !== 'call') return checked;
  return typedCall(call, STRING, checked.args, ([a, p]) => `regexp_extract_all(${a}, ${p}, ${group})[1]`);
}

export const functions: readonly FunctionDefinition[] = [
  {
    name: '||',
    syntax: 'a || b',
    summary: 'Joined text; null when one is null. The only way to join with an operator.',
    example: ["'a' || 'b'", 'ab'],
    resolve: overloads({ takes: ['string', 'string'], returns: STRING, duckdb: concatenate }),
  },
  text('concat', 'text, ...', 'Joined text; nulls are left out.', ["concat('a', null, 'b')", 'ab'], {
    takes: ['string'],
    rest: 'string',
    returns: STRING,
    duckdb: (args) => `concat(${args.join(', ')})`,
  }),
  text('length', 'text', 'Number of code points.', ["length('héé')", 3], {
    takes: ['string'],
    returns: INT64,
    duckdb: ([a]) => `length(${a})`,
  }),
  plain('lower', 'In lower case.', ["lower('Ab')", 'ab']),
  plain('upper', 'In upper case.', ["upper('Ab')", 'AB']),
  plain('reverse', 'Backwards.', ["reverse('abc')", 'cba']),
  plain('md5', 'MD5 of its UTF-8, in hex.', ["md5('a')", '0cc175b9c0f1b6a831c399e269772661']),
  trimming('trim', 'Without blanks (or the given characters) at both ends.', ["trim('  a ')", 'a']),
  trimming('ltrim', 'Without them at the left.', ["ltrim('xxa', 'x')", 'a']),
  trimming('rtrim', 'Without them at the right.', ["rtrim('axx', 'x')", 'a']),
  text(
    'substr',
    'text, start[, length]',
    'Part of a text from position `start` (1 is the first, -1 the last).',
    ["substr('hello', 2, 3)", 'ell'],
    { takes: ['string', 'int64'], returns: STRING, duckdb: ([a, b]) => `substr(${a}, ${b})` },
    {
      takes: ['string', 'int64', 'int64'],
      returns: STRING,
      duckdb: ([a, b, c]) => `substr(${a}, ${b}, ${c})`,
    },
  ),
  text('replace', 'text, from, to', 'Every occurrence replaced.', ["replace('aba', 'a', 'x')", 'xbx'], {
    takes: ['string', 'string', 'string'],
    returns: STRING,
    duckdb: ([a, b, c]) => `replace(${a}, ${b}, ${c})`,
  }),
  text('split', 'text, separator', 'The parts as a list.', ["split('a,b', ',')", ['a', 'b']], {
    takes: ['string', 'string'],
    returns: LIST_OF_STRING,
    duckdb: ([a, b]) => `string_split(${a}, ${b})`,
  }),
  padding('lpad', ["lpad('7', 3, '0')", '007']),
  padding('rpad', ["rpad('7', 3, '0')", '700']),
  testing('contains', 'contains', 'Has the part in it.', ["contains('abc', 'b')", true]),
  testing('starts_with', 'starts_with', 'Begins with the part.', ["starts_with('abc', 'ab')", true]),
  testing('ends_with', 'suffix', 'Ends with the part.', ["ends_with('abc', 'bc')", true]),
  pattern('like', '`%` is any text, `_` one character, `\\` takes the next as it is.', [
    "'abc' like 'a%'",
    true,
  ]),
  pattern('not like', 'The opposite of like.', ["'abc' not like 'a%'", false]),
  pattern('ilike', 'like, without regard to case.', ["'ABC' ilike 'a%'", true]),
  pattern('not ilike', 'The opposite of ilike.', ["'ABC' not ilike 'b%'", true]),
  text(
    'regexp_match',
    'text, pattern',
    'The RE2 pattern matches somewhere.',
    ["regexp_match('abc', 'b.')", true],
    {
      takes: ['string', 'string'],
      returns: BOOL,
      duckdb: ([a, b]) => `regexp_matches(${a}, ${b})`,
    },
  ),
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
