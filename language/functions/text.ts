/** Text. Positions count code points from 1. */
import { quoteText } from '../dialects/duckdb/sql.ts';
import { BOOL, INT64, STRING } from '../types/rules.ts';
import type { Emitter, Emitters, Typed, TypedLiteral } from '../types/typed.ts';
import { both, emittersOf, type FunctionDefinition, type Overload, overloads } from './kit/function.ts';

const LIST_OF_STRING = { kind: 'list', of: STRING } as const;

export function text(
  name: string,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  ...rows: readonly Overload[]
): FunctionDefinition {
  return { name, syntax: `${name}(${args})`, summary, example, resolve: overloads(...rows) };
}

/** `f(text)` with the same name and meaning in the engine. */
function plain(
  name: string,
  summary: string,
  example: FunctionDefinition['example'],
  aliases: readonly string[] = [],
): FunctionDefinition {
  const definition = text(name, 'text', summary, example, {
    takes: ['string'],
    returns: STRING,
    duckdb: ([a]) => `${name}(${a})`,
    ...(EXACT.has(name) ? { postgres: ([a]: readonly string[]) => `${name}(${a})` } : {}),
  });
  return { ...definition, aliases };
}

/**
 * Of `plain`. Not: `lower` and `upper`, which follow the database's locale (and its Unicode version); `reverse`, which keeps
 * a letter and its accent together in the engine and turns them round in PostgreSQL.
 */
const EXACT = new Set(['md5']);

function trimming(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const inPostgres = name === 'trim' ? 'btrim' : name;
  return text(
    name,
    'text[, characters]',
    summary,
    example,
    // Blanks only, as PostgreSQL does; the engine's one-argument form takes other white space too.
    {
      takes: ['string'],
      returns: STRING,
      ...both(([a]) => `${inPostgres}(${a}, ' ')`),
      duckdb: ([a]) => `${name}(${a}, ' ')`,
    },
    {
      takes: ['string', 'string'],
      returns: STRING,
      duckdb: ([a, b]) => `${name}(${a}, ${b})`,
      postgres: ([a, b]) => `${inPostgres}(${a}, ${b})`,
    },
  );
}

const MAX_REPEATS = 10_000;
const MAX_PADDED = 10_000_000;

/** Without a bound a row could need more memory than there is. */
function paddedLength(name: string, n: string): string {
  return `CASE WHEN ${n} > ${MAX_PADDED} THEN error('${name} makes texts of at most ${MAX_PADDED} characters') WHEN ${n} < 0 THEN 0 ELSE CAST(${n} AS INTEGER) END`;
}

/** PostgreSQL pads to a literal length within the bound; other lengths may fail here and not there. */
function paddedInPostgres(n: Typed | undefined): boolean {
  const length = literalInteger(n);
  return length !== null && length <= MAX_PADDED;
}

function padding(name: string, example: FunctionDefinition['example']): FunctionDefinition {
  const side = name === 'lpad' ? 'left' : 'right';
  return text(
    name,
    "text, length[, fill = ' ']",
    `Filled up on the ${side} to the length, at most 10,000,000, or cut to it.`,
    example,
    {
      takes: ['string', 'int64'],
      returns: STRING,
      duckdb: ([a, n]) => `${name}(${a}, ${paddedLength(name, n!)}, ' ')`,
      postgresFor: ([, length]) =>
        paddedInPostgres(length) ? ([a, n]) => `${name}(${a}, CAST(${n} AS int4), ' ')` : null,
    },
    {
      takes: ['string', 'int64', 'string'],
      returns: STRING,
      duckdb: ([a, n, f]) => `${name}(${a}, ${paddedLength(name, n!)}, ${f})`,
      // With nothing to fill up with, one fails and the other leaves the text as it is.
      postgresFor: ([, length, fill]) =>
        paddedInPostgres(length) && isText(fill) && fill.value !== ''
          ? ([a, n, f]) => `${name}(${a}, CAST(${n} AS int4), ${f})`
          : null,
    },
  );
}

function testing(
  name: string,
  summary: string,
  example: FunctionDefinition['example'],
  emitters: Emitters,
): FunctionDefinition {
  return text(name, 'text, part', summary, example, {
    takes: ['string', 'string'],
    returns: BOOL,
    ...emitters,
  });
}

export function isText(arg: Typed | undefined): arg is TypedLiteral & { readonly value: string } {
  return arg?.kind === 'literal' && typeof arg.value === 'string';
}

/** A whole number that is written out. */
function literalInteger(arg: Typed | undefined): number | null {
  return arg?.kind === 'literal' && arg.type.kind === 'int64' ? Number(arg.value) : null;
}

/** Where a part begins at or after the first character, both count alike. */
function substring(start: Typed, length: Typed | null): Emitter | null {
  const [from, count] = [literalInteger(start), length === null ? 0 : literalInteger(length)];
  const fits =
    from !== null && from >= 1 && from < 2 ** 30 && count !== null && count >= 0 && count < 2 ** 30;
  return fits ? ([a]) => `substr(${a}, ${from}${length === null ? '' : `, ${count}`})` : null;
}

/** Numbers that both engines take; null stays null, which `least` and `greatest` alone would pass over. */
function clamped(n: string): string {
  const most = 2_000_000_000;
  return `CASE WHEN ${n} > ${most} THEN ${most} WHEN ${n} < -${most} THEN -${most} ELSE ${n} END`;
}

function aliased(aliases: readonly string[], definition: FunctionDefinition): FunctionDefinition {
  return { ...definition, aliases };
}

const concatenate: Emitter = ([a, b]) => `(${a} || ${b})`;

export const functions: readonly FunctionDefinition[] = [
  {
    name: '||',
    syntax: 'a || b',
    summary: 'Joined text; null when one is null. The only way to join with an operator.',
    example: ["'a' || 'b'", 'ab'],
    resolve: overloads({ takes: ['string', 'string'], returns: STRING, ...both(concatenate) }),
  },
  text('concat', 'text, ...', 'Joined text; nulls are left out.', ["concat('a', null, 'b')", 'ab'], {
    takes: ['string'],
    rest: 'string',
    returns: STRING,
    ...both((args) => `concat(${args.join(', ')})`),
  }),
  {
    ...text('length', 'text', 'Number of code points.', ["length('héé')", 3], {
      takes: ['string'],
      returns: INT64,
      duckdb: ([a]) => `length(${a})`,
      postgres: ([a]) => `CAST(length(${a}) AS int8)`,
    }),
    aliases: ['char_length', 'character_length'],
  },
  plain('lower', 'In lower case.', ["lower('Ab')", 'ab'], ['lcase', 'tolower']),
  plain('upper', 'In upper case.', ["upper('Ab')", 'AB'], ['ucase', 'toupper']),
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
    {
      takes: ['string', 'int64'],
      returns: STRING,
      duckdb: ([a, b]) => `substr(${a}, ${b})`,
      postgresFor: ([, start]) => substring(start!, null),
    },
    {
      takes: ['string', 'int64', 'int64'],
      returns: STRING,
      duckdb: ([a, b, c]) => `substr(${a}, ${b}, ${c})`,
      postgresFor: ([, start, length]) => substring(start!, length!),
    },
  ),
  text(
    'left',
    'text, n',
    'The first n code points; all but the last -n when n is negative.',
    ["left('abc', 2)", 'ab'],
    {
      takes: ['string', 'int64'],
      returns: STRING,
      duckdb: ([a, n]) => `left(${a}, ${clamped(n!)})`,
      postgres: ([a, n]) => `left(${a}, CAST(${clamped(n!)} AS int4))`,
    },
  ),
  text(
    'right',
    'text, n',
    'The last n code points; all but the first -n when n is negative.',
    ["right('abc', 2)", 'bc'],
    {
      takes: ['string', 'int64'],
      returns: STRING,
      duckdb: ([a, n]) => `right(${a}, ${clamped(n!)})`,
      postgres: ([a, n]) => `right(${a}, CAST(${clamped(n!)} AS int4))`,
    },
  ),
  text('repeat', 'text, n', 'The text n times, n at most 10,000.', ["repeat('ab', 2)", 'abab'], {
    takes: ['string', 'int64'],
    returns: STRING,
    // Without a bound a row could need more memory than there is.
    duckdb: ([a, n]) =>
      `repeat(${a}, CASE WHEN ${n} > ${MAX_REPEATS} THEN error('repeat makes at most ${MAX_REPEATS} of a text') WHEN ${n} < 0 THEN 0 ELSE ${n} END)`,
    postgresFor: ([, n]) => {
      const count = literalInteger(n);
      return count === null || count > MAX_REPEATS ? null : ([a]) => `repeat(${a}, ${Math.max(0, count)})`;
    },
  }),
  aliased(
    ['strpos', 'instr'],
    text(
      'position',
      'text, part',
      'Where the part begins, from 1; 0 when it is not there.',
      ["position('abc', 'c')", 3],
      {
        takes: ['string', 'string'],
        returns: INT64,
        duckdb: ([a, b]) => `instr(${a}, ${b})`,
        postgres: ([a, b]) => `CAST(strpos(${a}, ${b}) AS int8)`,
      },
    ),
  ),
  text('replace', 'text, from, to', 'Every occurrence replaced.', ["replace('aba', 'a', 'x')", 'xbx'], {
    takes: ['string', 'string', 'string'],
    returns: STRING,
    ...both(([a, b, c]) => `replace(${a}, ${b}, ${c})`),
  }),
  text('split', 'text, separator', 'The parts as a list.', ["split('a,b', ',')", ['a', 'b']], {
    takes: ['string', 'string'],
    returns: LIST_OF_STRING,
    duckdb: ([a, b]) => `string_split(${a}, ${b})`,
    // string_to_array makes no part of an empty text; with an empty separator each cuts in its own way.
    postgresFor: ([, separator]) =>
      isText(separator) && separator.value !== ''
        ? ([a]) => `regexp_split_to_array(${a}, ${quoteText(`***=${separator.value}`)})`
        : null,
  }),
  padding('lpad', ["lpad('7', 3, '0')", '007']),
  padding('rpad', ["rpad('7', 3, '0')", '700']),
  testing(
    'contains',
    'Has the part in it.',
    ["contains('abc', 'b')", true],
    emittersOf(
      ([a, b]) => `contains(${a}, ${b})`,
      ([a, b]) => `(strpos(${a}, ${b}) > 0)`,
    ),
  ),
  testing(
    'starts_with',
    'Begins with the part.',
    ["starts_with('abc', 'ab')", true],
    both(([a, b]) => `starts_with(${a}, ${b})`),
  ),
  testing(
    'ends_with',
    'Ends with the part.',
    ["ends_with('abc', 'bc')", true],
    emittersOf(
      ([a, b]) => `suffix(${a}, ${b})`,
      ([a, b]) => `starts_with(reverse(${a}), reverse(${b}))`,
    ),
  ),
];
