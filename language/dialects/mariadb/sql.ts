/**
 * MariaDB's side of types, for stages that run in it: literals, bound values, and columns in the canonical form of our types.
 *
 * Invariants: every text has the collation `utf8mb4_nopad_bin`, in which only the same characters are equal and the order is that
 * of code points; what MariaDB would round, cut or make null with a mere warning is never written.
 */
import type { ColumnType } from '../../../core/protocol/types.ts';
import { decimalSize } from '../../types/rules.ts';
import { valueType } from '../../types/typed.ts';
import type { Literal } from '../dialect.ts';
import { FIELD, type MariadbType } from './types.ts';

export const CODE_POINTS = 'COLLATE utf8mb4_nopad_bin';

export const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
export const quoteText = (text: string): string => `'${text.replace(/['\\]/g, '$&$&')}'`;

/** Returns the name of the type that a CAST takes. */
export function castName(type: ColumnType): string {
  switch (type.kind) {
    case 'int64':
    case 'bool':
      return 'signed';
    case 'float64':
      return 'double';
    case 'bytes':
      return 'binary';
    case 'date':
      return 'date';
    case 'time':
      return 'time(6)';
    case 'timestamp':
    case 'timestamptz':
      return 'datetime(6)';
    case 'decimal': {
      const { precision, scale } = decimalSize(type);
      return `decimal(${precision},${scale})`;
    }
    default:
      return 'char character set utf8mb4';
  }
}

/** Returns SQL of the value as one of this type. */
export function castTo(sql: string, type: ColumnType): string {
  const cast = `CAST(${sql} AS ${castName(type)})`;
  return type.kind === 'string' ? `(${cast} ${CODE_POINTS})` : cast;
}

const DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;
const MOMENT = /^((?!0000)\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Says why a constant has no place in a statement; null when it has. */
export function literalRefusal({ value, type }: Literal): string | null {
  if (value === null || typeof value === 'boolean') return null;
  switch (type.kind) {
    case 'int64':
    case 'float64':
    case 'decimal':
      return /^[-+]?\d*\.?\d*(e[-+]?\d+)?$/i.test(value) ? null : `MariaDB has no number ${value}`;
    case 'string':
      return null;
    case 'date':
      return DATE.test(value) ? null : `MariaDB has no date ${value}`;
    case 'timestamp':
      return DATE.test(value) || (MOMENT.test(value) && MOMENT.exec(value)![3] === undefined)
        ? null
        : `MariaDB has no moment ${value}`;
    case 'timestamptz':
      return DATE.test(value) || MOMENT.test(value) ? null : `MariaDB has no moment ${value}`;
    default:
      return `constants of type ${type.kind} stay outside of MariaDB`;
  }
}

export function literal({ value, type }: Literal): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : castTo('NULL', valueType(type));
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  switch (type.kind) {
    case 'int64':
      return /^\d{1,18}$/.test(value) ? value : `CAST(${quoteText(value)} AS signed)`;
    case 'timestamptz':
      return `CAST(${quoteText(inUtc(value))} AS datetime(6))`;
    default:
      return castTo(quoteText(value), valueType(type));
  }
}

/** MariaDB's datetime has no zone; sessions are in UTC. */
function inUtc(text: string): string {
  const found = MOMENT.exec(text);
  const [date, clock, zone] = [found?.[1] ?? text, found?.[2] ?? '00:00:00', found?.[3] ?? 'Z'];
  if (zone === 'Z') return `${date} ${clock}`;
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  const [whole, fraction] = seconds.split('.');
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^(...)(\d\d)$/, '$1:$2');
  const moment = new Date(`${date}T${whole}${offset}`).toISOString().slice(0, 19).replace('T', ' ');
  return fraction === undefined ? moment : `${moment}.${fraction}`;
}

/** Returns SQL of a column as a value of our type; `native` is a type that `unusable` does not refuse. */
export function canonical(stored: string, native: MariadbType, type: ColumnType): string {
  if (native.field === FIELD.bit) return castTo(`LPAD(BIN(${stored}), ${native.size}, '0')`, type);
  // A year is compared with numbers by rules of its own, and unsigned arithmetic has others than ours.
  if (type.kind === 'string' || native.field === FIELD.year || native.unsigned) return castTo(stored, type);
  return stored;
}

/** Says why no stage over such a column may run in MariaDB; null: stages may. */
export function unusable({ field, size }: MariadbType): string | null {
  if (field === FIELD.float) return 'MariaDB does not print the shortest digits of a float';
  if (field === FIELD.decimal && size > 38) return 'stages carry decimals of 38 digits';
  return null;
}
