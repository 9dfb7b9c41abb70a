/** Text and patterns in the stage engine. */
import { MAX_PADDED, MAX_REPEATS } from '../../../types/text-bounds.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { infix, matching, named } from '../../standard-sql.ts';

/** The engine's one-argument form takes other white space than blanks too. */
function trimming(name: string): Emitter {
  return ([a, characters = "' '"]) => `${name}(${a}, ${characters})`;
}

/** Numbers that the engine takes; null stays null, which `least` and `greatest` alone would pass over. */
function clamped(n: string): string {
  const most = 2_000_000_000;
  return `CASE WHEN ${n} > ${most} THEN ${most} WHEN ${n} < -${most} THEN -${most} ELSE ${n} END`;
}

function padding(name: string): Emitter {
  return ([a, n, fill = "' '"]) =>
    `${name}(${a}, CASE WHEN ${n} > ${MAX_PADDED} THEN error('${name} makes texts of at most ${MAX_PADDED} characters') WHEN ${n} < 0 THEN 0 ELSE CAST(${n} AS INTEGER) END, ${fill})`;
}

export const text = {
  '||': infix('||'),
  concat: named('concat'),
  length: named('length'),
  lower: named('lower'),
  upper: named('upper'),
  reverse: named('reverse'),
  md5: named('md5'),
  trim: trimming('trim'),
  ltrim: trimming('ltrim'),
  rtrim: trimming('rtrim'),
  substr: named('substr'),
  left: ([a, n]) => `left(${a}, ${clamped(n!)})`,
  right: ([a, n]) => `right(${a}, ${clamped(n!)})`,
  repeat: ([a, n]) =>
    `repeat(${a}, CASE WHEN ${n} > ${MAX_REPEATS} THEN error('repeat makes at most ${MAX_REPEATS} of a text') WHEN ${n} < 0 THEN 0 ELSE ${n} END)`,
  position: named('instr'),
  replace: named('replace'),
  split: named('string_split'),
  lpad: padding('lpad'),
  rpad: padding('rpad'),
  contains: named('contains'),
  starts_with: named('starts_with'),
  ends_with: named('suffix'),
  like: matching('LIKE'),
  'not like': matching('NOT LIKE'),
  ilike: matching('ILIKE'),
  'not ilike': matching('NOT ILIKE'),
  regexp_match: named('regexp_matches'),
  // The result is null when nothing matches; the engine's own function for one match gives '' then.
  regexp_extract: ([a, pattern], { call }) => `regexp_extract_all(${a}, ${pattern}, ${call.constants[0]})[1]`,
  regexp_replace: ([a, pattern, to]) => `regexp_replace(${a}, ${pattern}, ${to}, 'g')`,
} satisfies FunctionTable;
