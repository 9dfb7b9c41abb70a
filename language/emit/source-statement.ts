/**
 * The statement for a database in which stages were placed: the users' SQL, the stages around it, and at its end the
 * columns exactly as they are declared, so that they leave the database as they would leave a worker, or as the worker
 * reads them. The order of the rows goes along: as ORDER BY where the rows are the answer, else as keys, by which the
 * worker orders once at its end.
 */
import type { UnjudgedSource } from '../../core/protocol/plan.ts';
import type { Column, DatabaseColumn } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { PlacedGraph, PlacedRun, PlacedSource, PlacedStage } from '../placement/placed-graph.ts';
import type { ResolvedSql } from '../resolve/graph.ts';
import type { Relation } from '../select/relation.ts';
import { type Author, completed, type Statement, statementAround } from '../select/statement.ts';
import type { SortKey } from '../select/window-frame.ts';
import { mayFail } from '../source/facts.ts';
import { stageOf } from '../stages/kit/registry.ts';
import { mayRaise } from '../types/may-raise.ts';
import { valueType } from '../types/typed.ts';
import { sourceRelation } from './source-relation.ts';

type SourcePart = Omit<UnjudgedSource, 'connection'>;

/** The rows that a source sends to the next engine. */
export interface SentInput {
  readonly part: SourcePart;
  /** The columns that stages see, some of them for the order only. */
  readonly entering: readonly Column[];
  /** The order of the rows; empty when they have none that a stage set. */
  readonly keys: readonly SortKey[];
}

/** Makes one statement. */
export class SourceStatement {
  readonly #graph: PlacedGraph;
  readonly #dialect: SourceDialect;
  readonly #relations = new Map<number, Relation>();
  readonly #sqls: ResolvedSql[] = [];
  readonly #raising: Author[] = [];
  #statement: Statement | null = null;

  constructor(graph: PlacedGraph, dialect: SourceDialect) {
    this.#graph = graph;
    this.#dialect = dialect;
  }

  /** All of the query: its rows are the answer. */
  answer(): SourcePart {
    const { queries, root } = this.#graph;
    this.#begin(sqlsOf(this.#graph, [root]));
    const { columns } = queries[root]!;
    const relation = this.#relation(root).project(columns.map(({ name }) => ({ name, as: name })));
    return this.#finish(relation, true);
  }

  /** A source with a run of stages, for the next engine. */
  input(base: PlacedSource, { stages, sent }: PlacedRun): SentInput {
    this.#begin([
      base.sql,
      ...sqlsOf(
        this.#graph,
        stages.flatMap(({ sources }) => sources),
      ),
    ]);
    const { columns, atMost } = sent!; // only the last run sends nothing on
    const whole = this.#stages(this.#source(base), stages);
    const limited = atMost === null ? whole : whole.limit(atMost);
    const { relation, keys } = limited
      .project(columns.map(({ name }) => ({ name, as: name })))
      .withOrderColumns();
    return { part: this.#finish(relation, false), entering: columnsOf(relation), keys };
  }

  #begin(sqls: readonly ResolvedSql[]): void {
    const texts = sqls.map(({ bound }) => bound);
    this.#statement = statementAround(this.#dialect, texts);
  }

  #relation(number: number): Relation {
    const known = this.#relations.get(number);
    if (known !== undefined) return known;
    const { base, runs, shared } = this.#graph.queries[number]!;
    const input = base.kind === 'sql' ? this.#source(base) : this.#relation(base.query);
    const whole = runs.reduce((relation, { stages }) => this.#stages(relation, stages), input);
    const relation = shared ? whole.shared() : whole;
    this.#relations.set(number, relation);
    return relation;
  }

  #source({ sql, used }: PlacedSource): Relation {
    this.#sqls.push(sql);
    const columns = sql.described.columns.filter(({ name }) => used.includes(name));
    const author = { stage: { index: 0, name: 'source' }, span: sql.span };
    return sourceRelation(this.#statement!, this.#dialect, sql.bound, columns, author);
  }

  #stages(input: Relation, stages: readonly PlacedStage[]): Relation {
    return stages.reduce((relation, { node, resolved, sources }) => {
      const { index, name, span } = node;
      const definition = stageOf(node);
      const author = { stage: { index, name }, span };
      if ((definition.computes?.(resolved) ?? []).some(mayRaise)) this.#raising.push(author);
      const sides = sources.map((side) => this.#relation(side).by(author));
      return definition.emit(resolved, relation.by(author), sides);
    }, input);
  }

  #finish(relation: Relation, answers: boolean): SourcePart {
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
        sourceMayFail: this.#sqls.some(({ bound }) => mayFail(bound.sql, this.#dialect.lexical)),
        described,
      },
    };
  }

  /** Returns the names and types of the bound values in the order of `$n`: those of the users' SQL come first. */
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

/** The users' SQL that these queries begin with and read, each once. */
function sqlsOf({ queries }: PlacedGraph, numbers: readonly number[]): readonly ResolvedSql[] {
  const found = new Set<ResolvedSql>();
  const seen = new Set<number>();
  const visit = (number: number): void => {
    if (seen.has(number)) return;
    seen.add(number);
    const { base, runs } = queries[number]!;
    if (base.kind === 'sql') found.add(base.sql);
    else visit(base.query);
    for (const { stages } of runs) for (const { sources } of stages) sources.forEach(visit);
  };
  numbers.forEach(visit);
  return [...found];
}

/** The source that a query begins with, whatever it reads. */
export function firstSource(graph: PlacedGraph, number: number): PlacedSource {
  const { base } = graph.queries[number]!;
  return base.kind === 'sql' ? base : firstSource(graph, base.query);
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
