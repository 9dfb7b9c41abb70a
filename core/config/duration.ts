/** Durations as people write them: "10m", "1h", "500ms". */
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Returns the milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/i.exec(text.trim());
  return match === null ? null : Number(match[1]) * UNIT_MS[match[2]!.toLowerCase()]!;
}
