/** Spark's description of rows as columns. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import {
  nativeType,
  type SparkType,
  type SparkTypeName,
  sparkType,
} from '../../language/dialects/spark/types.ts';
import type { DataType } from './protocol.ts';

/** Fields of `DataType` that are a type of ours under the same name, or another. */
const NAMES: Readonly<Record<string, SparkTypeName>> = {
  null: 'null',
  binary: 'binary',
  boolean: 'boolean',
  byte: 'byte',
  short: 'short',
  integer: 'integer',
  long: 'long',
  float: 'float',
  double: 'double',
  decimal: 'decimal',
  string: 'string',
  char: 'string',
  var_char: 'string',
  date: 'date',
  timestamp: 'timestamp',
  timestamp_ntz: 'timestamp_ntz',
  calendar_interval: 'interval',
  year_month_interval: 'interval',
  day_time_interval: 'interval',
  array: 'array',
  struct: 'struct',
  map: 'map',
  variant: 'variant',
};

interface StructField {
  readonly name: string;
  readonly data_type: DataType;
}

/** Returns the columns of rows of this type, which is a struct. */
export function columnsOf(schema: DataType): readonly DatabaseColumn[] {
  const { fields } = (schema.struct ?? {}) as { fields?: readonly StructField[] };
  if (fields === undefined) throw new QueryError('internal', 'Spark described rows that are no struct');
  return fields.map(({ name, data_type: type }) => ({ name, type: nativeType(typeOf(type)) }));
}

function typeOf(type: DataType): SparkType {
  const kind = type.kind ?? 'other';
  const name = NAMES[kind] ?? 'other';
  if (name === 'decimal') {
    const { precision, scale } = type.decimal as { precision?: number; scale?: number };
    return sparkType('decimal', { precision: precision ?? 10, scale: scale ?? 0 });
  }
  if (name === 'array') {
    const { element_type: element } = type.array as { element_type: DataType };
    return sparkType('array', { of: typeOf(element) });
  }
  return sparkType(name, { title: kind });
}
