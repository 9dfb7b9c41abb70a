/** Spark as a source of rows. No stage is placed in it yet: every one runs in the stage engine, over the rows that Spark sends. */
import type { Column, ColumnType } from '../../../core/protocol/types.ts';
import { usualWireType } from '../../../core/protocol/wire-rows.ts';
import { valueType } from '../../types/typed.ts';
import { DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, Literal, SentColumn, SourceDialect } from '../dialect.ts';
import { SPARK_LEXICAL } from './lexical.ts';
import {
  columnOf,
  columnType,
  isJson,
  isText,
  nativeType,
  sentType,
  sparkType,
  sparkTypeOf,
} from './types.ts';

const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
/** Spark would replace a dollar before a brace by a value of its settings, wherever it stands. */
const quoteText = (text: string): string =>
  `'${text.replace(/['\\]/g, '\\$&').replaceAll('${', '\\u0024{')}'`;

const NAMES: Readonly<Record<Exclude<ColumnType['kind'], 'decimal' | 'list'>, string>> = {
  bool: 'boolean',
  int64: 'bigint',
  float64: 'double',
  string: 'string',
  json: 'string',
  uuid: 'string',
  bytes: 'binary',
  date: 'date',
  time: 'string',
  timestamp: 'timestamp_ntz',
  timestamptz: 'timestamp',
  interval: 'string',
};

function typeName(type: ColumnType): string {
  if (type.kind === 'decimal') return `decimal(${type.precision ?? 38},${type.scale ?? 0})`;
  if (type.kind === 'list') return `array<${typeName(type.of)}>`;
  return NAMES[type.kind];
}

const castTo = (sql: string, type: ColumnType): string => `CAST(${sql} AS ${typeName(type)})`;

function literal({ value, type }: Literal): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : castTo('NULL', valueType(type));
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return castTo(quoteText(value), valueType(type));
}

function constant(value: ConstantCell): string {
  if (value === null) return 'NULL';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

function constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string {
  const values = rows.map((row, place) => `(${[place, ...row].map(constant).join(', ')})`);
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  return `SELECT ${names}\nFROM VALUES\n${values.join(',\n')}\nAS t(place, ${names})\nORDER BY place`;
}

/** Columns that no type of ours carries leave as JSON or as text. */
function sentColumn(column: Parameters<SourceDialect['sentColumn']>[0]): SentColumn {
  const { name, type } = column;
  const native = sparkTypeOf(type);
  const quoted = quoteName(name);
  const text = { name, type: nativeType(sparkType('string')) };
  if (isJson(native)) return { sql: `to_json(${quoted}) AS ${quoted}`, column: { name, type } };
  if (isText(native)) return { sql: `CAST(${quoted} AS string) AS ${quoted}`, column: text };
  return { sql: quoted, column };
}

const asItIs = (sql: string): string => sql;

export const SPARK: SourceDialect = {
  name: 'spark',
  title: 'Spark',
  tablesSql: '',
  scanned: false,
  wrapsSources: true,
  traits: {
    keepsArrivalOrder: false,
    testsFiltersInOrder: false,
    computesArgumentsBeforeFilter: true,
    fence: '',
    codePointOrder: '',
    placesNulls: true,
    limitsByNumbers: true,
  },
  lexical: SPARK_LEXICAL,
  binding: { ...DOLLAR_BINDING, memberOf: (negated) => (negated ? 'not in (' : 'in (') },
  lists: null,
  bins: null,
  quoteName,
  quoteText,
  typeName,
  literal,
  parameter: castTo,
  comparesJson: false,
  nestsLists: false,
  maxStages: 0,
  placedStages: null,
  sourceRefusal: () => null,
  orderRefusal: () => null,
  literalRefusal: () => null,
  refusal: () => 'no stage was shown to be exact in Spark yet',
  sizedHint: (column) => `cast it in the SQL: cast(${column} as decimal(38,10)), cast(${column} as double)`,
  columnOf,
  sourceColumn: (stored, { type }) => ({ sql: stored, type: columnType(type) }),
  wireOf: ({ type }) => usualWireType(columnType(type)),
  sentColumn,
  answered: asItIs,
  sent: asItIs,
  describedColumn: ({ name, type }) => ({ name, type: nativeType(sentType(type)) }),
  rowColumn: { name: 'row', type: nativeType(sparkType('integer')) },
  parameterType: () => nativeType(sparkType('string')),
  constantRows,
};
