/**
 * `summary`: a profile, a row for each column. Everything is exact; the number of different values needs memory for
 * each of them, so that on many large columns it meets the engine's memory limit.
 */
import { type Column, type ColumnType, typeName } from '../../core/protocol/types.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, constantTexts, keepColumns, ownAggregate } from '../select/own-values.ts';
import type { NamedValue, Relation } from '../select/relation.ts';
import { FLOAT64, INT64, STRING } from '../types/rules.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly profiled: readonly Column[];
}

interface Measure {
  readonly name: 'rows' | 'nulls' | 'distinct' | 'min' | 'max' | 'mean';
  readonly type: ColumnType;
}

/** The aggregates of each column. */
const MEASURES: readonly Measure[] = [
  { name: 'rows', type: INT64 },
  { name: 'nulls', type: INT64 },
  { name: 'distinct', type: INT64 },
  { name: 'min', type: STRING },
  { name: 'max', type: STRING },
  { name: 'mean', type: FLOAT64 },
];

/** Computes one aggregate for each measure: the list of the measure's values for all columns. */
function profile(relation: Relation, columns: readonly Column[]): Relation {
  const args = columns.map(columnValue);
  const lists = MEASURES.map(({ name, type }): NamedValue => {
    return { name, value: ownAggregate({ kind: 'list', of: type }, args, 'own/measures', [name]) };
  });
  return relation.aggregate([], lists);
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
  }),
  columnsUsed: ({ profiled }) => new Set(profiled.map(({ name }) => name)),
  emit({ columns, profiled }, relation) {
    return profile(relation, profiled)
      .unnest([
        { name: 'column', value: constantTexts(profiled.map(({ name }) => name)) },
        { name: 'type', value: constantTexts(profiled.map(({ type }) => typeName(type))) },
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
