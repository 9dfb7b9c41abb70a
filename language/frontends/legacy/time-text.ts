/** Moments, formats and units of the legacy language as the stage engine's SQL. */

import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import { asText } from './engine-text.ts';

const LETTERS: readonly (readonly [string, string])[] = [
  ['YYYY', '%Y'],
  ['MM', '%m'],
  ['DD', '%d'],
  ['HH', '%H'],
  ['mm', '%M'],
  ['ss', '%S'],
];

/** The stage engine's format for one of the legacy language. */
function engineFormat(format: string): string {
  let text = format.replaceAll('%', '%%').replaceAll('yyyy', 'YYYY').replaceAll('dd', 'DD');
  for (const [letters, code] of LETTERS) text = text.replaceAll(letters, code);
  return text;
}

const DIGITS = '%Y%m%d%H%M%S';

/** A column as a timestamp; what cannot be read is null. */
export function momentOf(column: Column, format: string | null = null): string {
  const quoted = quoteName(column.name);
  if (['timestamp', 'timestamptz', 'date'].includes(column.type.kind)) return `cast(${quoted} as timestamp)`;
  if (column.type.kind === 'float64')
    return `try_strptime(cast(cast(${quoted} as bigint) as varchar), '${DIGITS}')`;
  return momentOfText(asText(column), format);
}

export function momentOfText(text: string, format: string | null = null): string {
  if (format !== null) return `try_strptime(${text}, ${quoteText(engineFormat(format))})`;
  return `coalesce(try_strptime(${text}, '${DIGITS}'), try_cast(${text} as timestamp))`;
}

export interface Bin {
  readonly count: number;
  readonly unit: 'y' | 'm' | 'd' | 'H' | 'M' | 'S';
}

const UNITS: Readonly<Record<Bin['unit'], string>> = {
  y: 'year',
  m: 'month',
  d: 'day',
  H: 'hour',
  M: 'minute',
  S: 'second',
};

/** Reads `10M`. Throws wrong-arguments. */
export function readBin(text: string, span: Span): Bin {
  const found = /^([1-9]\d{0,5})([ymdHMS])$/.exec(text.trim());
  if (found !== null) return { count: Number(found[1]), unit: found[2] as Bin['unit'] };
  throw new QueryError('wrong-arguments', `\`${text}\` is no unit of time`, {
    span,
    hint: 'write a whole number and y (year), m (month), d (day), H (hour), M (minute) or S (second), as in `10M`',
  });
}

/** The moment cut to whole bins within the next larger unit: 10H begins at 00, 10 and 20 o'clock. */
export function binned(moment: string, { count, unit }: Bin): string {
  const word = UNITS[unit];
  const cut = `date_trunc('${word}', ${moment})`;
  if (count === 1) return `cast(${cut} as timestamp)`;
  const counted = unit === 'y' ? `year(${moment}) % 10` : `date_part('${word}', ${moment})`;
  const place = unit === 'm' || unit === 'd' ? `(${counted} - 1)` : `cast(floor(${counted}) as bigint)`;
  return `cast(${cut} - to_${word}s(cast(${place} % ${count} as integer)) as timestamp)`;
}

/** The step from one bin to the next. */
export function intervalOf({ count, unit }: Bin): string {
  return `interval '${count} ${UNITS[unit]}s'`;
}

/** 14 digits, or fewer, as a timestamp. Throws wrong-arguments. */
export function momentLiteral(text: string, span: Span): string {
  const found = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(?:(\d\d)(\d\d)?)?)?$/.exec(text.replace(/[-: ]/g, ''));
  if (found === null)
    throw new QueryError('wrong-arguments', `\`${text}\` is no moment`, {
      span,
      hint: 'write 14 digits: 20210131235959',
    });
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = found;
  const at = new Date(
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)),
  );
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  if (!at.toISOString().startsWith(written))
    throw new QueryError('wrong-arguments', `there is no moment \`${text}\``, {
      span,
      hint: 'write year, month, day, hour, minute and second: 20210131235959',
    });
  return `timestamp '${written.replace('T', ' ')}'`;
}

/** The text of a moment that `momentLiteral` wrote. */
export function textOfMoment(literal: string): string {
  return literal.slice("timestamp '".length, -1);
}
