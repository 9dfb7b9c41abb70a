/**
 * `summary`: a profile, a row for each column. Everything is exact; the number of different values needs memory for
 * each of them, so that on many large columns it meets the engine's memory limit.
 */
import { type Column, type ColumnType, typeName } from '../../core/protocol/types.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, constantTexts, keepColumns, ownAggregate } from '../select/own-values.ts';
import type { NamedValue, Relation } from '../select/relation.ts';
import { FLOAT64, INT64, isNumeric, STRING } from '../types/rules.ts';
import type { StageDefinition } from './kit/stage.ts';
import { writtenOut } from './kit/stage-values.ts';

interface Resolved extends ResolvedStage {
  readonly profiled: readonly Column[];
}

interface Measure {
  readonly name: string;
  readonly type: ColumnType;
  /** The aggregate over a column's SQL; null: there is none for the type. */
  sql(column: Column, value: string): string | null;
}

const WITHOUT_EXTREMES: ReadonlySet<ColumnType['kind']> = new Set(['json', 'list', 'bytes']);

function extremeText({ type }: Column, extreme: string): string | null {
  return WITHOUT_EXTREMES.has(type.kind) ? null : writtenOut(extreme, type);
}

const MEASURES: readonly Measure[] = [
  { name: 'rows', type: INT64, sql: () => 'count(*)' },
  { name: 'nulls', type: INT64, sql: (_, a) => `(count(*) - count(${a}))` },
  {
    name: 'distinct',
    type: INT64,
    sql: ({ type }, a) => (type.kind === 'json' ? null : `count(DISTINCT ${a})`),
  },
  { name: 'min', type: STRING, sql: (column, a) => extremeText(column, `min(${a})`) },
  { name: 'max', type: STRING, sql: (column, a) => extremeText(column, `max(${a})`) },
  {
    name: 'mean',
    type: FLOAT64,
    // Whole numbers are added up exactly: as floats, great ones that cancel out would leave what their order makes of them.
    sql: ({ type }, a) =>
      isNumeric(type) ? `avg(${type.kind === 'int64' ? a : `CAST(${a} AS DOUBLE)`})` : null,
  },
];

/** One aggregate for each measure: the list of its values for all columns. */
function profile(relation: Relation, columns: readonly Column[]): Relation {
  const args = columns.map(columnValue);
  const lists = MEASURES.map(({ name, type, sql }): NamedValue => {
    const value = ownAggregate({ kind: 'list', of: type }, args, (values) => {
      const none = `CAST(NULL AS ${relation.dialect.typeName(type)})`;
      return relation.lists.of(columns.map((column, index) => sql(column, values[index]!) ?? none));
    });
    return { name, value };
  });
  return relation.aggregate([], lists);
}

export const stage: StageDefinition<null, Resolved> = {
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
  }),
  columnsUsed: ({ profiled }) => new Set(profiled.map(({ name }) => name)),
  emit({ columns, profiled }, relation) {
    return profile(relation, profiled)
      .unnest([
        {
          name: 'column',
          value: constantTexts(
            profiled.map(({ name }) => name),
            relation,
          ),
        },
        {
          name: 'type',
          value: constantTexts(
            profiled.map(({ type }) => typeName(type)),
            relation,
          ),
        },
        ...MEASURES.map(({ name, type }) => ({
          name,
          value: columnValue({ name, type: { kind: 'list', of: type } }),
        })),
      ])
      .project(keepColumns(columns));
  },
  exactIn: () => ({
    exact: false,
    why: 'the texts of least and greatest values are written by the stage engine',
  }),
};
