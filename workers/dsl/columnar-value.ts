/**
 * Computes in DuckDB the value that a column of Arrow or Parquet holds: the same value for both, so that a reader finds the same
 * column in either (docs/formats.md). A value that these formats have no form for is an error, never another value.
 */
import type { ColumnType } from '../../core/protocol/types.ts';
import { raiseError } from '../../language/dialects/duckdb/raise.ts';
import { plainText } from './value-text.ts';

/** Returns SQL over `value`, which may be repeated; `name` is the column's, for errors. Null stays null. */
export function columnarValue(type: ColumnType, value: string, name: string): string {
  switch (type.kind) {
    // Parquet's own interval has milliseconds only.
    case 'interval':
      return plainText(type, value);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return `CASE WHEN isfinite(${value}) IS NOT FALSE THEN ${value} ELSE ${refuse('infinity', name)} END`;
    // DuckDB and PostgreSQL count 24:00:00 among the times; Arrow and Parquet end before it.
    case 'time':
      return `CASE WHEN ${value} = TIME '24:00:00' THEN ${refuse('the time 24:00:00', name)} ELSE ${value} END`;
    case 'list': {
      const element = `${value}_e`;
      const converted = columnarValue(type.of, element, name);
      return converted === element ? value : `list_transform(${value}, lambda ${element}: ${converted})`;
    }
    case 'bool':
    case 'int64':
    case 'float64':
    case 'decimal':
    case 'string':
    case 'bytes':
    case 'json':
    case 'uuid':
      return value;
    default:
      return type satisfies never;
  }
}

function refuse(what: string, name: string): string {
  return raiseError({
    code: 'bad-value',
    message: `column ${name} holds ${what}, which Arrow and Parquet have no value for`,
    hint: `cast it to text: \`${name}::text\` in the SQL, \`cast(${name} as string)\` in a stage`,
  });
}
