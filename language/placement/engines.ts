/** The engines that stages may run in, and what each says of a stage. The list goes from the sources outwards. */
import type { Pushdown } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import { sourceDialect } from '../dialects/registry.ts';
import type { ResolvedSql, ResolvedStage, ResolvedStageNode } from '../resolve/graph.ts';
import { mayBeOrdered } from '../source/facts.ts';
import { EXACT } from '../stages/kit/exactness.ts';
import { stageOf } from '../stages/kit/registry.ts';
import type { Exactness } from '../stages/kit/stage.ts';
import type { EngineName } from './placed-graph.ts';

export interface Engine {
  readonly name: EngineName;
  /** The reason why a stage runs in the engine, for people. */
  readonly reason: string;
  /** Says whether a statement of the engine's may begin with the rows of this SQL. */
  reads(sql: ResolvedSql): boolean;
  /** Says why it computes no stage over the rows of this SQL, which it reads; null: it may. */
  refusal(sql: ResolvedSql): string | null;
  /**
   * Says whether it computes a stage exactly, the queries beside it left aside. `before`: how many stages are in the
   * statement already.
   */
  exact(stage: ResolvedStageNode, input: readonly Column[], before: number): Exactness;
  /** Splits a stage that is not exact: an exact part that may go before the rest, and the rest; null: there is none. */
  split(stage: ResolvedStageNode, before: number): readonly [ResolvedStage, ResolvedStage] | null;
}

/** The engine that computes every stage: there is always one, and it is the last. */
const STAGES: Engine = {
  name: 'stages',
  reason: 'it runs in a worker',
  reads: () => true,
  refusal: () => null,
  exact: () => EXACT,
  split: () => null,
};

/** Returns the engines for a query with these sources, at least one. */
export function enginesFor(sqls: readonly ResolvedSql[], pushdown: Pushdown): readonly Engine[] {
  if (pushdown === 'off') return [STAGES];
  const sources = new Map<string, Engine>();
  for (const sql of sqls) {
    if (sourceDialect(sql.dialect).scanned) continue;
    const engine = sourceEngine(sql);
    if (!sources.has(engine.name)) sources.set(engine.name, engine);
  }
  return [...sources.values(), STAGES];
}

export function sourceName({ connection }: ResolvedSql): EngineName {
  return `source:${connection}`;
}

/** The database behind a connection. */
function sourceEngine(sql: ResolvedSql): Engine {
  const dialect = sourceDialect(sql.dialect);
  const { maxStages, title } = dialect;
  const { connection } = sql;
  return {
    name: sourceName(sql),
    reason: `exact in ${title}`,
    reads: (read) => read.connection === connection,
    refusal: ({ described, bound }) =>
      dialect.sourceRefusal(bound.sql, described.columns, mayBeOrdered(bound.sql)),
    exact({ node, resolved }, input, before) {
      if (dialect.placedStages?.has(node.name) === false)
        return no(`\`${node.name}\` was not shown to be exact in ${title}`);
      const refusal = dialect.refusal([...input, ...resolved.columns]);
      if (refusal !== null) return no(refusal);
      if (before >= maxStages) return no(`one statement has at most ${maxStages} stages`);
      return stageOf(node).exactIn(resolved, dialect);
    },
    split: ({ node, resolved }, before) =>
      before < maxStages ? (stageOf(node).split?.(resolved, dialect) ?? null) : null,
  };
}

export function no(why: string): Exactness {
  return { exact: false, why };
}
