/**
 * The statements of a placed query: one for each source, and that of the last engine over all that they send. When a
 * source makes the answer there is one statement and no worker.
 */
import type { UnjudgedSource, WorkerInput, WorkerPlan } from '../../core/protocol/plan.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { STAGE_ENGINE, sourceDialect } from '../dialects/registry.ts';
import type { PlacedGraph, PlacedRun, PlacedSource } from '../placement/placed-graph.ts';
import { Relation } from '../select/relation.ts';
import { Statement } from '../select/statement.ts';
import { stageOf } from '../stages/kit/registry.ts';
import { fetchSource } from './fetch-source.ts';
import { inputColumns } from './input-columns.ts';
import { firstSource, SourceStatement } from './source-statement.ts';

export interface Statements {
  readonly sources: readonly UnjudgedSource[];
  /** The plan of the worker; null: the only source makes the answer. */
  readonly worker: WorkerPlan | null;
}

export function emit(graph: PlacedGraph): Statements {
  if (graph.answers === graph.engines.at(-1)) return new StageStatement(graph).finish();
  const { connection, dialect } = firstSource(graph, graph.root).sql;
  const source = new SourceStatement(graph, sourceDialect(dialect)).answer();
  return { sources: [{ connection, ...source }], worker: null };
}

/** Makes the statement of the stage engine, and those of the sources that it reads. */
class StageStatement {
  readonly #graph: PlacedGraph;
  readonly #statement = new Statement(STAGE_ENGINE);
  readonly #relations = new Map<number, Relation>();
  readonly #sources: { readonly dialect: SourceDialect; readonly part: UnjudgedSource }[] = [];

  constructor(graph: PlacedGraph) {
    this.#graph = graph;
  }

  finish(): Statements {
    const { queries, root } = this.#graph;
    const { columns } = queries[root]!;
    const answer = this.#relation(root).project(columns.map(({ name }) => ({ name, as: name })));
    const sql = answer.finish();
    const { parameters } = this.#statement;
    const inputs = this.#sources.map(({ dialect, part }, index): WorkerInput => {
      const name = inputName(index);
      return { name, columns: inputColumns(dialect, part), scans: this.#statement.readsOf(name) };
    });
    const runsUserSql = queries.some(({ runs }) =>
      runs.some(({ stages }) => stages.some(({ node }) => stageOf(node).runsUserSql === true)),
    );
    const sources = this.#sources.map(({ part }) => part);
    return { sources, worker: { sql, parameters, inputs, runsUserSql } };
  }

  #relation(number: number): Relation {
    const known = this.#relations.get(number);
    if (known !== undefined) return known;
    const { base, runs, shared } = this.#graph.queries[number]!;
    const last = runs.at(-1)!;
    const input = base.kind === 'query' ? this.#relation(base.query) : this.#fetched(base, runs.slice(0, -1));
    const whole = this.#stages(input, last);
    const relation = shared ? whole.shared() : whole;
    this.#relations.set(number, relation);
    return relation;
  }

  #stages(input: Relation, { stages }: PlacedRun): Relation {
    let relation = input;
    for (const { node, resolved, sources } of stages) {
      const sides = sources.map((side) => this.#relation(side));
      relation = stageOf(node).emit(resolved, relation, sides);
    }
    return relation;
  }

  /** The rows of a source, after the stages that its database computes. */
  #fetched(base: PlacedSource, [run]: readonly PlacedRun[]): Relation {
    const { connection, bound, described, columns, dialect: name } = base.sql;
    const dialect = sourceDialect(name);
    const input = inputName(this.#sources.length);
    if (run === undefined) {
      const used = new Set(base.used);
      const part = { connection, ...fetchSource(dialect, bound, described, used) };
      this.#sources.push({ dialect, part });
      const sent = columns.filter((column) => used.has(column.name));
      return Relation.input(this.#statement, input, sent);
    }
    const { part, entering, keys } = new SourceStatement(this.#graph, dialect).input(base, run);
    this.#sources.push({ dialect, part: { connection, ...part } });
    return Relation.input(this.#statement, input, entering, keys);
  }
}

function inputName(index: number): string {
  return index === 0 ? 'input' : `input${index + 1}`;
}
