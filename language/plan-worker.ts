/**
 * The plan of a query whose stages all run in the worker: each source is fetched with the columns that are used of it,
 * and one statement over all of them computes the answer. What several queries read is computed once.
 */
import { QueryError } from '../workers/errors.ts';
import { inputColumn } from './dialects/duckdb.ts';
import type { SourcePlan, WorkerInput, WorkerPlan } from './plan.ts';
import { Relation, Statement } from './relation.ts';
import { countReads, type ResolvedQuery, type ResolvedSql, stagesOf, usedColumns } from './resolved-query.ts';
import { wrapSource } from './source-sql.ts';
import { STAGE_LIMITS, stageLimit } from './stage-limits.ts';

export interface PlannedInWorker {
  readonly sources: readonly SourcePlan[];
  readonly worker: WorkerPlan;
}

export function planInWorker(query: ResolvedQuery): PlannedInWorker {
  return new WorkerPlanner(query).plan(query);
}

class WorkerPlanner {
  readonly #statement = new Statement();
  readonly #reads: ReadonlyMap<ResolvedQuery, number>;
  readonly #used: ReadonlyMap<ResolvedSql, ReadonlySet<string>>;
  readonly #relations = new Map<ResolvedQuery, Relation>();
  readonly #sources: SourcePlan[] = [];

  constructor(query: ResolvedQuery) {
    this.#reads = countReads(query);
    this.#used = usedColumns(query);
  }

  plan(query: ResolvedQuery): PlannedInWorker {
    const answer = this.#relation(query).project(query.columns.map(({ name }) => ({ name, as: name })));
    const sql = answer.finish();
    const { parameters } = this.#statement;
    const inputs = this.#sources.map(({ columns }, index): WorkerInput => {
      const name = inputName(index);
      // Its columns are known: they were narrowed here.
      return { name, columns: columns!.map(inputColumn), scans: this.#statement.readsOf(name) };
    });
    const runsUserSql = stagesOf(query).some(({ node }) => node.definition.runsUserSql === true);
    return { sources: this.#sources, worker: { sql, parameters, inputs, runsUserSql } };
  }

  #relation(query: ResolvedQuery): Relation {
    const known = this.#relations.get(query);
    if (known !== undefined) return known;
    const { source, stages } = query;
    let relation = source.kind === 'sql' ? this.#input(source) : this.#relation(source.query);
    for (const { node, resolved, sources } of stages) {
      const sides = sources.map((side) => this.#relation(side));
      relation = node.definition.emit(resolved, relation, sides);
    }
    if (this.#reads.get(query)! > 1) relation = relation.shared();
    this.#relations.set(query, relation);
    return relation;
  }

  #input(source: ResolvedSql): Relation {
    const { connection, bound, described, span } = source;
    const index = this.#sources.length;
    if (index === STAGE_LIMITS.querySources)
      throw new QueryError('unsupported', `a query fetches from at most ${index} sources`, {
        span,
        hint: 'join tables of one database in its SQL; what is used twice needs one `let`',
        limit: stageLimit('querySources'),
      });
    const used = this.#used.get(source)!;
    this.#sources.push({ connection, ...wrapSource(bound, described, used) });
    const names = source.columns.map(({ name }) => name).filter((name) => used.has(name));
    return Relation.input(this.#statement, inputName(index), names);
  }
}

function inputName(index: number): string {
  return index === 0 ? 'input' : `input${index + 1}`;
}
