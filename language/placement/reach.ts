/** Finds how far engines reach: which engine computes a query wholly, and how many of some stages, one after the other. */
import type { Column } from '../../core/protocol/types.ts';
import type { ResolvedQuery, ResolvedSql, ResolvedStageNode } from '../resolve/graph.ts';
import { EXACT } from '../stages/kit/exactness.ts';
import type { Exactness } from '../stages/kit/stage.ts';
import { type Engine, no } from './engines.ts';

/** The stages of a query and the base that they read; queries in brackets or names that only one reads are joined to it. */
export interface Chain {
  readonly base: ResolvedSql | ResolvedQuery;
  readonly stages: readonly ResolvedStageNode[];
}

export function chainOf({ source, stages }: ResolvedQuery, reads: ReadonlyMap<ResolvedQuery, number>): Chain {
  if (source.kind === 'sql') return { base: source, stages };
  if (reads.get(source.query)! > 1) return { base: source.query, stages };
  const inner = chainOf(source.query, reads);
  return { base: inner.base, stages: [...inner.stages, ...stages] };
}

export class Reach {
  readonly #reads: ReadonlyMap<ResolvedQuery, number>;
  /** All but the last. */
  readonly #engines: readonly Engine[];
  readonly #computed = new Map<Engine, Map<ResolvedQuery, boolean>>();
  /** Says whether queries that are read more than once may be part of a statement: they may when it is the only one. */
  readonly #withShared: boolean;

  constructor(reads: ReadonlyMap<ResolvedQuery, number>, engines: readonly Engine[], withShared: boolean) {
    this.#reads = reads;
    this.#engines = engines.slice(0, -1);
    this.#withShared = withShared;
  }

  /** The first engine that computes all of the query; null: none before the last does. */
  engineOf(query: ResolvedQuery): Engine | null {
    return this.#engines.find((engine) => this.#computes(engine, query)) ?? null;
  }

  #computes(engine: Engine, query: ResolvedQuery): boolean {
    const computed = this.#computed.get(engine) ?? new Map<ResolvedQuery, boolean>();
    this.#computed.set(engine, computed);
    const known = computed.get(query) ?? this.#findComputes(engine, query);
    computed.set(query, known);
    return known;
  }

  #findComputes(engine: Engine, query: ResolvedQuery): boolean {
    if (!this.#withShared && this.#reads.get(query)! > 1) return false;
    const { base, stages } = chainOf(query, this.#reads);
    const begins =
      'kind' in base
        ? engine.reads(base) && (stages.length === 0 || engine.refusal(base) === null)
        : this.#computes(engine, base);
    return begins && this.exactFirst(engine, base.columns, stages).count === stages.length;
  }

  /** Counts the first stages that are exact in the engine, one after the other, and says why the next one is not. */
  exactFirst(
    engine: Engine,
    input: readonly Column[],
    stages: readonly ResolvedStageNode[],
  ): { readonly count: number; readonly why: string } {
    let columns = input;
    for (const [count, stage] of stages.entries()) {
      const verdict = this.#verdict(engine, stage, columns, count);
      if (!verdict.exact) return { count, why: verdict.why };
      columns = stage.resolved.columns;
    }
    return { count: stages.length, why: '' };
  }

  #verdict(engine: Engine, stage: ResolvedStageNode, input: readonly Column[], before: number): Exactness {
    const verdict = engine.exact(stage, input, before);
    if (!verdict.exact) return verdict;
    for (const side of stage.sources) {
      if (this.#computes(engine, side)) continue;
      if (this.engineOf(side) === null) return no('the query beside it does not wholly run in the database');
      return no('the query beside it is on another connection');
    }
    return EXACT;
  }
}
