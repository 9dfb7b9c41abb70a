/**
 * Files as a source of rows. The stage engine scans them itself, so that no statement is written for another database: the
 * user's SQL becomes a part of the engine's own statement, and all stages run there.
 */
import type { Column, ColumnType, DatabaseColumn } from '../../../core/protocol/types.ts';
import { usualWireType } from '../../../core/protocol/wire-rows.ts';
import { parameterType } from '../../types/parameter-types.ts';
import { type Binding, DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, SentColumn, SourceDialect } from '../dialect.ts';
import { DUCKDB } from '../duckdb/traits.ts';
import { FILES_LEXICAL } from './lexical.ts';
import { columnOf, engineTypeOf, nativeType, typeOfFile } from './types.ts';

const { quoteName, quoteText } = DUCKDB;

/** A number is bound with its own type, so that nothing rounds it; a text is read as whatever it is compared with. */
const BINDING: Binding = {
  ...DOLLAR_BINDING,
  typed(placeholder, name, kind) {
    if (kind === 'number' || kind === 'string' || kind.startsWith('untyped')) return placeholder;
    const type = parameterType(name, kind);
    return type.kind === 'null' ? placeholder : DUCKDB.parameter(placeholder, type);
  },
};

/** Nanoseconds below a microsecond, which no type of ours has, are an error; all else is cast without loss. */
function sentColumn(column: DatabaseColumn): SentColumn {
  const quoted = quoteName(column.name);
  const engine = engineTypeOf(column.type);
  const type = typeOfFile(engine)!; // columnOf has refused the others
  const sql = `CAST(${quoted} AS ${DUCKDB.typeName(type)})`;
  const exact =
    engine === 'TIMESTAMP_NS'
      ? `CASE WHEN epoch_ns(${quoted}) % 1000 <> 0 THEN ${raised(column.name)} ELSE ${sql} END`
      : sql;
  return { sql: `${exact} AS ${quoted}`, column };
}

function raised(name: string): string {
  return DUCKDB.raise({
    code: 'bad-value',
    message: `column ${name} holds a time with nanoseconds, which answers do not carry`,
    hint: `round it in the SQL: cast(${name} as timestamp) cuts it to microseconds`,
  });
}

function constant(value: ConstantCell): string {
  if (value === null) return 'NULL';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

function constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string {
  const values = rows.map((row, place) => `(${[place, ...row].map(constant).join(', ')})`);
  const items = columns.map(
    ({ name, type }, index) => `CAST(c${index} AS ${DUCKDB.typeName(type)}) AS ${quoteName(name)}`,
  );
  const names = columns.map((_, index) => `c${index}`);
  return `SELECT ${items.join(', ')}\nFROM (VALUES\n${values.join(',\n')}\n) AS t(place, ${names.join(', ')})\nORDER BY place`;
}

const asItIs = (sql: string): string => sql;

export const FILES: SourceDialect = {
  ...DUCKDB,
  name: 'files',
  title: 'the stage engine',
  lexical: FILES_LEXICAL,
  binding: BINDING,
  scanned: true,
  tablesSql: '',
  wrapsSources: true,
  comparesJson: true,
  nestsLists: true,
  maxStages: 0,
  refusal: () => 'source and stages are one statement of the stage engine',
  placedStages: null,
  sourceRefusal: () => null,
  orderRefusal: () => null,
  literalRefusal: () => null,
  sizedHint: (column) => `cast it in the SQL: cast(${column} as decimal(38,10))`,
  columnOf,
  sourceColumn: (stored, column) => ({ sql: stored, type: columnOf(column).type }),
  wireOf: (column) => usualWireType(columnOf(column).type),
  sentColumn,
  answered: asItIs,
  sent: asItIs,
  describedColumn: ({ name, type }) => ({ name, type: nativeType(engineName(type)) }),
  rowColumn: { name: 'row', type: nativeType('INTEGER') },
  parameterType: () => nativeType('VARCHAR'),
  constantRows,
};

function engineName(type: ColumnType): string {
  return type.kind === 'timestamptz' ? 'TIMESTAMP WITH TIME ZONE' : DUCKDB.typeName(type);
}
