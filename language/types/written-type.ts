/** Types as answers and messages name them: `int64`, `decimal(10,2)`, `list<string>`. */
import type { ColumnType } from '../../core/protocol/types.ts';
import { type TypeName, typeFromName } from './cast-types.ts';

/** Reads the name of a type. Throws `wrong-arguments` for what is none. */
export function writtenType(text: string): ColumnType {
  return typeFromName(typeNameOf(text));
}

function typeNameOf(text: string): TypeName {
  const span = { start: 0, end: text.length };
  const of = /^list<(.+)>$/.exec(text)?.[1];
  if (of !== undefined) return { name: 'list', numbers: [], of: typeNameOf(of), span };
  const [, name = text, numbers] = /^(\w+)\((\d{1,2}(?:,\d{1,2})?)\)$/.exec(text) ?? [];
  return { name, numbers: numbers?.split(',').map(Number) ?? [], of: null, span };
}
