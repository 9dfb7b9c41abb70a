/**
 * MariaDB as a source of rows, and of stages that it computes as the stage engine does: what the oracle has shown
 * (test/oracle/), and nothing else. MariaDB forgets the ORDER BY of a query inside of another, so that SQL with an order is sent as
 * it is, and no stage around it is placed.
 */
import type { Column, DatabaseColumn } from '../../../core/protocol/types.ts';
import { usualWireType } from '../../../core/protocol/wire-rows.ts';
import { DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, SourceDialect } from '../dialect.ts';
import { MARIADB_LEXICAL } from './lexical.ts';
import {
  CODE_POINTS,
  canonical,
  castName,
  castTo,
  literal,
  literalRefusal,
  quoteName,
  quoteText,
  unusable,
} from './sql.ts';
import { columnOf, columnType, FIELD, mariadbTypeOf, nativeType, sentType, TEXT_TYPE } from './types.ts';

/** The stages that were shown to be the same in MariaDB. */
const PLACED_STAGES: ReadonlySet<string> = new Set(
  'where eval fields rename case head sort stats distinct dropna fillna cast'.split(' '),
);
const MOST_NAME = 64;

function constant(value: ConstantCell): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

function constantRows(columns: readonly Column[], rows: readonly (readonly ConstantCell[])[]): string {
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const selects = rows.map((row, place) => `select ${[place, ...row].map(constant).join(', ')}`);
  return `with t (place, ${names}) as (\n${selects.join('\nunion all\n')}\n)\nselect ${names} from t order by place`;
}

/** MariaDB compares names without case and accents, and keeps 64 characters, none beyond U+FFFF, no blank at the end. */
function refusal(columns: readonly Column[]): string | null {
  const odd = columns.find(({ name }) => name.length > MOST_NAME || /[\ud800-\udfff\0]| $/.test(name));
  if (odd !== undefined) return `MariaDB has no column of the name \`${odd.name}\``;
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    const folded = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
    const other = seen.get(folded) ?? name;
    if (other !== name) return `MariaDB takes the names \`${other}\` and \`${name}\` for the same`;
    seen.set(folded, name);
  }
  return null;
}

function sourceRefusal(sql: string, columns: readonly DatabaseColumn[], isOrdered: boolean): string | null {
  if (isOrdered) return 'MariaDB forgets the order of SQL inside of other SQL';
  // Rows of a UNION that is sent as it is come at once, and `head` ends it.
  if (/\b(?:union|except|intersect)\b/i.test(sql))
    return 'MariaDB sets all rows of a UNION aside before a stage sees the first';
  for (const { name, type } of columns) {
    const why = unusable(mariadbTypeOf(type));
    if (why !== null) return `\`${name}\`: ${why}`;
  }
  return null;
}

function orderRefusal(keys: readonly Column[]): string | null {
  const text = keys.find(({ type }) => ['string', 'bytes'].includes(type.kind));
  return text === undefined ? null : `\`${text.name}\`: MariaDB orders texts by their first 1,024 bytes only`;
}

/** A value as it leaves: its type tells the connector how to read it, so that only numbers are cast. */
const leaving: SourceDialect['sent'] = (sql, type) =>
  ['int64', 'bool', 'float64', 'decimal'].includes(type.kind) ? castTo(sql, type) : sql;

export const MARIADB: SourceDialect = {
  name: 'mariadb',
  title: 'MariaDB',
  tablesSql:
    'select table_name as name from information_schema.tables where table_schema = database() order by 1',
  scanned: false,
  wrapsSources: false,
  traits: {
    keepsArrivalOrder: false,
    computesConstantsFirst: false,
    testsFiltersInOrder: false,
    computesArgumentsBeforeFilter: false,
    arrivalNumber: 'row_number() OVER ()',
    fence: 'LIMIT 18446744073709551615',
    codePointOrder: ` ${CODE_POINTS}`,
    placesNulls: false,
    limitsByNumbers: true,
    limitType: null,
    numbersByOrder: false,
    materialized: '',
  },
  lexical: MARIADB_LEXICAL,
  // MariaDB binds with `?` by its place, which the connector writes for each `$n`. No list is bound: the connector says so.
  binding: { ...DOLLAR_BINDING, memberOf: (negated) => (negated ? 'not in (' : 'in (') },
  lists: null,
  bins: null,
  quoteName,
  quoteText,
  typeName: castName,
  literal,
  parameter: castTo,
  comparesJson: false,
  nestsLists: false,
  maxStages: 20,
  placedStages: PLACED_STAGES,
  sourceRefusal,
  orderRefusal,
  refusal,
  literalRefusal,
  sizedHint: (column) =>
    `cast it in the SQL: cast(${column} as decimal(38,10)), cast(${column} as char), cast(${column} as double)`,
  columnOf,
  sourceColumn(stored, { type }) {
    const ours = columnType(type);
    return { sql: canonical(stored, mariadbTypeOf(type), ours), type: ours };
  },
  wireOf: ({ type }) => usualWireType(columnType(type)),
  sentColumn: (column) => ({ sql: quoteName(column.name), column }),
  answered: leaving,
  sent: leaving,
  describedColumn: ({ name, type }) => ({ name, type: sentType(type) }),
  rowColumn: { name: 'row', type: nativeType({ field: FIELD.long }) },
  parameterType: () => TEXT_TYPE,
  constantRows,
};
