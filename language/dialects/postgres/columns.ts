/**
 * Makes of a column that the database described a value of our type inside the database, equal to the value that the stage
 * engine reads from `COPY`'s text of it. A value that is carried as text is therefore what the type's own output function
 * writes: a cast to text takes the blanks off a `char(n)` and adds `/32` to an `inet`. And text has the database's default
 * collation, so that a column's own (which may say that 'a' equals 'A') decides nothing.
 *
 * Where both refuse, the database fails too, but only in rows that it looks at: NaN in a numeric (source.ts). What only the
 * stage engine refuses (years before Christ, infinite intervals) the database answers.
 */
import type { ColumnType, DatabaseColumn, NativeType } from '../../../core/protocol/types.ts';
import { postgresType, withUsualCollation } from './sql.ts';
import { carrierType, columnType, elementOid, nativeType, postgresTypeOf, wireType } from './types.ts';

/** Names the column and its SQL; what a statement's column must look like where the answer begins. */
export interface CanonicalColumn {
  readonly type: ColumnType;
  /** Makes, of the SQL of the column as the database has it, SQL of a value that carries our type. */
  canonical(column: string): string;
  /** The reason why no stage that reads the column may run in the database; null: stages may. */
  readonly unusable: string | null;
}

type Conversion = (column: string) => string;

const asIs: Conversion = (column) => column;
const castTo =
  (name: string): Conversion =>
  (column) =>
    `CAST(${column} AS ${name})`;
const printedBy =
  (outputFunction: string): Conversion =>
  (column) =>
    `textin(${outputFunction}(${column}))`;

/** Conversions by the type's OID; `printed` converts the other types that we carry as text. */
const CONVERSIONS: Readonly<Record<number, Conversion>> = {
  16: asIs, // bool
  17: asIs, // bytea
  18: printedBy('charout'), // "char"
  19: castTo('text'), // name
  20: asIs, // int8
  21: castTo('int8'), // int2
  23: castTo('int8'), // int4
  25: asIs, // text
  26: castTo('int8'), // oid
  114: asIs, // json
  700: (column) => `CAST(CAST(${column} AS text) AS float8)`, // float4: 1.1 is 1.1, not 1.10000002384
  701: asIs, // float8
  650: printedBy('cidr_out'),
  869: printedBy('inet_out'),
  1042: printedBy('bpcharout'),
  1043: castTo('text'), // varchar
  1082: asIs, // date
  1083: asIs, // time
  1114: asIs, // timestamp
  1184: asIs, // timestamptz
  1186: asIs, // interval
  2950: asIs, // uuid
  3802: castTo('json'), // jsonb
};

/** Types whose binary form is their text. */
const SENT_AS_TEXT = new Set([19, 25, 114, 142, 1042, 1043]);

/** A column as it is sent so that its binary form is one that `wireType` names: what has none of its own is sent as its text. */
export function sentValue(column: string, native: NativeType): { sql: string; type: NativeType } {
  const { oid } = postgresTypeOf(native);
  if (SENT_AS_TEXT.has(oid) || wireType(native) !== 'text') return { sql: column, type: native };
  const sql = (CONVERSIONS[oid] ?? printed)(column);
  return { sql, type: carrierType(columnType(native)) };
}

/** Writes a value of any type as its output function does. `IS NULL` would be true of a row of nulls. */
const printed: Conversion = (column) =>
  `CASE WHEN ${column} IS NOT DISTINCT FROM NULL THEN NULL ELSE format('%s', ${column}) END`;

/** Elements that a cast to `text` leaves as their output functions write them: text, varchar. */
const TEXT_ELEMENTS = new Set([25, 1043]);

/**
 * An array's elements as texts, as their type's output function writes them: the cast of an array casts each element, so
 * it would add `/32` to an `inet` and take the blanks off a `char(n)`. All the arrays that are lists have commas between elements.
 */
export function elementTexts(array: string, type: NativeType): string {
  const element = elementOid(postgresTypeOf(type).oid);
  const isText = element !== null && columnType(nativeType(element)).kind === 'string';
  const read = isText && !TEXT_ELEMENTS.has(element) ? `CAST(${array} AS text)` : array;
  return `CAST(${read} AS text[])`;
}

/** An array of the database's as one of `type`. float4 goes by way of its text: 0.1 is 0.1. */
export function canonicalArray(array: string, native: NativeType, type: ColumnType): string {
  const isText = type.kind === 'list' && type.of.kind === 'string';
  if (isText) return withUsualCollation(elementTexts(array, native));
  const read = postgresTypeOf(native).oid === FLOAT4_ARRAY ? elementTexts(array, native) : array;
  return `CAST(${read} AS ${postgresType(type)})`;
}

const FLOAT4_ARRAY = 1021;

export function canonicalColumn({ type: native }: DatabaseColumn): CanonicalColumn {
  const type = columnType(native);
  const unusable =
    type.kind === 'list'
      ? 'an array of the database may have several dimensions, which a list has not'
      : null;
  if (type.kind === 'decimal') return { type, canonical: castTo(postgresType(type)), unusable };
  const convert = CONVERSIONS[postgresTypeOf(native).oid] ?? (type.kind === 'list' ? asIs : printed);
  const canonical: Conversion =
    type.kind === 'string' ? (column) => withUsualCollation(convert(column)) : convert;
  return { type, canonical, unusable };
}
