/**
 * Fails where the result of a float64 is one that no float64 holds: DuckDB gives infinity, and 0 for what is too small.
 *
 * The failure is a cast of a text that says what is wrong: DuckDB's `error()` is volatile, which costs optimisations.
 */
import type { Emitter } from '../../function-table.ts';
import { onceInDuckdb } from '../once.ts';

export const OUT_OF_RANGE = "CAST('the result is out of range for float64' AS DOUBLE)";

/**
 * `underflow`: when a result of 0 is one that was too small, as SQL over the arguments. `overflow`: whether a result may be too large.
 */
export function rangeChecked(
  emit: Emitter,
  underflow: ((args: readonly string[]) => string) | null,
  overflow = true,
): Emitter {
  return (args, text) =>
    onceInDuckdb(args, (names) => {
      const result = emit(names, text);
      const lost = underflow === null ? '' : `${result} = 0 AND ${underflow(names)}`;
      // An argument that is infinite makes no 0 of one that is not.
      const wrong = overflow ? beyondFinite(result, lost, names) : lost;
      return `CASE WHEN ${wrong} THEN ${OUT_OF_RANGE} ELSE ${result} END`;
    });
}

function beyondFinite(result: string, lost: string, names: readonly string[]): string {
  const finite = names.map((name) => `isfinite(${name})`).join(' AND ');
  return `(NOT isfinite(${result})${lost === '' ? '' : ` OR (${lost})`}) AND ${finite}`;
}
