/** Text. Positions count code points from 1. */
import type { FunctionKey } from '../types/function-keys.ts';
import { BOOL, INT64, STRING } from '../types/rules.ts';
import type { FunctionDefinition } from './kit/function.ts';
import { type Overload, overloads } from './kit/overloads.ts';

const LIST_OF_STRING = { kind: 'list', of: STRING } as const;

type Row = Omit<Overload, 'key'>;

/** A function of text that is called as its key. */
export function text(
  key: FunctionKey,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  ...rows: readonly Row[]
): FunctionDefinition {
  return {
    name: key,
    syntax: `${key}(${args})`,
    summary,
    example,
    resolve: overloads(...rows.map((row): Overload => ({ ...row, key }))),
  };
}

/** Defines a function of texts that never fails. */
function safeText(...given: Parameters<typeof text>): FunctionDefinition {
  return { ...text(...given), raises: 'never' };
}

/** `f(text)` */
function plain(
  key: FunctionKey,
  summary: string,
  example: FunctionDefinition['example'],
  aliases: readonly string[] = [],
): FunctionDefinition {
  return aliased(aliases, safeText(key, 'text', summary, example, { takes: ['string'], returns: STRING }));
}

/** Blanks only, unless other characters are given. */
function trimming(
  key: FunctionKey,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return safeText(
    key,
    'text[, characters]',
    summary,
    example,
    { takes: ['string'], returns: STRING },
    { takes: ['string', 'string'], returns: STRING },
  );
}

function padding(key: 'lpad' | 'rpad', example: FunctionDefinition['example']): FunctionDefinition {
  const side = key === 'lpad' ? 'left' : 'right';
  return text(
    key,
    "text, length[, fill = ' ']",
    `Filled up on the ${side} to the length, at most 10,000,000, or cut to it.`,
    example,
    { takes: ['string', 'int64'], returns: STRING },
    { takes: ['string', 'int64', 'string'], returns: STRING },
  );
}

function testing(
  key: FunctionKey,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return safeText(key, 'text, part', summary, example, { takes: ['string', 'string'], returns: BOOL });
}

function aliased(aliases: readonly string[], definition: FunctionDefinition): FunctionDefinition {
  return { ...definition, aliases };
}

export const functions: readonly FunctionDefinition[] = [
  {
    name: '||',
    syntax: 'a || b',
    summary: 'Joined text; null when one is null. The only way to join with an operator.',
    example: ["'a' || 'b'", 'ab'],
    raises: 'never',
    resolve: overloads({ key: '||', takes: ['string', 'string'], returns: STRING }),
  },
  safeText('concat', 'text, ...', 'Joined text; nulls are left out.', ["concat('a', null, 'b')", 'ab'], {
    takes: ['string'],
    rest: 'string',
    returns: STRING,
  }),
  aliased(
    ['char_length', 'character_length'],
    safeText('length', 'text', 'Number of code points.', ["length('héé')", 3], {
      takes: ['string'],
      returns: INT64,
    }),
  ),
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
    },
    {
      takes: ['string', 'int64', 'int64'],
      returns: STRING,
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
    },
  ),
  text('repeat', 'text, n', 'The text n times, n at most 10,000.', ["repeat('ab', 2)", 'abab'], {
    takes: ['string', 'int64'],
    returns: STRING,
  }),
  aliased(
    ['strpos', 'instr'],
    text(
      'position',
      'text, part',
      'Where the part begins, from 1; 0 when it is not there.',
      ["position('abc', 'c')", 3],
      { takes: ['string', 'string'], returns: INT64 },
    ),
  ),
  text('replace', 'text, from, to', 'Every occurrence replaced.', ["replace('aba', 'a', 'x')", 'xbx'], {
    takes: ['string', 'string', 'string'],
    returns: STRING,
  }),
  text('split', 'text, separator', 'The parts as a list.', ["split('a,b', ',')", ['a', 'b']], {
    takes: ['string', 'string'],
    returns: LIST_OF_STRING,
  }),
  padding('lpad', ["lpad('7', 3, '0')", '007']),
  padding('rpad', ["rpad('7', 3, '0')", '700']),
  testing('contains', 'Has the part in it.', ["contains('abc', 'b')", true]),
  testing('starts_with', 'Begins with the part.', ["starts_with('abc', 'ab')", true]),
  testing('ends_with', 'Ends with the part.', ["ends_with('abc', 'bc')", true]),
];
