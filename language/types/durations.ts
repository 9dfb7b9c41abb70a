/** Durations as they are written: `5m`. Months and longer have no fixed length in seconds, so the unit is kept. */

/** Unit as written -> the unit of SQL and how many of it. `m` is minutes, always. */
const UNITS: Readonly<Record<string, { readonly unit: string; readonly times: number }>> = {
  ms: { unit: 'millisecond', times: 1 },
  s: { unit: 'second', times: 1 },
  m: { unit: 'minute', times: 1 },
  h: { unit: 'hour', times: 1 },
  d: { unit: 'day', times: 1 },
  w: { unit: 'day', times: 7 },
  mon: { unit: 'month', times: 1 },
  q: { unit: 'month', times: 3 },
  y: { unit: 'month', times: 12 },
};

export const DURATION_UNITS: readonly string[] = Object.keys(UNITS);

export function isDurationUnit(unit: string): boolean {
  return Object.hasOwn(UNITS, unit);
}

/** `90m` -> `90 minute`; null when the count is too big to be a duration. */
export function durationText(text: string): string | null {
  const { times, unit } = UNITS[text.replace(/^\d+/, '')]!;
  const count = Number.parseInt(text, 10) * times;
  return count <= 1_000_000_000 ? `${count} ${unit}` : null;
}
