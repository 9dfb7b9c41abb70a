/** Whether two engines gave the same: exactly, but floats within 1e-9 of each other. */
import type { ColumnType } from '../../../core/protocol/types.ts';
import { FAILED, type Outcome } from './tried-database.ts';

const TOLERANCE = 1e-9;

export function isSame(a: Outcome, b: Outcome, type: ColumnType): boolean {
  if (a === null || b === null || a === FAILED || b === FAILED) return a === b;
  if (type.kind === 'list') return sameLists(JSON.parse(a), JSON.parse(b), type.of);
  if (type.kind === 'float64') return sameFloats(floatOf(a), floatOf(b));
  if (type.kind === 'interval') return a.split('/').map(Number).join() === b.split('/').map(Number).join();
  return a === b || wordsOfBc(a) === wordsOfBc(b);
}

/** A list's elements are the texts that the engines print, or null. */
function sameLists(a: (string | null)[], b: (string | null)[], of: ColumnType): boolean {
  return a.length === b.length && a.every((value, index) => isSame(value, b[index]!, of));
}

function floatOf(text: string): number {
  const words: Record<string, number> = {
    nan: Number.NaN,
    inf: Number.POSITIVE_INFINITY,
    '-inf': Number.NEGATIVE_INFINITY,
  };
  return words[text.toLowerCase().replace('infinity', 'inf')] ?? Number(text);
}

function sameFloats(a: number, b: number): boolean {
  if (Object.is(a, b)) return true;
  if (a === 0 && b === 0) return false; // 0 and -0 are printed differently
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/** The engines put `BC` in different places. */
function wordsOfBc(text: string): string {
  const bare = text.replace(' (BC)', '').replace(/ BC$/, '');
  return bare === text ? text : `${bare} BC`;
}
