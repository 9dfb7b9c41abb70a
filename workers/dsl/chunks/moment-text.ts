/** A moment as PostgreSQL writes it, for errors about moments that the engine cannot hold. */

const MICROS_OF_DAY = 86_400_000_000n;
/** The number of days from 0000-03-01 to 2000-01-01. */
const DAYS_TO_2000 = 730_425n;
const DAYS_OF_400_YEARS = 146_097n;

/** `micros` are counted from 2000-01-01. */
export function momentText(micros: bigint, kind: 'date' | 'timestamp' | 'timestamptz'): string {
  const day = floorDivide(micros, MICROS_OF_DAY);
  const { year, month, dayOfMonth } = civilOf(day);
  const shownYear = year > 0n ? year : 1n - year;
  const date = `${digits(shownYear, 4)}-${digits(month, 2)}-${digits(dayOfMonth, 2)}`;
  const time = kind === 'date' ? '' : ` ${timeText(micros - day * MICROS_OF_DAY)}`;
  return `${date}${time}${kind === 'timestamptz' ? '+00' : ''}${year > 0n ? '' : ' BC'}`;
}

/** Gregorian; year 0 is 1 BC. Years are counted from March, so that a leap day is a year's last. */
function civilOf(days: bigint): { year: bigint; month: bigint; dayOfMonth: bigint } {
  const shifted = days + DAYS_TO_2000;
  const era = floorDivide(shifted, DAYS_OF_400_YEARS);
  const dayOfEra = shifted - era * DAYS_OF_400_YEARS;
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const fromMarch = (5n * dayOfYear + 2n) / 153n;
  const month = fromMarch < 10n ? fromMarch + 3n : fromMarch - 9n;
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n);
  return { year, month, dayOfMonth: dayOfYear - (153n * fromMarch + 2n) / 5n + 1n };
}

function timeText(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const fraction = digits(micros % 1_000_000n, 6).replace(/0+$/, '');
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => digits(part, 2));
  return `${parts.join(':')}${fraction === '' ? '' : `.${fraction}`}`;
}

function digits(value: bigint, width: number): string {
  return String(value).padStart(width, '0');
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
