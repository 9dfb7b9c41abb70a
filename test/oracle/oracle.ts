/**
 * The oracle: the same pipeline in the worker alone and with as much of it as possible in the database must give the same
 * answer, or fail both times. Everything follows from one seed.
 */
import fc from 'fast-check';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Plan, Pushdown } from '../../core/protocol/plan.ts';
import { difference, onlyFailure } from './compare.ts';
import { createDataSet, type DataSet } from './data.ts';
import { type Engines, type Outcome, type Params, ValuesFailed } from './engines.ts';
import { makePipeline, type StageSeed } from './pipelines.ts';

/** The counts of what was really tried. */
export class Tally {
  pipelines = 0;
  /** No stage ran in the database. */
  local = 0;
  wholly = 0;
  failed = 0;
  /** Only one place failed, for a value that nobody needed. */
  excused = 0;
  /** Counts of stages by name: in the database, in the worker beside a placed part. */
  readonly placed = new Map<string, number>();
  readonly left = new Map<string, number>();
  readonly reasons = new Map<string, number>();

  add(plan: Plan | null, outcome: Outcome): void {
    this.pipelines++;
    if (outcome.kind === 'failed') this.failed++;
    if (plan === null) return;
    if (plan.worker === null) this.wholly++;
    if (plan.stages.every(({ where }) => where === 'worker')) this.local++;
    for (const { name, where, why } of plan.stages) {
      const counts = where === 'source' ? this.placed : this.left;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (where === 'worker' && !why.startsWith('it follows'))
        this.reasons.set(why, (this.reasons.get(why) ?? 0) + 1);
    }
  }
}

export interface Difference {
  readonly query: string;
  readonly what: string;
  /** Source, worker SQL: pushed, then local. */
  readonly placed: Plan | null;
  readonly local: Plan | null;
  readonly outcomes: readonly [local: Outcome, placed: Outcome] | null;
}

export interface Comparison {
  /** Only one of them failed, for a value that nobody needed. */
  readonly excused: boolean;
  readonly difference: Difference | null;
  /** null: the query was refused because of its data (two values of `pivot` with one name). */
  readonly plan: Plan | null;
  readonly outcome: Outcome;
}

type NoPlan = QueryError | ValuesFailed;

function isNoPlan(made: Plan | NoPlan): made is NoPlan {
  return made instanceof Error;
}

async function planned(
  engines: Engines,
  query: string,
  pushdown: Pushdown,
  params: Params,
): Promise<Plan | NoPlan> {
  try {
    return await engines.plan(query, pushdown, params);
  } catch (thrown) {
    if (thrown instanceof QueryError || thrown instanceof ValuesFailed) return thrown;
    throw thrown;
  }
}

/** At least one place has no plan: the other must have none for the same reason, or fail of a value that nobody needs. */
async function refused(
  engines: Engines,
  query: string,
  made: readonly [local: Plan | NoPlan, placed: Plan | NoPlan],
  params: Params,
): Promise<Comparison> {
  const [a, b] = made.map(reasonOf) as [string, string];
  const outcomes = made.map(outcomeOf) as [Outcome, Outcome];
  const entering = outcomes.some((outcome) => outcome.kind === 'failed' && outcome.entering);
  const excused = a !== b && (entering || (await isUnneeded(engines, query, outcomes, params)));
  const what = a === b || excused ? null : `no plan in one place: ${a} and ${b}`;
  const difference = what === null ? null : { query, what, placed: null, local: null, outcomes: null };
  return { excused, difference, plan: null, outcome: { kind: 'failed', message: a, entering } };
}

function outcomeOf(made: Plan | NoPlan): Outcome {
  if (made instanceof ValuesFailed) return made.outcome;
  return { kind: 'rows', columns: [], rows: [] };
}

function reasonOf(made: Plan | NoPlan): string {
  if (made instanceof ValuesFailed) return 'the values were not found';
  return made instanceof QueryError ? `${made.code}: ${made.message}` : 'a plan';
}

export async function compare(
  engines: Engines,
  query: string,
  ordered: boolean,
  params: Params = {},
): Promise<Comparison> {
  const [placed, local] = [
    await planned(engines, query, 'auto', params),
    await planned(engines, query, 'off', params),
  ];
  if (isNoPlan(placed) || isNoPlan(local)) return refused(engines, query, [local, placed], params);
  // One plan runs twice where nothing was placed.
  if (placed.worker?.sql === local.worker?.sql && placed.sources[0]!.sql === local.sources[0]!.sql)
    return {
      excused: false,
      difference: null,
      plan: placed,
      outcome: { kind: 'rows', columns: [], rows: [] },
    };
  const outcomes = [await engines.run(local, params), await engines.run(placed, params)] as const;
  const found = difference(outcomes[0], outcomes[1], ordered);
  const excused = found !== null && (await isUnneeded(engines, query, outcomes, params));
  const what = excused ? null : found;
  return {
    excused,
    difference: what === null ? null : { query, what, placed, local, outcomes },
    plan: placed,
    outcome: outcomes[1],
  };
}

/**
 * A value that fails may stay uncomputed where nobody needs it: a later stage drops its row or its column, or `and` is
 * decided without it. So when one place fails and the other answers, that is a difference unless the other one fails as
 * well at a prefix of the pipeline, which needs all values that its stages compute. What `and` and `or` look at first
 * nothing tells.
 */
async function isUnneeded(
  engines: Engines,
  query: string,
  [local, placed]: readonly [Outcome, Outcome],
  params: Params,
): Promise<boolean> {
  const failure = onlyFailure(local, placed);
  if (failure === null) return false;
  if (/ (and|or) /.test(query)) return true;
  const pushdown = failure.where === 'worker' ? 'auto' : 'off';
  const stages = query.split(' | ');
  for (let count = 2; count < stages.length; count++) {
    const outcome = await engines.run(
      await engines.plan(stages.slice(0, count).join(' | '), pushdown, params),
      params,
    );
    if (outcome.kind === 'failed') return true;
  }
  return false;
}

const PER_DATA_SET = 60;
const stageSeed = fc.array(fc.nat(9999), { minLength: 6, maxLength: 24 });
const pipelineSeed = fc.array(stageSeed, { minLength: 2, maxLength: 6 });

export interface OracleOptions {
  readonly runs: number;
  readonly seed: number;
  readonly maxDifferences: number;
  onDifference(difference: Difference, data: string): void;
  onProgress?(tally: Tally): void;
}

/** Runs so many pipelines; the same seed gives the same ones. */
export async function runOracle(engines: Engines, options: OracleOptions): Promise<Tally> {
  const tally = new Tally();
  let differences = 0;
  for (let round = 0; tally.pipelines < options.runs && differences < options.maxDifferences; round++) {
    const seed = (options.seed + round * 7919) | 0;
    const data = await newData(engines, seed);
    const left = Math.min(PER_DATA_SET, options.runs - tally.pipelines);
    const found = await checkData(engines, data, seed, left, tally);
    if (found !== null) {
      differences++;
      options.onDifference(found, await contents(engines, data));
    }
    options.onProgress?.(tally);
  }
  return tally;
}

async function newData(engines: Engines, seed: number): Promise<DataSet> {
  engines.forget();
  const numbers = fc.sample(fc.nat(1_000_000), { seed, numRuns: 2000 });
  let at = 0;
  return createDataSet(engines.client, 'data', (below) => numbers[at++ % numbers.length]! % below);
}

/** The first difference, shrunk. */
async function checkData(
  engines: Engines,
  data: DataSet,
  seed: number,
  runs: number,
  tally: Tally,
): Promise<Difference | null> {
  const described = await engines.describe(`select * from ${data.table}`);
  let last: Difference | null = null;
  const property = fc.asyncProperty(pipelineSeed, async (seeds: readonly StageSeed[]) => {
    const { text, ordered } = makePipeline(data, described, seeds);
    const found = await compare(engines, text, ordered);
    tally.add(found.plan, found.outcome);
    if (found.excused) tally.excused++;
    if (found.difference !== null) last = found.difference;
    return found.difference === null;
  });
  const result = await fc.check(property, { seed, numRuns: runs });
  if (result.failed && last === null) throw result.errorInstance;
  return result.failed ? last : null;
}

async function contents(engines: Engines, { table }: DataSet): Promise<string> {
  const { rows } = await engines.client.query(`SELECT ${table}::text AS line FROM ${table} ORDER BY id`);
  return rows.map(({ line }) => String(line)).join('\n');
}
