/**
 * The statement for a database in which stages were placed: the user's SQL, the stages around it, and at its end the
 * columns exactly as they are declared, so that they leave the database as they would leave a worker, or as the worker
 * reads them. The order of the rows goes along: as ORDER BY where the rows are the answer, else as keys, by which the
 * worker orders once at its end.
 */
import { databaseType, INT4_OID, JSON_OID } from './dialects/postgres.ts';
import { declaredColumn, postgresParameterOid } from './dialects/postgres-sql.ts';
import { mayRaise } from './may-raise.ts';
import type { PlaceableStage, Placement } from './placement.ts';
import type { SourceDescription, SourcePlan } from './plan.ts';
import { postgresSource } from './postgres-source.ts';
import type { Relation } from './relation.ts';
import { mayFail } from './source-facts.ts';
import type { BoundSql } from './source-sql.ts';
import { type Author, completed, postgresStatement } from './statement.ts';
import { valueType } from './typed.ts';
import type { Column, ColumnType, DatabaseColumn } from './types.ts';
import type { SortKey } from './window-frame.ts';

export interface PlacedSource {
  readonly source: Omit<SourcePlan, 'connection'>;
  /** The columns that leave, some of them for the order only. */
  readonly columns: readonly Column[];
  /** The order of the rows, which the worker has to give them; empty when there is none, or no worker. */
  readonly keys: readonly SortKey[];
}

/** `used`: which of the source's columns; `leaving`: which leave; `answers`: are they the answer? */
export function planPlaced(
  bound: BoundSql,
  described: SourceDescription,
  { placed, atMost }: Placement,
  used: ReadonlySet<string>,
  leaving: readonly Column[],
  answers: boolean,
): PlacedSource {
  const statement = postgresStatement([bound.sql], bound.parameters.length);
  const columns = described.columns.filter(({ name }) => used.has(name));
  let relation = placed.reduce(add, postgresSource(statement, bound, columns));
  if (atMost !== null) relation = relation.limit(atMost);
  relation = relation.project(leaving.map(({ name }) => ({ name, as: name })));
  const { relation: sent, keys } = answers ? { relation, keys: [] } : relation.withOrderColumns();
  const sentColumns = sent.columns.map(({ name, type }) => ({ name, type: valueType(type) }));
  const leave = sent.leaving((sql, { type }) => leavingSql(sql, valueType(type), answers));
  const { stageSegments, ...text } = completed(statement, leave.finish(answers));
  const source = {
    ...text,
    ...describedBy(sentColumns, answers),
    parameters: [...bound.parameters, ...statement.parameters.map(({ name }) => name)],
    parameterOids: [
      ...described.parameterOids,
      ...statement.parameters.map(({ kind }) => postgresParameterOid(kind)),
    ],
    placed: {
      segments: stageSegments,
      raising: placed.filter(raises).map(authorOf),
      sourceMayFail: mayFail(bound.sql),
      described: [{ sql: bound.sql, columns: described.columns }],
    },
  };
  return { source, columns: source.columns, keys };
}

function add(relation: Relation, stage: PlaceableStage): Relation {
  return stage.definition.emit(stage.resolved, relation.by(authorOf(stage)));
}

function authorOf({ definition, index, span }: PlaceableStage): Author {
  return { stage: { index, name: definition.name }, span };
}

function raises({ definition, resolved }: PlaceableStage): boolean {
  return (definition.computes?.(resolved) ?? []).some(mayRaise);
}

/** Lists go to the worker as JSON arrays of their elements' text, as they do from the user's own SQL. */
function leavingSql(sql: string, type: ColumnType, answers: boolean): string {
  if (type.kind === 'list' && !answers) return `array_to_json(CAST(${sql} AS text[]))`;
  return declaredColumn(sql, type);
}

/** Sent when no column is used, so that rows can still be counted. */
const ROW: Column = { name: 'row', type: { kind: 'int64' } };

function describedBy(
  columns: readonly Column[],
  answers: boolean,
): { columns: readonly Column[]; databaseColumns: readonly DatabaseColumn[] } {
  if (columns.length === 0)
    return { columns: [ROW], databaseColumns: [{ name: ROW.name, typeOid: INT4_OID, typeModifier: -1 }] };
  const databaseColumns = columns.map(({ name, type }) => {
    const isText = type.kind === 'list' && !answers;
    return { name, ...(isText ? { typeOid: JSON_OID, typeModifier: -1 } : databaseType(type)) };
  });
  return { columns, databaseColumns };
}
