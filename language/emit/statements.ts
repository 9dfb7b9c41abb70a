/**
 * The statements of a placed query: one for each source, and that of the last engine over all that they send. When a
 * source makes the answer there is one statement and no worker.
 */
import type {
  PlanRequest,
  ScanSql,
  UnjudgedSource,
  WorkerInput,
  WorkerPlan,
} from '../../core/protocol/plan.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { STAGE_ENGINE, sourceDialect } from '../dialects/registry.ts';
import type { PlacedGraph, PlacedRun, PlacedSource } from '../placement/placed-graph.ts';
import { Relation } from '../select/relation.ts';
import { Statement } from '../select/statement.ts';
import { renumbered } from '../source/sql.ts';
import { stageOf } from '../stages/kit/registry.ts';
import { fetchSource } from './fetch-source.ts';
import { inputColumns } from './input-columns.ts';
import { scanOf } from './scan.ts';
import { firstSource, SourceStatement } from './source-statement.ts';

export interface Statements {
  readonly sources: readonly UnjudgedSource[];
  /** The plan of the worker; null: the only source makes the answer. */
  readonly worker: WorkerPlan | null;
}

/** The kinds of the query's parameters, by name. */
export type Kinds = PlanRequest['parameters'];

export function emit(graph: PlacedGraph, kinds: Kinds): Statements {
  if (graph.answers === graph.engines.at(-1)) return new StageStatement(graph, kinds).finish();
  const { connection, dialect } = firstSource(graph, graph.root).sql;
  const source = new SourceStatement(graph, sourceDialect(dialect)).answer();
  return { sources: [{ connection, ...source }], worker: null };
}

/** A source on its way into the stage engine. */
interface Entering {
  readonly dialect: SourceDialect;
  readonly part: UnjudgedSource;
  /** null: a SQL worker sends its rows. */
  readonly scan: ScanSql | null;
}

/** Makes the statement of the stage engine, and those of the sources that it reads. */
class StageStatement {
  readonly #graph: PlacedGraph;
  readonly #kinds: Kinds;
  readonly #statement = new Statement(STAGE_ENGINE);
  readonly #relations = new Map<number, Relation>();
  readonly #sources: Entering[] = [];

  constructor(graph: PlacedGraph, kinds: Kinds) {
    this.#graph = graph;
    this.#kinds = kinds;
  }

  finish(): Statements {
    const { queries, root } = this.#graph;
    const { columns } = queries[root]!;
    const answer = this.#relation(root).project(columns.map(({ name }) => ({ name, as: name })));
    const sql = answer.finish();
    const { parameters } = this.#statement;
    const inputs = this.#sources.map(({ dialect, part, scan }, index): WorkerInput => {
      const name = inputName(index);
      const scans = this.#statement.readsOf(name);
      return { name, columns: inputColumns(dialect, part), scans, ...(scan !== null && { scan }) };
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
      if (dialect.scanned) return this.#scanned(base, input);
      const part = { connection, ...fetchSource(dialect, bound, described, used) };
      this.#sources.push({ dialect, part, scan: null });
      const sent = columns.filter((column) => used.has(column.name));
      return Relation.input(this.#statement, input, sent);
    }
    const { part, entering, keys } = new SourceStatement(this.#graph, dialect).input(base, run);
    this.#sources.push({ dialect, part: { connection, ...part }, scan: null });
    return Relation.input(this.#statement, input, entering, keys);
  }

  /** Files, which the engine reads itself. */
  #scanned({ sql, used }: PlacedSource, input: string): Relation {
    const { connection, described, columns, dialect: name } = sql;
    const dialect = sourceDialect(name);
    const { parameters } = this.#statement;
    const bound = renumbered(sql.bound, parameters.length, dialect.binding);
    parameters.push(...bound.parameters.map((each) => ({ name: each, kind: this.#kinds[each]! })));
    const wanted = new Set(used);
    const part = { connection, ...fetchSource(dialect, bound, described, wanted) };
    this.#sources.push({ dialect, part, scan: scanOf(part, bound, described, sql.views) });
    return Relation.input(
      this.#statement,
      input,
      columns.filter((column) => wanted.has(column.name)),
    );
  }
}

function inputName(index: number): string {
  return index === 0 ? 'input' : `input${index + 1}`;
}
