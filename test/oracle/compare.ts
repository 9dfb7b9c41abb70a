/** When two answers are the same: floats within 1e-9 of each other, everything else exactly; rows in any order unless one is given. */
import { type Column, type ColumnType, typeName } from '../../core/protocol/types.ts';
import type { Cells, Outcome } from './engines.ts';

const TOLERANCE = 1e-9;

/** null: they are the same. */
export function difference(local: Outcome, placed: Outcome, ordered: boolean): string | null {
  for (const [where, outcome] of [
    ['worker', local],
    ['database', placed],
  ] as const)
    if (outcome.kind === 'broken') return `broken in the ${where}: ${outcome.message}`;
  if (local.kind === 'failed' || placed.kind === 'failed') return failures(local, placed);
  if (local.kind !== 'rows' || placed.kind !== 'rows') return null; // told apart above
  if (shown(local.columns) !== shown(placed.columns))
    return `columns ${shown(local.columns)} and ${shown(placed.columns)}`;
  if (local.rows.length !== placed.rows.length)
    return `${local.rows.length} rows and ${placed.rows.length} rows`;
  const order = (rows: readonly Cells[]): readonly Cells[] =>
    ordered
      ? rows
      : rows.toSorted((a, b) => compareText(sortText(a, local.columns), sortText(b, local.columns)));
  const [a, b] = [order(local.rows), order(placed.rows)];
  const at = a.findIndex((row, index) => !sameRow(row, b[index]!, local.columns));
  return at === -1 ? null : `row ${at + 1}: ${JSON.stringify(a[at])} and ${JSON.stringify(b[at])}`;
}

/** A value that cannot enter the stage engine (a date before Christ) fails there, and the database may answer. */
function failures(local: Outcome, placed: Outcome): string | null {
  const failed = onlyFailure(local, placed);
  if (failed === null || failed.entering) return null;
  return `only the ${failed.where} fails: ${failed.message}`;
}

/** The one of the two that failed, when the other answered. */
export function onlyFailure(
  local: Outcome,
  placed: Outcome,
): { readonly where: 'worker' | 'database'; readonly message: string; readonly entering: boolean } | null {
  if (local.kind === 'failed' && placed.kind === 'rows') return { where: 'worker', ...local };
  if (placed.kind === 'failed' && local.kind === 'rows') return { where: 'database', ...placed };
  return null;
}

function shown(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${name} ${typeName(type)}`).join(', ');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Floats only roughly, so that rows that are the same come to stand beside each other. */
function sortText(row: Cells, columns: readonly Column[]): string {
  return row
    .map((cell, index) => (cell === null ? '~' : holdsFloats(columns[index]!.type) ? rounded(cell) : cell))
    .join('\u0001');
}

function rounded(cell: string): string {
  return cell.replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/gi, (number) => Number(number).toPrecision(6));
}

function holdsFloats(type: ColumnType): boolean {
  return type.kind === 'float64' || (type.kind === 'list' && holdsFloats(type.of));
}

function sameRow(a: Cells, b: Cells, columns: readonly Column[]): boolean {
  return a.every((cell, index) => sameCell(cell, b[index]!, columns[index]!.type));
}

function sameCell(a: string | null, b: string | null, type: ColumnType): boolean {
  if (a === b) return true;
  if (a === null || b === null || !holdsFloats(type)) return false;
  return sameFloats(JSON.parse(a), JSON.parse(b));
}

function sameFloats(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, index) => sameFloats(value, b[index]));
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}
