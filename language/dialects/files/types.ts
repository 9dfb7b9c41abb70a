/**
 * The types of columns that are read from files, by the names that the stage engine has for them. Each arrives exactly, or
 * has no type here, and is refused by its name.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column, ColumnType, DatabaseColumn, NativeType } from '../../../core/protocol/types.ts';
import { typeOfEngine } from '../duckdb/types.ts';

/** The content of native types of files. */
interface FileType {
  readonly engine: string;
}

export function nativeType(engine: string): NativeType {
  return { engine } satisfies FileType as unknown as NativeType;
}

export function engineTypeOf(type: NativeType): string {
  return (type as unknown as FileType).engine; // a connection's types come from its own worker or dialect
}

/** Types that answers carry, and the stage engine's table of types leaves out, as a user's SQL there rarely has them. */
const OTHERS: Readonly<Record<string, ColumnType>> = {
  JSON: { kind: 'json' },
  '"NULL"': { kind: 'string' },
};

/** Returns null for a type that answers do not carry. */
export function typeOfFile(engine: string): ColumnType | null {
  return OTHERS[engine] ?? typeOfEngine(engine);
}

/** Throws `unsupported` for a type that answers do not carry. */
export function columnOf({ name, type }: DatabaseColumn): Column {
  const engine = engineTypeOf(type);
  const known = typeOfFile(engine);
  if (known !== null) return { name, type: known };
  const shown = engine.length > 100 ? `${engine.slice(0, 100)}...` : engine;
  throw new QueryError('unsupported', `the column ${name} is ${shown}, which answers do not carry`, {
    hint: `name the columns that you want, and of this one take a part, \`${name}.part\`, or its JSON, \`to_json(${name})\``,
  });
}
