/**
 * PostgreSQL as a source of rows: how the columns of a user's SQL become values of our types, how values leave a statement
 * for an answer or for the stage engine, and what no statement can hold.
 */
import type { WireError } from '../../../core/protocol/errors.ts';
import type { Column, ColumnType, DatabaseColumn } from '../../../core/protocol/types.ts';
import { isUnsized } from '../../types/rules.ts';
import { DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, Literal, SentColumn, SourceColumn, SourceDialect } from '../dialect.ts';
import { POSTGRES_BINS } from './bins.ts';
import { canonicalArray, canonicalColumn, elementTexts, sentValue } from './columns.ts';
import { POSTGRES_LEXICAL } from './lexical.ts';
import { raiseInPostgres } from './raise.ts';
import {
  declaredColumn,
  literal,
  parameter,
  postgresNameFits,
  postgresParameterType,
  postgresType,
  quoteName,
  quoteText,
} from './sql.ts';
import { POSTGRES_LISTS, POSTGRES_TRAITS } from './traits.ts';
import {
  carrierType,
  databaseColumnToColumn,
  INT4_TYPE,
  isNarrowInteger,
  JSON_TYPE,
  wireType,
} from './types.ts';

type Place = Pick<WireError, 'stage' | 'span'>;

/** A SELECT has 1,664 at most; some of them are ours. */
const MAX_COLUMNS = 1600;

function refusal(columns: readonly Column[]): string | null {
  if (columns.length > MAX_COLUMNS)
    return `${columns.length} columns are more than a statement of PostgreSQL's has`;
  const long = columns.find(({ name }) => !postgresNameFits(name));
  if (long !== undefined) return `PostgreSQL would cut the long name of the column \`${long.name}\``;
  const list = columns.find(({ type }) => type.kind === 'list' && isUnsized(type.of));
  return list === undefined ? null : `\`${list.name}\` is a list of numerics without a size`;
}

function literalRefusal({ value }: Literal): string | null {
  const isRefused = typeof value === 'string' && value.includes('\0');
  return isRefused ? 'PostgreSQL has no text with the character 0 in it' : null;
}

/** Integers and decimals are compared as they are stored, so that an index serves as it would without us. */
function sourceColumn(stored: string, column: DatabaseColumn, place: Place): SourceColumn {
  const { type, canonical } = canonicalColumn(column);
  // A decimal of a size is carried as it is. NaN in one, which the stage engine refuses, stays NaN: a test of every value
  // for it would cost more than adding it up.
  if (type.kind === 'decimal' && type.precision !== null) return { sql: stored, type };
  if (isUnsized(type)) return { sql: unsizedColumn(stored, canonical(stored), column, type, place), type };
  if (type.kind === 'list') return { sql: listColumn(stored, column, type, place), type };
  return { sql: canonical(stored), type, ...(isNarrowInteger(column.type) && { stored }) };
}

/** Below it a numeric still has 20 digits before the point when 18 are left after it. NaN is above every number. */
const TOO_LARGE = `${'9'.repeat(20)}.${'9'.repeat(18)}5`;

/** Fails at a value that the stage engine does not read, in the rows that are looked at, with the engine's error code. */
function unsizedColumn(
  stored: string,
  canonical: string,
  { name }: DatabaseColumn,
  type: ColumnType,
  { stage, span }: Place,
): string {
  const error: WireError = {
    code: 'bad-value',
    message: `column ${name} holds a numeric that stages do not carry`,
    hint: 'a numeric without a size has 20 digits before the point in stages, and no NaN; cast it in the SQL: `x::float8`, `x::numeric(38,4)`',
    ...(stage !== undefined && { stage }),
    ...(span !== undefined && { span }),
  };
  const raised = raiseInPostgres(error, type, `length(CAST(${stored} AS text))`);
  return `CASE WHEN abs(${stored}) >= ${TOO_LARGE} THEN ${raised} ELSE ${canonical} END`;
}

/** An array of several dimensions is no list. */
function listColumn(
  stored: string,
  { name, type: native }: DatabaseColumn,
  type: ColumnType,
  { stage, span }: Place,
): string {
  const list = canonicalArray(stored, native, type);
  const error: WireError = {
    code: 'bad-value',
    message: `column ${name} holds an array of several dimensions; write unnest() or array_to_json() in the SQL`,
    ...(stage !== undefined && { stage }),
    ...(span !== undefined && { span }),
  };
  const raised = raiseInPostgres(error, type, `array_ndims(${stored})`);
  return `CASE WHEN array_ndims(${stored}) > 1 THEN ${raised} ELSE ${list} END`;
}

/** Lists leave as JSON arrays of their elements' text, which keeps every element exact; other types without a binary form as their text. */
function sentColumn(column: DatabaseColumn): SentColumn {
  const name = quoteName(column.name);
  if (databaseColumnToColumn(column).type.kind !== 'list') {
    const { sql, type } = sentValue(name, column.type);
    if (sql === name) return { sql, column };
    return { sql: `${sql} as ${name}`, column: { name: column.name, type } };
  }
  const sql = `array_to_json(${elementTexts(name, column.type)}) as ${name}`;
  return { sql, column: { name: column.name, type: JSON_TYPE } };
}

/** Returns the SQL that sends a value of this type to the stage engine; a list is sent as JSON. */
function sent(sql: string, type: ColumnType): string {
  return type.kind === 'list' ? `array_to_json(CAST(${sql} AS text[]))` : declaredColumn(sql, type);
}

function describedColumn({ name, type }: Column, answers: boolean): DatabaseColumn {
  return { name, type: type.kind === 'list' && !answers ? JSON_TYPE : carrierType(type) };
}

function constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string {
  const values = rows.map((row, place) => `(${[place, ...row].map(constant).join(', ')})`);
  const names = columns.map(({ name }) => quoteName(name));
  const items = columns.map(({ type }, index) => `${names[index]}::${postgresType(type)} as ${names[index]}`);
  return `select ${items.join(', ')}\nfrom (values\n${values.join(',\n')}\n) as t("place", ${names.join(', ')})\norder by "place"`;
}

function constant(value: ConstantCell): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

export const POSTGRES: SourceDialect = {
  name: 'postgres',
  title: 'PostgreSQL',
  tablesSql:
    "select table_name as name from information_schema.tables where table_schema not in ('information_schema', 'pg_catalog') order by 1",
  scanned: false,
  wrapsSources: true,
  traits: POSTGRES_TRAITS,
  lexical: POSTGRES_LEXICAL,
  binding: DOLLAR_BINDING,
  lists: POSTGRES_LISTS,
  bins: POSTGRES_BINS,
  quoteName,
  quoteText,
  typeName: postgresType,
  literal,
  parameter,
  comparesJson: false,
  // A list of lists would be an array of two dimensions.
  nestsLists: false,
  // A statement is planned by recursion over it: far below where the stack ends.
  maxStages: 100,
  refusal,
  placedStages: null,
  sourceRefusal: () => null,
  orderRefusal: () => null,
  literalRefusal,
  sizedHint: (column) => `cast it in the SQL: ${column}::numeric(38,30), ${column}::text, ${column}::float8`,
  columnOf: databaseColumnToColumn,
  sourceColumn,
  wireOf: ({ type }) => wireType(type),
  sentColumn,
  answered: declaredColumn,
  sent,
  describedColumn,
  rowColumn: { name: 'row', type: INT4_TYPE },
  parameterType: postgresParameterType,
  constantRows,
};
