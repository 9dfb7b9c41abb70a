/**
 * float64 results that no float64 holds. PostgreSQL fails when finite numbers give an infinite one, and when a product or
 * quotient is too small and would become 0; DuckDB gives infinity and 0. A wrong number is worse than an error, so
 * here both fail. Numbers that were integers or decimals, and constants of ordinary size, cannot get there.
 *
 * The failure is a cast of a text that says what is wrong: DuckDB's `error()` is volatile, which costs optimisations.
 */
import { onceInDuckdb } from '../dialects/bind-once.ts';
import type { Emitter, Typed } from '../typed.ts';

export const OUT_OF_RANGE = "CAST('the result is out of range for float64' AS DOUBLE)";

const ORDINARY = { least: 1e-38, most: 1e38 };

/** Is it finite and of ordinary size, by what it is made of? */
export function isOrdinary(arg: Typed): boolean {
  if (arg.kind === 'literal') {
    const size = Math.abs(Number(arg.value ?? 0));
    return size === 0 || (size >= ORDINARY.least && size <= ORDINARY.most);
  }
  const from = arg.kind === 'call' && arg.name === 'cast' ? arg.args[0]!.type.kind : arg.type.kind;
  return from === 'int64' || from === 'decimal' || from === 'bool';
}

/** `underflow`: when a result of 0 is one that was too small, as SQL over the arguments. */
export function rangeChecked(
  emit: Emitter,
  underflow: ((args: readonly string[]) => string) | null,
): Emitter {
  return (args, text) =>
    onceInDuckdb(args, (names) => {
      const result = emit(names, text);
      const finite = names.map((name) => `isfinite(${name})`).join(' AND ');
      const lost = underflow === null ? '' : ` OR (${result} = 0 AND ${underflow(names)})`;
      return `CASE WHEN (NOT isfinite(${result})${lost}) AND ${finite} THEN ${OUT_OF_RANGE} ELSE ${result} END`;
    });
}
