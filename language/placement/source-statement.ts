/**
 * The statement for a database in which stages were placed: the users' SQL, the stages around it, and at its end the
 * columns exactly as they are declared, so that they leave the database as they would leave a worker, or as the worker
 * reads them. The order of the rows goes along: as ORDER BY where the rows are the answer, else as keys, by which the
 * worker orders once at its end.
 */
import type { UnjudgedSource } from '../../core/protocol/plan.ts';
import type { Column, DatabaseColumn } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { ResolvedQuery, ResolvedSql, ResolvedStageNode } from '../resolve/graph.ts';
import type { Relation } from '../select/relation.ts';
import { type Author, completed, type Statement, statementAround } from '../select/statement.ts';
import type { SortKey } from '../select/window-frame.ts';
import { mayFail } from '../source/facts.ts';
import { stageOf } from '../stages/kit/registry.ts';
import { mayRaise } from '../types/may-raise.ts';
import { valueType } from '../types/typed.ts';
import type { Placement } from './placement.ts';
import { sourceRelation } from './source-relation.ts';
import type { UsedColumns } from './used-columns.ts';

type PlacedSource = Omit<UnjudgedSource, 'connection'>;

/** What a source sends to the worker. */
export interface PlacedInput {
  readonly part: PlacedSource;
  /** The columns that stages see, some of them for the order only. */
  readonly entering: readonly Column[];
  /** The order of the rows; empty when they have none that a stage set. */
  readonly keys: readonly SortKey[];
}

/** Makes one statement. */
export class SourceStatement {
  readonly #dialect: SourceDialect;
  readonly #reads: ReadonlyMap<ResolvedQuery, number>;
  readonly #used: UsedColumns;
  readonly #relations = new Map<ResolvedQuery, Relation>();
  readonly #sqls: ResolvedSql[] = [];
  readonly #raising: Author[] = [];
  #statement: Statement | null = null;

  constructor(dialect: SourceDialect, reads: ReadonlyMap<ResolvedQuery, number>, used: UsedColumns) {
    this.#dialect = dialect;
    this.#reads = reads;
    this.#used = used;
  }

  /** All of a query: its rows are the answer. */
  answer(query: ResolvedQuery): PlacedSource {
    this.#begin(sqlsOf(query));
    const { columns } = query;
    const relation = this.#relation(query).project(columns.map(({ name }) => ({ name, as: name })));
    return this.#finish(relation, true);
  }

  /** A source with the stages that were placed, for the worker, which wants `wanted` after all of the stages. */
  input(source: ResolvedSql, { placed, rest, atMost }: Placement, wanted: ReadonlySet<string>): PlacedInput {
    this.#begin([source, ...placed.flatMap(({ sources }) => sources.flatMap(sqlsOf))]);
    const sent = rest.reduceRight(
      (after, { node, resolved }) => stageOf(node).columnsUsed(resolved, after),
      wanted,
    );
    const columns = placed.at(-1)?.resolved.columns ?? source.columns;
    const leaving = columns.filter(({ name }) => sent.has(name));
    const whole = this.#stages(this.#source(source), placed);
    const limited = atMost === null ? whole : whole.limit(atMost);
    const { relation, keys } = limited
      .project(leaving.map(({ name }) => ({ name, as: name })))
      .withOrderColumns();
    return { part: this.#finish(relation, false), entering: columnsOf(relation), keys };
  }

  #begin(sqls: readonly ResolvedSql[]): void {
    // One that several read stands in it once.
    const texts = [...new Set(sqls)].map(({ bound }) => bound);
    this.#statement = statementAround(this.#dialect, texts);
  }

  #relation(query: ResolvedQuery): Relation {
    const known = this.#relations.get(query);
    if (known !== undefined) return known;
    const { source, stages } = query;
    const input = source.kind === 'sql' ? this.#source(source) : this.#relation(source.query);
    const whole = this.#stages(input, stages);
    const relation = this.#reads.get(query)! > 1 ? whole.shared() : whole;
    this.#relations.set(query, relation);
    return relation;
  }

  #source(sql: ResolvedSql): Relation {
    this.#sqls.push(sql);
    const used = this.#used.ofSql.get(sql)!;
    const columns = sql.described.columns.filter(({ name }) => used.has(name));
    const author = { stage: { index: 0, name: 'source' }, span: sql.span };
    return sourceRelation(this.#statement!, this.#dialect, sql.bound, columns, author);
  }

  #stages(input: Relation, stages: readonly ResolvedStageNode[]): Relation {
    return stages.reduce((relation, { node, resolved, sources }) => {
      const { index, name, span } = node;
      const definition = stageOf(node);
      const author = { stage: { index, name }, span };
      if ((definition.computes?.(resolved) ?? []).some(mayRaise)) this.#raising.push(author);
      const sides = sources.map((side) => this.#relation(side).by(author));
      return definition.emit(resolved, relation.by(author), sides);
    }, input);
  }

  #finish(relation: Relation, answers: boolean): PlacedSource {
    const columns = columnsOf(relation);
    const dialect = this.#dialect;
    const leaving = relation.leaving((sql, { type }) =>
      answers ? dialect.answered(sql, valueType(type)) : dialect.sent(sql, valueType(type)),
    );
    const statement = this.#statement!;
    const { stageSegments, ...text } = completed(statement, leaving.finish(answers));
    const described = this.#sqls.map(({ bound, described: { columns: found } }) => ({
      sql: bound.sql,
      columns: found,
    }));
    return {
      ...text,
      ...describedBy(dialect, columns, answers),
      ...this.#parameters(statement),
      placed: {
        segments: stageSegments,
        raising: this.#raising.toSorted((a, b) => a.stage.index - b.stage.index),
        sourceMayFail: this.#sqls.some(({ bound }) => mayFail(bound.sql)),
        described,
      },
    };
  }

  /** Those of the users' SQL first, in the order of `$n`. */
  #parameters({ parameters }: Statement): Pick<UnjudgedSource, 'parameters' | 'parameterTypes'> {
    const types = this.#sqls.flatMap(({ described }) => described.parameterTypes);
    return {
      parameters: [
        ...this.#sqls.flatMap(({ bound }) => bound.parameters),
        ...parameters.map(({ name }) => name),
      ],
      parameterTypes: [...types, ...parameters.map(({ kind }) => this.#dialect.parameterType(kind))],
    };
  }
}

function columnsOf({ columns }: Relation): readonly Column[] {
  return columns.map(({ name, type }) => ({ name, type: valueType(type) }));
}

function sqlsOf({ source, stages }: ResolvedQuery): readonly ResolvedSql[] {
  const own = source.kind === 'sql' ? [source] : sqlsOf(source.query);
  return [...own, ...stages.flatMap(({ sources }) => sources.flatMap(sqlsOf))];
}

function describedBy(
  dialect: SourceDialect,
  columns: readonly Column[],
  answers: boolean,
): { columns: readonly Column[]; databaseColumns: readonly DatabaseColumn[] } {
  const { rowColumn } = dialect;
  if (columns.length === 0) return { columns: [dialect.columnOf(rowColumn)], databaseColumns: [rowColumn] };
  return { columns, databaseColumns: columns.map((column) => dialect.describedColumn(column, answers)) };
}
