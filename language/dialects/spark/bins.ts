/** Spark's SQL of bins of time without gaps. They are made as timestamps, since sessions are in UTC (connectors/spark/settings.ts). */
import type { WireError } from '../../../core/protocol/errors.ts';
import { MARK } from '../../../core/protocol/raised-error.ts';
import type { BinSql } from '../dialect.ts';
import { quoteText, typeName } from './sql.ts';

/** Microseconds of each unit. */
const MICROS: Readonly<Record<string, bigint>> = {
  millisecond: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
};

const instant = (moment: string): string => `CAST(${moment} AS timestamp)`;

/** Returns SQL of the number of bins from `lo` to `hi`. */
function binCount(lo: string, hi: string, [count, unit]: readonly string[]): string {
  if (unit === 'month') return `(months_between(${instant(hi)}, ${instant(lo)}) / ${count} + 1)`;
  const width = BigInt(count!) * MICROS[unit!]!;
  return `((unix_micros(${instant(hi)}) - unix_micros(${instant(lo)})) div ${width}L + 1)`;
}

function interval([count, unit]: readonly string[]): string {
  return unit === 'millisecond'
    ? `make_dt_interval(0, 0, 0, ${count} / 1000BD)`
    : `INTERVAL '${count}' ${unit!.toUpperCase()}`;
}

/** Fails with the error of ours: connectors/spark/errors.ts reads it from Spark's message. */
function raise(error: WireError): string {
  return `raise_error(${quoteText(MARK + JSON.stringify(error))})`;
}

export const SPARK_BINS: BinSql = {
  series({ lo, hi, span, type, times, most, error }) {
    const parts = span.split(' ');
    const tooMany = `${binCount(lo, hi, parts)} * ${times} > ${most}`;
    const end = `CASE WHEN ${tooMany} THEN CAST(${raise(error)} AS timestamp) ELSE ${instant(hi)} END`;
    const list = `sequence(${instant(lo)}, ${end}, ${interval(parts)})`;
    return `explode(CAST(${list} AS array<${typeName(type)}>))`;
  },
  finite: (moment) => `(${moment} IS NOT NULL)`,
  same: (a, b) => `(${a} <=> ${b})`,
};
