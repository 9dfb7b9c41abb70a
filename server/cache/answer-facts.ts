/** Finds whether a query's answer may be kept for what it reads: how it may change by itself, and which tables it is made from. */

import { Cancellation } from '../../core/process/cancellation.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import { type SqlFacts, unknownFacts, type Volatility, worstOf } from '../../core/protocol/sql-facts.ts';
import type { QueryRecord } from '../history/registry.ts';
import { factsOfScans } from '../query/files-calls.ts';
import type { RunDeps } from '../query/run.ts';
import { factsOfSource } from '../query/source-facts.ts';
import type { UsedTable } from '../results/entry.ts';

export interface AnswerFacts {
  readonly volatility: Volatility;
  /** null: not known. */
  readonly tables: readonly UsedTable[] | null;
  /** The files that hold what some of the sources read. */
  readonly files: readonly string[];
  /** The reasons for a volatility above `immutable`, for people. */
  readonly because: readonly string[];
}

/** The time for which facts are taken as they were found: a view may be replaced by another one. */
const MAX_AGE_MS = 30_000;
const TIMEOUT_MS = 10_000;
/** The calls that the stages' own SQL has where an answer changes by itself. */
const BY_CHANCE = /\brandom\(/;
const BY_TIME = /\bnow\(/;

interface Known {
  readonly facts: AnswerFacts;
  readonly foundAtMs: number;
}

export class FactsBook {
  readonly #known = new WeakMap<Plan, Known>();

  /** Returns the facts when they were found lately; null otherwise. */
  known(plan: Plan): AnswerFacts | null {
    const known = this.#known.get(plan);
    return known !== undefined && performance.now() - known.foundAtMs < MAX_AGE_MS ? known.facts : null;
  }

  /** Asks the databases. Never rejects: what cannot be asked is unknown. */
  async find(
    deps: RunDeps,
    plan: Plan,
    parameters: Readonly<Record<string, ParameterValue>>,
    query: QueryRecord,
  ): Promise<AnswerFacts> {
    const known = this.known(plan);
    if (known !== null) return known;
    // The query itself may have ended by now.
    const asking = { ...query, cancellation: new Cancellation(), deadlineAt: Date.now() + TIMEOUT_MS };
    const isScan = (index: number): boolean => plan.worker?.inputs[index]?.scan !== undefined;
    const hasScans = plan.sources.some((_, index) => isScan(index));
    const ofScans = hasScans ? factsOfScans(deps, plan, parameters, asking).catch(unknownFor) : null;
    const bySource = await Promise.all(
      plan.sources.map((source, index) =>
        isScan(index) ? ofScans! : factsOfSource(deps, source, parameters, asking).catch(unknownFor),
      ),
    );
    const facts = together(plan, bySource);
    // The files that a pattern stands for are others when one comes or goes.
    if (!hasScans && bySource.every(({ volatility }) => volatility !== 'unknown'))
      this.#known.set(plan, { facts, foundAtMs: performance.now() });
    return facts;
  }
}

function unknownFor(error: Error): SqlFacts {
  return unknownFacts(error.message);
}

/** Whether an answer of this volatility may be sent again: what passes with time is as old as its age says, and no older. */
export function isKeepable({ volatility }: AnswerFacts): boolean {
  return volatility === 'immutable' || volatility === 'stable';
}

function together(plan: Plan, bySource: readonly SqlFacts[]): AnswerFacts {
  const ofStages = volatilityOfStages(plan);
  const because = bySource.flatMap((facts) => facts.because);
  if (ofStages !== 'immutable') because.push(`stages are ${ofStages}`);
  const tables = bySource.every((facts) => facts.tables !== null)
    ? bySource.flatMap((facts, index) =>
        facts.tables!.map(({ schema, name }) => ({
          connection: plan.sources[index]!.connection,
          schema,
          name,
        })),
      )
    : null;
  return {
    volatility: worstOf([ofStages, ...bySource.map((facts) => facts.volatility)]),
    tables,
    files: bySource.flatMap(({ files = [] }) => files),
    because,
  };
}

function volatilityOfStages({ worker }: Plan): Volatility {
  if (worker === null) return 'immutable';
  if (worker.runsUserSql) return 'unknown';
  if (BY_CHANCE.test(worker.sql)) return 'volatile';
  return BY_TIME.test(worker.sql) ? 'stable' : 'immutable';
}
