/** A number of the wire as PostgreSQL writes it. */

const NEGATIVE = 0x4000;
const SPECIAL: Readonly<Record<number, string>> = {
  49152: 'NaN',
  53248: 'Infinity',
  61440: '-Infinity',
};
const HEAD_BYTES = 8;
/** An error shows no more of it. */
const MOST_DIGITS = 1000;

/** `mostDigits`: of each side of the point; an error shows no more. */
export function numericText(view: DataView, start: number, mostDigits = MOST_DIGITS): string {
  const count = view.getInt16(start);
  const weight = view.getInt16(start + 2);
  const sign = view.getUint16(start + 4);
  const scale = Math.min(view.getInt16(start + 6), mostDigits);
  const special = SPECIAL[sign];
  if (special !== undefined) return special;
  const groupAt = (index: number): string =>
    index < 0 || index >= count
      ? '0000'
      : String(view.getUint16(start + HEAD_BYTES + 2 * index)).padStart(4, '0');
  const groups = (from: number, to: number): string =>
    Array.from({ length: Math.max(0, to - from) }, (_, index) => groupAt(from + index)).join('');
  const whole = groups(0, Math.min(weight + 1, mostDigits)).replace(/^0+(?=.)/, '') || '0';
  const fraction = groups(weight + 1, weight + 1 + Math.ceil(scale / 4)).slice(0, scale);
  return `${sign === NEGATIVE ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
