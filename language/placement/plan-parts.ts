/**
 * The parts of a query: what goes to databases, and the statement of the worker over all that they send. When all of it is
 * exact in one database there is one statement and no worker. Else each chain of stages that begins with a user's SQL
 * takes as much as it can into the statement of that source; what several queries read is fetched and computed once.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Pushdown, UnjudgedSource, WorkerInput, WorkerPlan } from '../../core/protocol/plan.ts';
import { STAGE_LIMITS, stageLimit } from '../../core/protocol/stage-limits.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { STAGE_ENGINE, sourceDialect } from '../dialects/registry.ts';
import {
  countReads,
  type ResolvedQuery,
  type ResolvedSql,
  type ResolvedStageNode,
  stagesOf,
} from '../resolve/graph.ts';
import { Relation } from '../select/relation.ts';
import { Statement } from '../select/statement.ts';
import { stageOf } from '../stages/kit/registry.ts';
import { fetchSource } from './fetch-source.ts';
import { exactReason, type Placement, Placer } from './placement.ts';
import { SourceStatement } from './source-statement.ts';
import type { UsedColumns } from './used-columns.ts';
import { usedColumns } from './used-columns.ts';

export interface PlannedParts {
  readonly sources: readonly UnjudgedSource[];
  readonly worker: WorkerPlan | null;
  /** By the stages' indexes. */
  readonly places: ReadonlyMap<number, StagePlace>;
}

export interface StagePlace {
  readonly where: 'source' | 'worker';
  readonly why: string;
}

/** `throughWorker`: there must be one. Throws `not-pushable`. */
export function planParts(query: ResolvedQuery, pushdown: Pushdown, throughWorker: boolean): PlannedParts {
  const reads = countReads(query);
  const used = usedColumns(query);
  const home = throughWorker ? null : new Placer(reads, pushdown, true).homeOf(query);
  if (home === null) return new PartsPlanner(reads, used, pushdown).plan(query);
  const dialect = sourceDialect(home.dialect);
  const source = new SourceStatement(dialect, reads, used).answer(query);
  const why = exactReason(dialect);
  const places = stagesOf(query).map(({ node }): [number, StagePlace] => [
    node.index,
    { where: 'source', why },
  ]);
  return { sources: [{ connection: home.connection, ...source }], worker: null, places: new Map(places) };
}

class PartsPlanner {
  readonly #statement = new Statement(STAGE_ENGINE);
  readonly #reads: ReadonlyMap<ResolvedQuery, number>;
  readonly #used: UsedColumns;
  readonly #placer: Placer;
  readonly #relations = new Map<ResolvedQuery, Relation>();
  readonly #sources: UnjudgedSource[] = [];
  readonly #places = new Map<number, StagePlace>();

  constructor(reads: ReadonlyMap<ResolvedQuery, number>, used: UsedColumns, pushdown: Pushdown) {
    this.#reads = reads;
    this.#used = used;
    this.#placer = new Placer(reads, pushdown, false);
  }

  plan(query: ResolvedQuery): PlannedParts {
    const answer = this.#relation(query).project(query.columns.map(({ name }) => ({ name, as: name })));
    const sql = answer.finish();
    const { parameters } = this.#statement;
    const inputs = this.#sources.map(({ columns }, index): WorkerInput => {
      const name = inputName(index);
      // Its columns are known: they were narrowed here.
      return { name, columns: columns!.map(STAGE_ENGINE.inputColumn), scans: this.#statement.readsOf(name) };
    });
    const runsUserSql = stagesOf(query).some(({ node }) => stageOf(node).runsUserSql === true);
    const worker = { sql, parameters, inputs, runsUserSql };
    return { sources: this.#sources, worker, places: this.#places };
  }

  #relation(query: ResolvedQuery): Relation {
    const known = this.#relations.get(query);
    if (known !== undefined) return known;
    const { base, stages } = this.#placer.chain(query);
    let relation =
      'kind' in base
        ? this.#fetched(base, this.#placer.placement(base, stages), query)
        : this.#stages(this.#relation(base), stages, stages.map(SHARED));
    if (this.#reads.get(query)! > 1) relation = relation.shared();
    this.#relations.set(query, relation);
    return relation;
  }

  #stages(input: Relation, stages: readonly ResolvedStageNode[], why: readonly string[]): Relation {
    let relation = input;
    for (const [index, { node, resolved, sources }] of stages.entries()) {
      this.#places.set(node.index, { where: 'worker', why: why[index]! });
      const sides = sources.map((side) => this.#relation(side));
      relation = stageOf(node).emit(resolved, relation, sides);
    }
    return relation;
  }

  /** A source with the stages that were placed in it, and then the others. */
  #fetched(source: ResolvedSql, placement: Placement, query: ResolvedQuery): Relation {
    const { placed, rest, atMost, why } = placement;
    this.#setPlaces(placed.slice(0, why.length - rest.length), sourceDialect(source.dialect));
    const name = this.#nextInput(source);
    const { connection, bound, described } = source;
    const dialect = sourceDialect(source.dialect);
    const whyRest = why.slice(why.length - rest.length);
    if (placed.length === 0 && atMost === null) {
      const used = this.#used.ofSql.get(source)!;
      this.#sources.push({ connection, ...fetchSource(dialect, bound, described, used) });
      const columns = source.columns.filter((column) => used.has(column.name));
      return this.#stages(Relation.input(this.#statement, name, columns), rest, whyRest);
    }
    const statement = new SourceStatement(dialect, this.#reads, this.#used);
    const { part, entering, keys } = statement.input(source, placement, this.#used.ofQuery.get(query)!);
    this.#sources.push({ connection, ...part });
    const input = Relation.input(this.#statement, name, entering, keys);
    return this.#stages(input, rest, whyRest);
  }

  /** For the stages in a source, and for those of the queries that they read. */
  #setPlaces(stages: readonly ResolvedStageNode[], dialect: SourceDialect): void {
    for (const { node, sources } of stages) {
      this.#places.set(node.index, { where: 'source', why: exactReason(dialect) });
      for (const side of sources) this.#setPlaces(stagesOf(side), dialect);
    }
  }

  /** The name of the next input. */
  #nextInput({ span }: ResolvedSql): string {
    const index = this.#sources.length;
    if (index < STAGE_LIMITS.querySources) return inputName(index);
    throw new QueryError('unsupported', `a query fetches from at most ${index} sources`, {
      span,
      hint: 'join tables of one database in its SQL; what is used twice needs one `let`',
      limit: stageLimit('querySources'),
    });
  }
}

const SHARED = (): string => 'it reads rows that several queries read, and these are fetched once';

function inputName(index: number): string {
  return index === 0 ? 'input' : `input${index + 1}`;
}
