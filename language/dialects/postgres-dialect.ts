/**
 * PostgreSQL's dialect. Every value that we write has its type beside it, so that the database never guesses one, and
 * every text is written so that it means the same whatever `standard_conforming_strings` is.
 */
import { decimalSize } from '../type-rules.ts';
import { type TypedLiteral, valueType } from '../typed.ts';
import type { ColumnType } from '../types.ts';
import type { Dialect } from './dialect.ts';

const NAMES: Readonly<Record<Exclude<ColumnType['kind'], 'decimal' | 'list'>, string>> = {
  bool: 'bool',
  int64: 'int8',
  float64: 'float8',
  string: 'text',
  bytes: 'bytea',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'interval',
  json: 'json',
  uuid: 'uuid',
};

export function postgresType(type: ColumnType): string {
  if (type.kind === 'list') return `${postgresType(type.of)}[]`;
  if (type.kind !== 'decimal') return NAMES[type.kind];
  const { precision, scale } = decimalSize(type);
  return `numeric(${precision},${scale})`;
}

export function postgresText(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

function literal(value: TypedLiteral['value'], type: TypedLiteral['type']): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${postgresType(valueType(type))})`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return `CAST(${postgresText(value)} AS ${postgresType(valueType(type))})`;
}

export const POSTGRES: Dialect = {
  name: 'postgres',
  typeName: postgresType,
  literal,
  collation: (type) => (type.kind === 'string' ? ' COLLATE "C"' : ''),
  subscripts: (list) => `generate_subscripts(${list}, 1)`,
  emitter: ({ postgres }) => postgres,
};
