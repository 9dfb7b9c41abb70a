/** `typecast`: columns of another type in their places. */
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, inPlace } from './engine-text.ts';
import { momentOf } from './time-text.ts';

type TypeWord = 'text' | 'real' | 'integer' | 'bigint' | 'date' | 'timestamp';
const TYPES = ['text', 'real', 'integer', 'bigint', 'date', 'timestamp'] as const;

type Casts = readonly { readonly name: WrittenName; readonly to: TypeWord; readonly format: string | null }[];

function cast(column: Column, to: TypeWord, format: string | null): string {
  const quoted = quoteName(column.name);
  switch (to) {
    case 'text':
      return asText(column);
    case 'real':
      return `try_cast(${quoted} as double)`;
    case 'integer':
      return `cast(try_cast(${wholeText(column)} as integer) as bigint)`;
    case 'bigint':
      return `try_cast(${wholeText(column)} as bigint)`;
    case 'date':
      return `cast(${momentOf(column, format ?? (column.type.kind === 'string' ? 'YYYY-MM-DD' : null))} as date)`;
    case 'timestamp':
      return momentOf(column, format ?? (column.type.kind === 'string' ? 'YYYY-MM-DD HH:mm:ss' : null));
    default:
      return to satisfies never;
  }
}

/** What follows the point is cut, also in a text. */
function wholeText({ name, type }: Column): string {
  const quoted = quoteName(name);
  if (type.kind === 'float64' || type.kind === 'decimal') return `trunc(${quoted})`;
  if (type.kind !== 'string') return quoted;
  return `nullif(regexp_extract(${quoted}, '^\\s*([+-]?\\d+)(?:\\.\\d*)?\\s*$', 1), '')`;
}

export const TYPECAST = command<Casts>({
  names: ['typecast'],
  form: 'typecast c TYPE ["format"], ...',
  summary: 'Converts columns in their places; what cannot be read is null.',
  parse(cursor: LegacyCursor) {
    const casts: { name: WrittenName; to: TypeWord; format: string | null }[] = [];
    do {
      const name = cursor.name();
      const to = cursor.acceptWord(...TYPES) as TypeWord | null; // one of the words it was given
      if (to === null) cursor.fail(`a type is expected: ${TYPES.join(', ')}`);
      const quoted = ['double', 'single'].includes(cursor.peek().kind);
      casts.push({ name, to, format: quoted ? cursor.next().text : null });
    } while (cursor.acceptSign(','));
    return casts;
  },
  lower(casts, context) {
    const values = casts.map(({ name, to, format }) => {
      const column = context.column(name);
      return [column.name, cast(column, to, format)] as const;
    });
    return [inPlace(context, new Map(values))];
  },
});
