/**
 * SQLite as a source of rows. No stage is placed in it: a value of any type may stand in any column, which the connector
 * sees on its way out, and a stage inside of SQLite would not.
 */
import { type Column, type ColumnType, typeName } from '../../../core/protocol/types.ts';
import { usualWireType } from '../../../core/protocol/wire-rows.ts';
import { DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, Literal, SourceDialect } from '../dialect.ts';
import { quoteName, quoteText } from '../quoting.ts';
import { SQLITE_LEXICAL } from './lexical.ts';
import { columnOf, columnType, nativeType } from './types.ts';

/** A declaration by which a column has this type. */
function declarationOf(type: ColumnType): string {
  switch (type.kind) {
    case 'int64':
      return 'integer';
    case 'float64':
      return 'real';
    case 'string':
      return 'text';
    case 'bytes':
      return 'blob';
    case 'bool':
      return 'boolean';
    default:
      return typeName(type);
  }
}

/** No cast: SQLite makes 0 of what is no number, where the connector refuses it. */
const asItIs = (sql: string): string => sql;

function literal({ value, type }: Literal): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return String(Number(value));
  return type.kind === 'string' ? quoteText(value) : value;
}

function constant(value: ConstantCell): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

/** SQLite itself names the columns of VALUES so. */
function constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string {
  const values = rows.map((row, place) => `(${[place, ...row].map(constant).join(', ')})`);
  const items = columns.map(({ name }, index) => `column${index + 2} as ${quoteName(name)}`);
  return `select ${items.join(', ')}\nfrom (values\n${values.join(',\n')}\n)\norder by column1`;
}

export const SQLITE: SourceDialect = {
  name: 'sqlite',
  title: 'SQLite',
  tablesSql:
    "select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite~_%' escape '~' order by 1",
  scanned: false,
  wrapsSources: true,
  traits: {
    keepsArrivalOrder: false,
    computesConstantsFirst: false,
    testsFiltersInOrder: false,
    computesArgumentsBeforeFilter: false,
    arrivalNumber: 'row_number() OVER ()',
    fence: 'LIMIT -1',
    codePointOrder: ' COLLATE BINARY',
    placesNulls: true,
    limitsByNumbers: false,
    limitType: null,
    numbersByOrder: false,
    materialized: ' MATERIALIZED',
  },
  lexical: SQLITE_LEXICAL,
  // No list is bound: the connector says so.
  binding: { ...DOLLAR_BINDING, memberOf: (negated) => (negated ? 'not in (' : 'in (') },
  lists: null,
  bins: null,
  quoteName,
  quoteText,
  typeName: declarationOf,
  literal,
  parameter: asItIs,
  comparesJson: false,
  nestsLists: false,
  maxStages: 0,
  refusal: () => 'in SQLite any column may hold values of any type',
  placedStages: null,
  sourceRefusal: () => null,
  orderRefusal: () => null,
  literalRefusal: () => null,
  sizedHint: (column) => `cast it in the SQL: cast(${column} as text), cast(${column} as real)`,
  columnOf,
  sourceColumn: (stored, { type }) => ({ sql: stored, type: columnType(type) }),
  wireOf: ({ type }) => usualWireType(columnType(type)),
  sentColumn: (column) => ({ sql: quoteName(column.name), column }),
  answered: asItIs,
  sent: asItIs,
  describedColumn: ({ name, type }) => ({ name, type: nativeType(declarationOf(type)) }),
  rowColumn: { name: 'row', type: nativeType(null, 'integer') },
  parameterType: () => nativeType(null),
  constantRows,
};
