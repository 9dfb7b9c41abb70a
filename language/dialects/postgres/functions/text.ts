/**
 * Text and patterns as PostgreSQL computes them exactly. Left out: `lower`, `upper` and `ilike`, which follow the database's
 * locale and its Unicode version; `reverse`, which keeps a letter and its accent together in the stage engine and turns
 * them round in PostgreSQL; matches that are taken out or replaced: of `a?(ab)?` in 'ab', RE2 takes the first way to
 * match, `a`, and PostgreSQL the longest, `ab`. Whether a pattern matches at all is the same, where both read it alike.
 */

import { literalInteger, literalText } from '../../../types/literals.ts';
import { MAX_PADDED } from '../../../types/text-bounds.ts';
import type { TypedCall } from '../../../types/typed.ts';
import { repeat } from '../../exact-calls.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { infix, matching, named } from '../../standard-sql.ts';
import { usualPattern } from '../../usual-pattern.ts';
import { byCodePoint, quoteText } from '../sql.ts';

function trimming(name: string): Emitter {
  return ([a, characters = "' '"]) => `${name}(${a}, ${characters})`;
}

/** Numbers that PostgreSQL takes, as int4. */
function clamped(n: string): string {
  const most = 2_000_000_000;
  return `CAST(CASE WHEN ${n} > ${most} THEN ${most} WHEN ${n} < -${most} THEN -${most} ELSE ${n} END AS int4)`;
}

/**
 * A part of a text. Both engines count alike when the part begins at or after the first character; else the call is not
 * exact.
 */
const substring: Row = {
  emit: ([a], { call: { args } }) =>
    `substr(${a}, ${args
      .slice(1)
      .map((arg) => literalInteger(arg))
      .join(', ')})`,
  exact({ args: [, start, length] }) {
    const [from, count] = [literalInteger(start), length === undefined ? 0 : literalInteger(length)];
    return from !== null && from >= 1 && from < 2 ** 30 && count !== null && count >= 0 && count < 2 ** 30;
  },
};

/**
 * Padded to a literal length within the bound; other lengths may fail in the stage engine and not here. With nothing to
 * fill up with, one fails and the other leaves the text as it is.
 */
function padding(name: string): Row {
  return {
    emit: ([a, n, fill = "' '"]) => `${name}(${a}, CAST(${n} AS int4), ${fill})`,
    exact({ args: [, n, fill] }) {
      const length = literalInteger(n);
      if (length === null || length > MAX_PADDED) return false;
      return fill === undefined || (literalText(fill) ?? '') !== '';
    },
  };
}

/** `string_to_array` makes no part of an empty text; with an empty separator each cuts in its own way. */
const split: Row = {
  emit: ([a], { call }) => `regexp_split_to_array(${a}, ${quoteText(`***=${literalText(call.args[1])}`)})`,
  exact: ({ args: [, separator] }) => (literalText(separator) ?? '') !== '',
};

function patternOf({ args }: TypedCall): string | null {
  const pattern = literalText(args[1]);
  return pattern === null ? null : usualPattern(pattern);
}

const regexpMatch: Row = {
  emit: ([a], { call }) => `(${byCodePoint(a!)} ~ ${quoteText(patternOf(call)!)})`,
  exact: (call) => patternOf(call) !== null,
};

export const text = {
  '||': infix('||'),
  concat: named('concat'),
  length: ([a]) => `CAST(length(${a}) AS int8)`,
  md5: named('md5'),
  trim: trimming('btrim'),
  ltrim: trimming('ltrim'),
  rtrim: trimming('rtrim'),
  substr: substring,
  left: ([a, n]) => `left(${a}, ${clamped(n!)})`,
  right: ([a, n]) => `right(${a}, ${clamped(n!)})`,
  repeat,
  position: ([a, part]) => `CAST(strpos(${a}, ${part}) AS int8)`,
  replace: named('replace'),
  split,
  lpad: padding('lpad'),
  rpad: padding('rpad'),
  contains: ([a, part]) => `(strpos(${a}, ${part}) > 0)`,
  starts_with: named('starts_with'),
  ends_with: ([a, part]) => `starts_with(reverse(${a}), reverse(${part}))`,
  like: matching('LIKE'),
  'not like': matching('NOT LIKE'),
  regexp_match: regexpMatch,
} satisfies FunctionTable;
