/** The stage engine's dialect: it has a text for everything. */
import { isMoment } from '../type-rules.ts';
import { type TypedLiteral, valueType } from '../typed.ts';
import type { Dialect } from './dialect.ts';
import { duckdbType, floatLiteral, quoteText } from './duckdb.ts';

function literal(value: TypedLiteral['value'], type: TypedLiteral['type']): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${duckdbType(valueType(type))})`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (type.kind === 'int64') return `CAST(${value} AS BIGINT)`;
  if (type.kind === 'float64')
    return value.startsWith('-') ? `(${floatLiteral(value)})` : floatLiteral(value);
  if (type.kind === 'decimal') return `CAST(${value} AS ${duckdbType(type)})`;
  if (type.kind === 'interval') return `INTERVAL ${quoteText(value)}`;
  if (isMoment(type) || type.kind === 'time') return `${duckdbType(valueType(type))} ${quoteText(value)}`;
  return quoteText(value);
}

export const DUCKDB: Dialect = {
  name: 'duckdb',
  typeName: duckdbType,
  literal,
  collation: () => '',
  subscripts: (list) => `unnest(range(len(${list})))`,
  emitter: ({ duckdb }) => duckdb,
};
