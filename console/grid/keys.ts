/** The cell that a key of the grid leads to. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** `isFar`: with Ctrl or Cmd, Home and End go to the first and the last row as well. */
const STEPS: Readonly<Record<string, (isFar: boolean) => readonly [rows: number, columns: number]>> = {
  ArrowDown: (isFar) => [isFar ? FAR : 1, 0],
  ArrowUp: (isFar) => [isFar ? -FAR : -1, 0],
  ArrowRight: (isFar) => [0, isFar ? FAR : 1],
  ArrowLeft: (isFar) => [0, isFar ? -FAR : -1],
  PageDown: () => [20, 0],
  PageUp: () => [-20, 0],
  Home: (isFar) => [isFar ? -FAR : 0, -FAR],
  End: (isFar) => [isFar ? FAR : 0, FAR],
};
const FAR = Number.MAX_SAFE_INTEGER;

/** Returns null for a key that does not move. The first key selects the first cell. */
export function movedBy(
  key: string,
  isFar: boolean,
  from: Cell | null,
  rows: number,
  columns: number,
): Cell | null {
  const step = STEPS[key]?.(isFar);
  if (step === undefined || rows === 0) return null;
  if (from === null) return { row: 0, column: 0 };
  const within = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1);
  return { row: within(from.row + step[0], rows), column: within(from.column + step[1], columns) };
}
