/**
 * `summary`: a profile, a row for each column. Everything is exact; the number of different values needs memory for
 * each of them, so that on many large columns it meets the engine's memory limit.
 */
import { type Column, type ColumnType, typeName } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import {
  columnValue,
  constantTexts,
  countRows,
  keepColumns,
  listOfValues,
  ownAggregate,
  ownCall,
} from '../select/own-values.ts';
import type { NamedValue, Relation } from '../select/relation.ts';
import { FLOAT64, INT64, isNumeric, STRING } from '../types/rules.ts';
import { type Typed, valueType } from '../types/typed.ts';
import { exactAll, exactColumns } from './kit/exactness.ts';
import type { Exactness, StageDefinition } from './kit/stage.ts';
import { textOf } from './kit/stage-values.ts';

interface Resolved extends ResolvedStage {
  readonly profiled: readonly Column[];
  /** One stage measures, and one writes texts, where a database does the former and the stage engine the latter. */
  readonly part: 'whole' | 'measured' | 'written';
}

/** The figure that a column of the answer gives of each column that is profiled. */
interface Measure {
  readonly name: 'rows' | 'nulls' | 'distinct' | 'min' | 'max' | 'mean';
  readonly type: ColumnType;
  /** The aggregate over a column; null: there is none for its type. */
  of(column: Column): Typed | null;
}

const MEASURES: readonly Measure[] = [
  { name: 'rows', type: INT64, of: countRows },
  { name: 'nulls', type: INT64, of: countNulls },
  { name: 'distinct', type: INT64, of: countDifferent },
  { name: 'min', type: STRING, of: (column) => extreme('min', column) },
  { name: 'max', type: STRING, of: (column) => extreme('max', column) },
  { name: 'mean', type: FLOAT64, of: mean },
];

const WITHOUT_EXTREMES: ReadonlySet<ColumnType['kind']> = new Set(['json', 'list', 'bytes']);

function countNulls(column: Column): Typed {
  const values = ownAggregate(INT64, [columnValue(column)], 'count');
  return ownCall(INT64, [countRows(), values], '-/int64');
}

function countDifferent(column: Column): Typed | null {
  return column.type.kind === 'json' ? null : ownAggregate(INT64, [columnValue(column)], 'dc');
}

function extreme(name: 'min' | 'max', column: Column): Typed | null {
  if (WITHOUT_EXTREMES.has(column.type.kind)) return null;
  // Texts of uuids have the order of uuids, of which not every database has a least one.
  const value = column.type.kind === 'uuid' ? textOf(columnValue(column)) : columnValue(column);
  return ownAggregate(value.type, [value], name);
}

/** Numbers that are exact are added up exactly: as floats, great ones that cancel out would leave what their order makes of them. */
function mean(column: Column): Typed | null {
  if (!isNumeric(column.type)) return null;
  const key = column.type.kind === 'float64' ? 'own/mean of floats' : 'avg/exact';
  return ownAggregate(FLOAT64, [columnValue(column)], key);
}

interface Measured {
  readonly column: Column;
  readonly measure: Measure;
  /** The value, and the name that it has between measuring and writing. */
  readonly value: Typed;
  readonly name: string;
}

function measuredOf(profiled: readonly Column[]): readonly Measured[] {
  return profiled.flatMap((column, at) =>
    MEASURES.flatMap((measure) => {
      const value = measure.of(column);
      return value === null ? [] : [{ column, measure, value, name: `${measure.name}_${at + 1}` }];
    }),
  );
}

function measuredColumns(profiled: readonly Column[]): readonly Column[] {
  return measuredOf(profiled).map(({ name, value }) => ({ name, type: valueType(value.type) }));
}

/** One row, with a column for each measure of each column. */
function measured(relation: Relation, profiled: readonly Column[]): Relation {
  return relation.aggregate([], measuredOf(profiled));
}

/** Makes a row for each column of what was measured. */
function written(row: Relation, { columns, profiled }: Resolved): Relation {
  const found = measuredOf(profiled);
  const lists = MEASURES.map((measure): NamedValue => {
    const values = profiled.map((column) => {
      const made = found.find((each) => each.column === column && each.measure === measure);
      return made === undefined ? nothing(measure.type) : shownValue(made);
    });
    return { name: measure.name, value: listOfValues(values, measure.type) };
  });
  return row
    .unnest([
      { name: 'column', value: constantTexts(profiled.map(({ name }) => name)) },
      { name: 'type', value: constantTexts(profiled.map(({ type }) => typeName(type))) },
      ...lists,
    ])
    .project(keepColumns(columns));
}

function shownValue({ name, measure, value }: Measured): Typed {
  const raw = columnValue({ name, type: valueType(value.type) });
  return measure.type.kind === 'string' && value.type.kind !== 'string' ? textOf(raw) : raw;
}

function nothing(type: ColumnType): Typed {
  return { kind: 'literal', value: null, type, span: { start: 0, end: 0 } };
}

function isMeasured({ profiled }: Resolved, dialect: SourceDialect): Exactness {
  const { title } = dialect;
  const refusal = dialect.refusal(measuredColumns(profiled));
  if (refusal !== null) return { exact: false, why: refusal };
  const verdicts = MEASURES.map(({ of }) =>
    exactColumns(
      profiled.filter((column) => of(column) !== null),
      (column) => of(column)!,
      dialect,
      (column) => `${column}, whose different, least or greatest values ${title} finds otherwise`,
    ),
  );
  return exactAll(verdicts);
}

function isWritten({ profiled }: Resolved, dialect: SourceDialect): Exactness {
  if (dialect.lists === null) return { exact: false, why: `${dialect.title} has no lists` };
  const shown = measuredOf(profiled).filter(({ measure }) => measure.type.kind === 'string');
  return exactColumns(
    shown.map(({ column }) => column),
    (column) => textOf(columnValue(column)),
    dialect,
    (column) => `${column}, whose text ${dialect.title} writes otherwise`,
  );
}

function split(resolved: Resolved, dialect: SourceDialect): readonly [Resolved, Resolved] | null {
  if (!isMeasured(resolved, dialect).exact) return null;
  const columns = measuredColumns(resolved.profiled);
  return [
    { ...resolved, columns, part: 'measured' },
    { ...resolved, part: 'written' },
  ];
}

/** The parsed arguments of the stage. */
export type Syntax = null;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'summary',
  aliases: [],
  docs: {
    syntax: 'summary',
    summary:
      'A profile of the rows, a row for each column: `column`, `type`, `rows`, `nulls`, `distinct`, `min`, `max`, `mean`.',
    notes:
      '`distinct` is exact and leaves out null, as `min`, `max` and `mean` do; `min` and `max` are text, `mean` is null where there is none.',
    examples: [{ text: 'where delay > 0 | summary', summary: 'what is in the rows' }],
  },
  parse(cursor) {
    if (!cursor.atStageEnd())
      cursor.refuse(
        '`summary` takes nothing: it is about all columns',
        'choose them before: `fields a, b | summary`',
      );
    return null;
  },
  resolve: (_, input) => ({
    columns: [
      { name: 'column', type: STRING },
      { name: 'type', type: STRING },
      ...MEASURES.map(({ name, type }) => ({ name, type })),
    ],
    profiled: input.columns,
    part: 'whole',
  }),
  columnsUsed: ({ profiled, part }) =>
    new Set((part === 'written' ? measuredOf(profiled) : profiled).map(({ name }) => name)),
  emit(resolved, relation) {
    const { profiled, part } = resolved;
    const row = part === 'written' ? relation : measured(relation, profiled);
    return part === 'measured' ? row : written(row, resolved);
  },
  exactIn: (resolved, dialect) => exactAll([isMeasured(resolved, dialect), isWritten(resolved, dialect)]),
  split,
};
