/**
 * Which stages run in the database: of each chain of stages the longest prefix of those that are exact there, one after the
 * other; a stage with other queries beside it when these run there wholly, too. The first that is not exact goes to the
 * worker, and with it all that follow, but for two things that help it: the exact part of a condition (`split`), and a
 * limit behind stages that keep every row, which may cut the rows before they travel.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Pushdown } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { sourceDialect } from '../dialects/registry.ts';
import type { ResolvedQuery, ResolvedSql, ResolvedStageNode } from '../resolve/graph.ts';
import { EXACT } from '../stages/kit/exactness.ts';
import { stageOf } from '../stages/kit/registry.ts';
import type { Exactness } from '../stages/kit/stage.ts';
import type { Typed } from '../types/typed.ts';

/** What a query's stages read, brackets and names that only one reads apart. */
export interface Chain {
  readonly base: ResolvedSql | ResolvedQuery;
  readonly stages: readonly ResolvedStageNode[];
}

export interface Placement {
  /** The stages that run in the database; the last may be the exact part of the first of `rest`. */
  readonly placed: readonly ResolvedStageNode[];
  readonly rest: readonly ResolvedStageNode[];
  /** Rows that the rest needs at most, the first ones; null: all. */
  readonly atMost: Typed | null;
  /** For each stage of the chain why it runs where it does. */
  readonly why: readonly string[];
}

/** Where a user's SQL runs. */
export type Home = Pick<ResolvedSql, 'connection' | 'dialect'>;

export class Placer {
  readonly #reads: ReadonlyMap<ResolvedQuery, number>;
  readonly #pushdown: Pushdown;
  readonly #wholly = new Map<ResolvedQuery, Home | null>();
  /** Whether queries that are read more than once may be part of a statement: when it is the only one. */
  readonly #withShared: boolean;

  constructor(reads: ReadonlyMap<ResolvedQuery, number>, pushdown: Pushdown, withShared: boolean) {
    this.#reads = reads;
    this.#pushdown = pushdown;
    this.#withShared = withShared;
  }

  chain({ source, stages }: ResolvedQuery): Chain {
    if (source.kind === 'sql') return { base: source, stages };
    if (this.#reads.get(source.query)! > 1) return { base: source.query, stages };
    const inner = this.chain(source.query);
    return { base: inner.base, stages: [...inner.stages, ...stages] };
  }

  /** The connection on which all of it can run; null: there is none. */
  homeOf(query: ResolvedQuery): Home | null {
    const known = this.#wholly.get(query);
    if (known !== undefined) return known;
    const found = this.#findHome(query);
    this.#wholly.set(query, found);
    return found;
  }

  #findHome(query: ResolvedQuery): Home | null {
    if (this.#pushdown === 'off') return null;
    if (!this.#withShared && this.#reads.get(query)! > 1) return null;
    const { base, stages } = this.chain(query);
    const home = 'kind' in base ? base : this.homeOf(base);
    if (home === null) return null;
    const verdicts = this.#verdicts(base.columns, home, stages);
    return verdicts.every(({ exact }) => exact) ? home : null;
  }

  /** Throws `not-pushable` where `require` is not met. */
  placement(base: ResolvedSql, stages: readonly ResolvedStageNode[]): Placement {
    if (this.#pushdown === 'off')
      return { placed: [], rest: stages, atMost: null, why: stages.map(() => 'pushdown is off') };
    const dialect = sourceDialect(base.dialect);
    const verdicts = this.#verdicts(base.columns, base, stages);
    const count = verdicts.findIndex(({ exact }) => !exact);
    if (count === -1)
      return { placed: stages, rest: [], atMost: null, why: stages.map(() => exactReason(dialect)) };
    return this.#split(stages, count, verdicts[count]!, dialect);
  }

  /** `count`: how many are placed before the first that is not. */
  #split(
    stages: readonly ResolvedStageNode[],
    count: number,
    verdict: Exactness,
    dialect: SourceDialect,
  ): Placement {
    const because = verdict.exact ? '' : verdict.why;
    const first = stages[count]!;
    if (this.#pushdown === 'require') throw notPushable(first, because);
    const parts =
      count < dialect.maxStages ? (stageOf(first.node).split?.(first.resolved, dialect) ?? null) : null;
    const placed = stages.slice(0, count);
    const rest = stages.slice(count);
    const after = `it follows \`${first.node.name}\`, which runs in a worker`;
    const here = parts === null ? because : `${because}; what is exact of it runs in the database before`;
    const why = stages.map((_, index) =>
      index < count ? exactReason(dialect) : index === count ? here : after,
    );
    if (parts === null) return { placed, rest, atMost: limitOf(rest), why };
    return {
      placed: [...placed, { ...first, resolved: parts[0] }],
      rest: [{ ...first, resolved: parts[1] }, ...rest.slice(1)],
      atMost: null,
      why,
    };
  }

  /** Until the first that is not exact. */
  #verdicts(
    source: readonly Column[],
    home: Home,
    stages: readonly ResolvedStageNode[],
  ): readonly Exactness[] {
    const { maxStages } = sourceDialect(home.dialect);
    const verdicts: Exactness[] = [];
    let columns = source;
    for (const stage of stages) {
      const verdict =
        verdicts.length < maxStages
          ? this.#verdict(stage, columns, home)
          : no(`one statement has at most ${maxStages} stages`);
      verdicts.push(verdict);
      if (!verdict.exact) break;
      columns = stage.resolved.columns;
    }
    return verdicts;
  }

  #verdict(
    { node, resolved, sources }: ResolvedStageNode,
    input: readonly Column[],
    { connection, dialect: name }: Home,
  ): Exactness {
    const dialect = sourceDialect(name);
    const refusal = dialect.refusal([...input, ...resolved.columns]);
    if (refusal !== null) return no(refusal);
    const verdict = stageOf(node).exactIn(resolved, dialect);
    if (!verdict.exact) return verdict;
    for (const side of sources) {
      const found = this.homeOf(side);
      if (found === null) return no('the query beside it does not wholly run in the database');
      if (found.connection !== connection) return no('the query beside it is on another connection');
    }
    return EXACT;
  }
}

function no(why: string): Exactness {
  return { exact: false, why };
}

export function exactReason({ title }: SourceDialect): string {
  return `exact in ${title}`;
}

/** `head` behind stages that keep each row: the limit holds for the rows that they read, too. */
function limitOf(rest: readonly ResolvedStageNode[]): Typed | null {
  const next = rest.find(({ node }) => stageOf(node).rowByRow !== true);
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
