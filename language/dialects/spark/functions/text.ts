/**
 * Text and patterns as Spark computes them exactly. Left out: `lower`, `upper` and `ilike`, whose rules are Java's; `reverse`, which keeps a
 * letter and its accent together in the stage engine; what a pattern takes out or replaces, and lists.
 */
import { literalInteger, literalText } from '../../../types/literals.ts';
import { MAX_PADDED } from '../../../types/text-bounds.ts';
import type { TypedCall } from '../../../types/typed.ts';
import { repeat } from '../../exact-calls.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { infix, named } from '../../standard-sql.ts';
import { usualPattern } from '../../usual-pattern.ts';
import { quoteText } from '../sql.ts';

const MOST_POSITION = 2 ** 30;

function isCount(count: number | null): count is number {
  return count !== null && count >= 0 && count < MOST_POSITION;
}

function trimming(side: string): Emitter {
  return ([a, characters = "' '"]) => `trim(${side} ${characters} FROM ${a})`;
}

/** A part of a text that begins at or after the first character: before it Spark counts otherwise. */
const substring: Row = {
  emit: ([a], { call: { args } }) =>
    `substr(${a}, ${args
      .slice(1)
      .map((arg) => literalInteger(arg))
      .join(', ')})`,
  exact({ args: [, start, length] }) {
    const from = literalInteger(start);
    return isCount(from) && from >= 1 && (length === undefined || isCount(literalInteger(length)));
  },
};

/** The first or last characters, as many as a constant says: of a negative number Spark makes nothing. */
const edge = (name: string): Row => ({
  emit: ([a], { call }) => `${name}(${a}, ${literalInteger(call.args[1])})`,
  exact: ({ args: [, n] }) => isCount(literalInteger(n)),
});

function padding(name: string): Row {
  return {
    emit: ([a, , fill = "' '"], { call }) => `${name}(${a}, ${literalInteger(call.args[1])}, ${fill})`,
    exact({ args: [, n, fill] }) {
      const length = literalInteger(n);
      if (!isCount(length) || length > MAX_PADDED) return false;
      return fill === undefined || (literalText(fill) ?? '') !== '';
    },
  };
}

/** Spark takes a backslash before a wildcard or another one only, and fails at others. */
const ESCAPES_WELL = /^(?:[^\\]|\\[%_\\])*$/;

const matching = (word: string): Row => ({
  emit: ([a], { call }) => `(${a} ${word} ${quoteText(literalText(call.args[1])!)})`,
  exact: ({ args }) => ESCAPES_WELL.test(literalText(args[1]) ?? '\\'),
});

/** Java's `$` stands before a line end at the end as well. */
const PARTS = /\\[\s\S]|\[\^?(?:\\[\s\S]|[^\]\\])*\]|\$/g;

function patternOf({ args }: TypedCall): string | null {
  const pattern = literalText(args[1]);
  const usual = pattern === null ? null : usualPattern(pattern);
  return usual === null ? null : usual.replace(PARTS, (part) => (part === '$' ? '\\z' : part));
}

const regexpMatch: Row = {
  emit: ([a], { call }) => `(${a} RLIKE ${quoteText(patternOf(call)!)})`,
  exact: (call) => patternOf(call) !== null,
};

export const text = {
  '||': infix('||'),
  concat: (args) => `concat(${args.map((arg) => `coalesce(${arg}, '')`).join(', ')})`,
  length: ([a]) => `CAST(char_length(${a}) AS bigint)`,
  md5: named('md5'),
  trim: trimming('BOTH'),
  ltrim: trimming('LEADING'),
  rtrim: trimming('TRAILING'),
  substr: substring,
  left: edge('left'),
  right: edge('right'),
  repeat,
  position: ([a, part]) => `CAST(instr(${a}, ${part}) AS bigint)`,
  replace: named('replace'),
  lpad: padding('lpad'),
  rpad: padding('rpad'),
  contains: named('contains'),
  starts_with: named('startswith'),
  ends_with: named('endswith'),
  like: matching('LIKE'),
  'not like': matching('NOT LIKE'),
  regexp_match: regexpMatch,
} satisfies FunctionTable;
