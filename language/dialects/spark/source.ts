/** Spark as a source of rows. No stage is placed in it yet: every one runs in the stage engine, over the rows that Spark sends. */
import type { Column } from '../../../core/protocol/types.ts';
import { usualWireType } from '../../../core/protocol/wire-rows.ts';
import { DOLLAR_BINDING } from '../binding.ts';
import type { ConstantCell, SentColumn, SourceDialect } from '../dialect.ts';
import { SPARK_BINS } from './bins.ts';
import { SPARK_LEXICAL } from './lexical.ts';
import {
  canonical,
  castTo,
  literal,
  literalRefusal,
  quoteName,
  quoteText,
  refusal,
  sentSql,
  sourceRefusal,
  typeName,
} from './sql.ts';
import { columnOf, columnType, isText, nativeType, sentType, sparkType, sparkTypeOf } from './types.ts';

/** Stages that Spark should compute exactly; none is placed before the oracles of functions and of kinds have shown it (`maxStages`). */
const PLACED_STAGES: ReadonlySet<string> = new Set(
  'where eval fields rename case head sort stats distinct dropna fillna cast top rare eventstats streamstats union join pivot dedup tail timechart'.split(
    ' ',
  ),
);

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
  const text = { name, type: nativeType(sparkType('string')) };
  return { sql: sentSql(column), column: isText(sparkTypeOf(type)) ? text : column };
}

/** Counts and choices may have narrower types in Spark than ours. */
const leaving: SourceDialect['sent'] = (sql, type) =>
  ['int64', 'float64', 'decimal'].includes(type.kind) ? castTo(sql, type) : sql;

export const SPARK: SourceDialect = {
  name: 'spark',
  title: 'Spark',
  tablesSql: '',
  scanned: false,
  wrapsSources: true,
  traits: {
    keepsArrivalOrder: false,
    computesConstantsFirst: false,
    testsFiltersInOrder: false,
    computesArgumentsBeforeFilter: true,
    arrivalNumber: 'monotonically_increasing_id()',
    fence: '',
    codePointOrder: '',
    placesNulls: true,
    limitsByNumbers: false,
    limitType: 'int',
    numbersByOrder: true,
    materialized: '',
  },
  lexical: SPARK_LEXICAL,
  binding: { ...DOLLAR_BINDING, memberOf: (negated) => (negated ? 'not in (' : 'in (') },
  lists: null,
  bins: SPARK_BINS,
  quoteName,
  quoteText,
  typeName,
  literal,
  parameter: castTo,
  comparesJson: false,
  nestsLists: false,
  maxStages: 20,
  placedStages: PLACED_STAGES,
  sourceRefusal: (_sql, columns, isOrdered) => sourceRefusal(columns, isOrdered),
  orderRefusal: () => null,
  literalRefusal,
  refusal,
  sizedHint: (column) => `cast it in the SQL: cast(${column} as decimal(38,10)), cast(${column} as double)`,
  columnOf,
  sourceColumn(stored, { type }) {
    const ours = columnType(type);
    return { sql: canonical(stored, sparkTypeOf(type), ours), type: ours };
  },
  wireOf: ({ type }) => usualWireType(columnType(type)),
  sentColumn,
  answered: leaving,
  sent: leaving,
  describedColumn: ({ name, type }) => ({ name, type: nativeType(sentType(type)) }),
  rowColumn: { name: 'row', type: nativeType(sparkType('integer')) },
  parameterType: () => nativeType(sparkType('string')),
  constantRows,
};
