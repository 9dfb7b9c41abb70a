/**
 * MariaDB as a source of rows. No stage is placed in it yet: its comparisons of text follow collations, its arithmetic rounds to
 * other scales, and its sorts put nulls elsewhere, so that each has to be shown exact before it may be.
 */

import type { Column, ColumnType } from '../../../core/protocol/types.ts';
import { usualWireType } from '../../../core/protocol/wire-rows.ts';
import { decimalSize } from '../../types/rules.ts';
import { DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, Literal, SourceDialect } from '../dialect.ts';
import { MARIADB_LEXICAL } from './lexical.ts';
import { columnOf, columnType, FIELD, nativeType, TEXT_TYPE } from './types.ts';

const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const quoteText = (text: string): string => `'${text.replace(/['\\]/g, '$&$&')}'`;

/** Names of types that a CAST takes. */
function typeName(type: ColumnType): string {
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
      return 'char';
  }
}

const castTo = (sql: string, type: ColumnType): string => `CAST(${sql} AS ${typeName(type)})`;

function literal({ value }: Literal): string {
  if (value === null) return 'NULL';
  return typeof value === 'boolean' ? String(value) : quoteText(value);
}

function constant(value: ConstantCell): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

function constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string {
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const selects = rows.map((row, place) => `select ${[place, ...row].map(constant).join(', ')}`);
  return `with t (place, ${names}) as (\n${selects.join('\nunion all\n')}\n)\nselect ${names} from t order by place`;
}

export const MARIADB: SourceDialect = {
  name: 'mariadb',
  title: 'MariaDB',
  tablesSql:
    'select table_name as name from information_schema.tables where table_schema = database() order by 1',
  wrapsSources: false,
  traits: {
    keepsArrivalOrder: false,
    testsFiltersInOrder: false,
    computesArgumentsBeforeFilter: false,
    fence: 'LIMIT 18446744073709551615',
    codePointOrder: ' COLLATE utf8mb4_nopad_bin',
  },
  lexical: MARIADB_LEXICAL,
  // MariaDB binds with `?` by its place, which the connector writes for each `$n`. No list is bound: the connector says so.
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
  refusal: () => 'stages over MariaDB run in a worker',
  textRefusal: () => null,
  sizedHint: (column) =>
    `cast it in the SQL: cast(${column} as decimal(38,10)), cast(${column} as char), cast(${column} as double)`,
  columnOf,
  sourceColumn: (stored, { type }) => ({ sql: stored, type: columnType(type) }),
  wireOf: ({ type }) => usualWireType(columnType(type)),
  sentColumn: (column) => ({ sql: quoteName(column.name), column }),
  answered: castTo,
  sent: castTo,
  describedColumn: ({ name }) => ({ name, type: TEXT_TYPE }),
  rowColumn: { name: 'row', type: nativeType({ field: FIELD.long }) },
  parameterType: () => TEXT_TYPE,
  constantRows,
};
