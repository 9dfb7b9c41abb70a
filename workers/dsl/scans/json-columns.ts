/**
 * The columns of JSON lines, by the engine's own reading of all files. Numbers with a fraction, and whole ones beyond 64 bits, are
 * `float64`; one that is beyond that too is an error, where the engine would read it as infinity.
 */
import {
  type DuckDBConnection,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api';
import { raiseError } from '../../../language/dialects/duckdb/raise.ts';
import { quoteName, quoteText } from '../../../language/dialects/duckdb/sql.ts';
import type { EngineColumn } from './scan-context.ts';

/** `reader`: a FROM item that finds out about the columns. */
export async function jsonColumns(
  connection: DuckDBConnection,
  reader: string,
): Promise<readonly EngineColumn[]> {
  const statement = await connection.prepare(`SELECT * FROM ${reader}`);
  return Array.from({ length: statement.columnCount }, (_, index): EngineColumn => {
    const name = statement.columnName(index);
    const type = statement.columnType(index);
    const test = hasInfinity(quoteName(name), type, 0);
    const column = { name, type: type.alias ?? String(type) };
    if (test === null) return column;
    return {
      ...column,
      refusedWhere: test,
      item: `CASE WHEN ${test} THEN ${tooLarge(name)} ELSE ${quoteName(name)} END AS ${quoteName(name)}`,
    };
  });
}

function tooLarge(name: string): string {
  return raiseError({
    code: 'bad-file',
    message: `the column ${name} holds a number that float64 has no room for`,
    hint: 'write it as a text in the file: JSON has no infinity, and 1e400 would become one',
  });
}

/** Returns SQL that is true for a value with an infinity in it; null for types without numbers of that kind. */
function hasInfinity(value: string, type: DuckDBType, depth: number): string | null {
  if (type.typeId === DuckDBTypeId.DOUBLE || type.typeId === DuckDBTypeId.FLOAT) return `isinf(${value})`;
  if (type instanceof DuckDBListType) return ofList(value, type.valueType, depth);
  if (type instanceof DuckDBMapType) return ofList(`map_values(${value})`, type.valueType, depth);
  if (!(type instanceof DuckDBStructType)) return null;
  const tests = type.entryTypes.flatMap((entry, index) => {
    const part = `struct_extract(${value}, ${quoteText(type.entryNames[index]!)})`;
    return hasInfinity(part, entry, depth) ?? [];
  });
  return tests.length === 0 ? null : `(${tests.map((test) => `coalesce(${test}, false)`).join(' OR ')})`;
}

function ofList(value: string, type: DuckDBType, depth: number): string | null {
  const test = hasInfinity(`e${depth}`, type, depth + 1);
  return test === null ? null : `list_bool_or(list_transform(${value}, lambda e${depth}: ${test}))`;
}
