/**
 * Places the stages of a query. Each chain of stages begins in the first engine that has its rows, which takes the longest
 * run of stages that are exact there; the next engine takes as much as it can of the rest, and so on to the last, which
 * takes all. Two things help a stage that is not exact: the exact part of a condition goes before the rest (`split`), and
 * a limit behind stages that keep every row cuts the rows before they travel.
 *
 * When one engine before the last computes all of the query, it makes the answer. Else the last one does; what several
 * queries read is then fetched and computed once, and stages over it run in the last engine.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Pushdown } from '../../core/protocol/plan.ts';
import { STAGE_LIMITS, stageLimit } from '../../core/protocol/stage-limits.ts';
import type { Column } from '../../core/protocol/types.ts';
import {
  countReads,
  type ResolvedQuery,
  type ResolvedSql,
  type ResolvedStageNode,
  sqlsOf,
} from '../resolve/graph.ts';
import { stageOf } from '../stages/kit/registry.ts';
import type { Typed } from '../types/typed.ts';
import { type Engine, enginesFor, sourceName } from './engines.ts';
import type { PlacedGraph, PlacedNode, PlacedQuery, PlacedRun, SentRows } from './placed-graph.ts';
import { chainOf, Reach } from './reach.ts';
import { type UsedColumns, usedColumns } from './used-columns.ts';

/** `throughLast`: the last engine makes the answer. Throws `not-pushable`, and `unsupported` for too many sources. */
export function place(
  query: ResolvedQuery,
  pushdown: Pushdown,
  throughLast: boolean,
  engines: readonly Engine[] = enginesFor(sqlsOf(query), pushdown),
): PlacedGraph {
  const reads = countReads(query);
  const whole = throughLast ? null : new Reach(reads, engines, true).engineOf(query);
  return new Placer(query, reads, engines, pushdown).place(query, whole);
}

/** Stages that one engine computes, why each of them, and what leaves it. */
interface Run {
  readonly engine: Engine;
  readonly stages: readonly ResolvedStageNode[];
  readonly why: readonly string[];
  readonly sent: SentRows | null;
}

/** Stages that are still to be placed. */
interface Rest {
  readonly stages: readonly ResolvedStageNode[];
  /** The reasons why the engine before does not compute the stages; null: there is none before. */
  readonly why: readonly string[] | null;
  readonly input: readonly Column[];
}

const OFF = 'pushdown is off';
const SCANNED = 'source and stages are one statement of the stage engine, which reads the files';
const SHARED = 'it reads rows that several queries read, and these are fetched once';

class Placer {
  readonly #reads: ReadonlyMap<ResolvedQuery, number>;
  readonly #engines: readonly Engine[];
  readonly #last: Engine;
  readonly #reach: Reach;
  readonly #pushdown: Pushdown;
  readonly #used: UsedColumns;
  readonly #numbers = new Map<ResolvedQuery, number>();
  readonly #queries: PlacedQuery[] = [];
  readonly #sources: PlacedNode[] = [];
  readonly #stages = new Map<number, PlacedNode>();
  #fetched = 0;

  constructor(
    query: ResolvedQuery,
    reads: ReadonlyMap<ResolvedQuery, number>,
    engines: readonly Engine[],
    pushdown: Pushdown,
  ) {
    this.#reads = reads;
    this.#engines = engines;
    this.#last = engines.at(-1)!;
    this.#reach = new Reach(reads, engines, false);
    this.#pushdown = pushdown;
    this.#used = usedColumns(query);
  }

  /** `whole`: the engine that computes all of the query; null: none before the last does. */
  place(query: ResolvedQuery, whole: Engine | null): PlacedGraph {
    const root = this.#query(query, whole);
    const stages = [...this.#stages.values()].sort((a, b) => a.index - b.index);
    return {
      engines: this.#engines.map(({ name }) => name),
      answers: (whole ?? this.#last).name,
      queries: this.#queries,
      root,
      sources: this.#sources,
      stages,
    };
  }

  /** Returns the number of the query. */
  #query(query: ResolvedQuery, whole: Engine | null): number {
    const known = this.#numbers.get(query);
    if (known !== undefined) return known;
    const { base, stages } = chainOf(query, this.#reads);
    const runs =
      whole === null
        ? this.#runs(base, stages, this.#used.ofQuery.get(query)!)
        : [{ engine: whole, stages, why: stages.map(() => whole.reason), sent: null }];
    const placed: PlacedQuery = {
      base: this.#base(base, whole),
      runs: runs.map((run) => this.#run(run, whole)),
      shared: this.#reads.get(query)! > 1,
      columns: query.columns,
    };
    const number = this.#queries.push(placed) - 1;
    this.#numbers.set(query, number);
    return number;
  }

  #base(base: ResolvedSql | ResolvedQuery, whole: Engine | null): PlacedQuery['base'] {
    if (!('kind' in base)) return { kind: 'query', query: this.#query(base, whole) };
    this.#sources.push({
      index: 0,
      name: 'source',
      span: base.span,
      engine: sourceName(base),
      why: 'its rows are there',
      columns: base.columns,
    });
    if (whole === null) this.#countFetched(base);
    return { kind: 'sql', sql: base, used: [...this.#used.ofSql.get(base)!] };
  }

  #run({ engine, stages, why, sent }: Run, whole: Engine | null): PlacedRun {
    // A query beside a stage that runs before the last engine runs wholly in the stage's engine.
    const beside = engine === this.#last ? whole : engine;
    const placed = stages.map(({ node, resolved, sources }, at) => {
      const { index, name, span } = node;
      const { columns } = resolved;
      this.#stages.set(index, { index, name, span, engine: engine.name, why: why[at]!, columns });
      return { node, resolved, sources: sources.map((side) => this.#query(side, beside)) };
    });
    return { engine: engine.name, stages: placed, sent };
  }

  #runs(
    base: ResolvedSql | ResolvedQuery,
    stages: readonly ResolvedStageNode[],
    wanted: ReadonlySet<string>,
  ): readonly Run[] {
    const { columns: input } = base;
    if (!('kind' in base)) return [{ engine: this.#last, stages, why: stages.map(() => SHARED), sent: null }];
    const reading = this.#engines.filter((engine) => engine.reads(base));
    const engines = reading.filter((engine) => engine.refusal(base) === null);
    const refused = reading.map((engine) => engine.refusal(base)).find((why) => why !== null) ?? null;
    const why = refused === null ? null : stages.map(() => refused);
    if (refused !== null && stages.length > 0 && this.#pushdown === 'require')
      throw notPushable(stages[0]!, refused);
    return this.#walk(engines, { stages, why, input }, wanted);
  }

  /** The runs of the engines in turn, without those that have nothing to do. `wanted`: of the columns after all of them. */
  #walk([engine, ...later]: readonly Engine[], rest: Rest, wanted: ReadonlySet<string>): readonly Run[] {
    const { stages } = rest;
    if (later.length === 0)
      return [{ engine: engine!, stages, why: rest.why ?? stages.map(() => this.#alone), sent: null }];
    const { taken, left, why, atMost } = this.#take(engine!, rest, later.length === 1);
    const columns = taken.at(-1)?.resolved.columns ?? rest.input;
    const needed = left.reduceRight(
      (after, { node, resolved }) => stageOf(node).columnsUsed(resolved, after),
      wanted,
    );
    const sent = { columns: columns.filter(({ name }) => needed.has(name)), atMost };
    const next = this.#walk(later, { stages: left, why, input: columns }, wanted);
    if (taken.length === 0 && atMost === null) return next;
    return [
      { engine: engine!, stages: taken, why: rest.why ?? taken.map(() => engine!.reason), sent },
      ...next,
    ];
  }

  /** Returns the stages that an engine takes, and why it leaves the others. `beforeLast`: these go to the last engine. */
  #take(engine: Engine, { stages, input }: Rest, beforeLast: boolean): Taken {
    const { count, why: because } = this.#reach.exactFirst(engine, input, stages);
    const first = stages[count];
    if (first === undefined) return { taken: stages, left: [], why: [], atMost: null };
    if (beforeLast && this.#pushdown === 'require') throw notPushable(first, because);
    const [taken, left] = [stages.slice(0, count), stages.slice(count)];
    const after = left.slice(1).map(() => `it follows \`${first.node.name}\`, which runs in a worker`);
    const parts = engine.split(first, count);
    if (parts === null) return { taken, left, why: [because, ...after], atMost: limitOf(left) };
    return {
      taken: [...taken, { ...first, resolved: parts[0] }],
      left: [{ ...first, resolved: parts[1] }, ...left.slice(1)],
      why: [`${because}; what is exact of it runs in the database before`, ...after],
      atMost: null,
    };
  }

  /** The reason for stages that only the last engine was asked about. */
  get #alone(): string {
    return this.#pushdown === 'off' ? OFF : SCANNED;
  }

  #countFetched({ span }: ResolvedSql): void {
    const limit = STAGE_LIMITS.querySources;
    if (this.#fetched++ < limit) return;
    throw new QueryError('unsupported', `a query fetches from at most ${limit} sources`, {
      span,
      hint: 'join tables of one database in its SQL; what is used twice needs one `let`',
      limit: stageLimit('querySources'),
    });
  }
}

interface Taken {
  readonly taken: readonly ResolvedStageNode[];
  readonly left: readonly ResolvedStageNode[];
  /** The reason for each stage that is left. */
  readonly why: readonly string[];
  /** The largest number of first rows that the stages that are left need; null: they need all. */
  readonly atMost: Typed | null;
}

/** `head` behind stages that keep each row: the limit holds for the rows that they read, too. */
function limitOf(stages: readonly ResolvedStageNode[]): Typed | null {
  const next = stages.find(({ node }) => stageOf(node).rowByRow !== true);
  return next === undefined ? null : (stageOf(next.node).keepsFirst?.(next.resolved) ?? null);
}

function notPushable({ node }: ResolvedStageNode, why: string): QueryError {
  const { index, name, span } = node;
  return new QueryError('not-pushable', `\`${name}\` cannot run in the database: ${why}`, {
    span,
    stage: { index, name },
    hint: 'with `pushdown = auto` it runs in a worker; or compute it in the SQL',
  });
}
