/**
 * Runs the same pipelines over the same rows in every kind of database: each must answer as the stage engine does over PostgreSQL's
 * rows, with as much as possible placed in the database and with nothing placed there. Everything follows from one seed.
 */
import fc from 'fast-check';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Plan, Pushdown } from '../../core/protocol/plan.ts';
import { difference, onlyFailure } from './compare.ts';
import type { ConnectorEngine } from './connector-engine.ts';
import { type Engines, type Outcome, ValuesFailed } from './engines.ts';
import { drawTable, type KindName, type KindsTable } from './kinds-data.ts';
import { makePipeline, type StageSeed } from './pipelines.ts';

/** A kind of database with the table in it. */
export interface Kind {
  readonly name: KindName;
  readonly engine: Pick<ConnectorEngine, 'plan' | 'run'>;
  /** Runs statements that make the table. */
  make(statements: readonly string[]): Promise<void>;
}

export interface KindDifference {
  readonly kind: KindName;
  readonly pushdown: Pushdown;
  readonly query: string;
  readonly what: string;
  readonly plan: Plan | null;
  readonly table: readonly string[];
}

export class KindsTally {
  pipelines = 0;
  /** Counts by kind: pipelines that ran there, those with a placed stage, those with all of them placed. */
  readonly ran = new Map<KindName, number>();
  readonly placed = new Map<KindName, number>();
  readonly wholly = new Map<KindName, number>();
  readonly stages = new Map<string, number>();
  failed = 0;
  excused = 0;

  add(kind: KindName, plan: Plan): void {
    count(this.ran, kind);
    if (plan.worker === null) count(this.wholly, kind);
    const inside = plan.stages.filter(({ where }) => where === 'source');
    if (inside.length > 0) count(this.placed, kind);
    for (const { name } of inside) count(this.stages, `${kind} ${name}`);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export interface KindsOptions {
  readonly runs: number;
  readonly seed: number;
  readonly maxDifferences: number;
  onDifference(found: KindDifference): void;
  onProgress?(tally: KindsTally): void;
}

const PER_TABLE = 40;
const stageSeed = fc.array(fc.nat(9999), { minLength: 6, maxLength: 24 });
const pipelineSeed = fc.array(stageSeed, { minLength: 2, maxLength: 5 });

/** `postgres` makes pipelines and the right answers. */
export async function runKinds(
  postgres: Engines,
  kinds: readonly Kind[],
  options: KindsOptions,
): Promise<KindsTally> {
  const tally = new KindsTally();
  let differences = 0;
  for (let round = 0; tally.pipelines < options.runs && differences < options.maxDifferences; round++) {
    const seed = (options.seed + round * 7919) | 0;
    const numbers = fc.sample(fc.nat(1_000_000), { seed, numRuns: 2000 });
    let at = 0;
    const table = drawTable((below) => numbers[at++ % numbers.length]! % below);
    // A table that PostgreSQL alone has compares nothing.
    if (!kinds.some(({ name }) => name !== 'postgres' && table.has(name))) continue;
    postgres.forget();
    for (const kind of kinds) if (table.has(kind.name)) await kind.make(table.create(kind.name));
    const wanted = Math.min(PER_TABLE, options.runs - tally.pipelines);
    const found = await checkTable(postgres, kinds, table, seed, wanted, tally);
    if (found !== null) {
      differences++;
      options.onDifference(found);
    }
    options.onProgress?.(tally);
  }
  return tally;
}

/** The first difference, shrunk. */
async function checkTable(
  postgres: Engines,
  kinds: readonly Kind[],
  table: KindsTable,
  seed: number,
  runs: number,
  tally: KindsTally,
): Promise<KindDifference | null> {
  const described = await postgres.describe('select * from data');
  let last: KindDifference | null = null;
  const property = fc.asyncProperty(pipelineSeed, async (seeds: readonly StageSeed[]) => {
    const { text, ordered } = makePipeline(
      { table: 'data', columns: table.columns, spansAges: true },
      described,
      seeds,
    );
    const found = await compareKinds(postgres, kinds, table, text, ordered, tally);
    if (found !== null) last = found;
    return found === null;
  });
  const result = await fc.check(property, { seed, numRuns: runs });
  if (result.failed && last === null) throw result.errorInstance;
  return result.failed ? last : null;
}

async function compareKinds(
  postgres: Engines,
  kinds: readonly Kind[],
  table: KindsTable,
  query: string,
  ordered: boolean,
  tally: KindsTally,
): Promise<KindDifference | null> {
  tally.pipelines++;
  // The columns of SQL alone are known only once it runs.
  if (!query.includes(' | ')) return null;
  const { outcome: wanted } = await answered(postgres, query, 'off');
  if (wanted.kind === 'failed') tally.failed++;
  for (const { name, engine } of kinds) {
    if (!table.has(name)) continue;
    for (const pushdown of ['auto', 'off'] as const) {
      const { outcome: got, plan } = await answered(engine, query, pushdown);
      if (pushdown === 'auto' && plan !== null) tally.add(name, plan);
      const what = difference(wanted, got, ordered);
      if (what === null) continue;
      if (await isUnneeded(postgres, engine, pushdown, query, wanted, got)) tally.excused++;
      else return { kind: name, pushdown, query, what, plan, table: table.create(name) };
    }
  }
  return null;
}

/** Values are looked for while a query is planned: what these refuse is the query's failure. */
async function answered(
  engine: Kind['engine'],
  query: string,
  pushdown: Pushdown,
): Promise<{ readonly outcome: Outcome; readonly plan: Plan | null }> {
  try {
    const plan = await engine.plan(query, pushdown);
    return { outcome: await engine.run(plan), plan };
  } catch (thrown) {
    if (thrown instanceof ValuesFailed) return { outcome: thrown.outcome, plan: null };
    if (!(thrown instanceof QueryError)) throw thrown;
    return { outcome: { kind: 'failed', message: thrown.message, entering: false }, plan: null };
  }
}

/** Says whether the one that answered fails as well at a prefix of the pipeline: then the value that fails was not needed (oracle.ts). */
async function isUnneeded(
  postgres: Engines,
  engine: Kind['engine'],
  pushdown: Pushdown,
  query: string,
  wanted: Outcome,
  got: Outcome,
): Promise<boolean> {
  const failure = onlyFailure(wanted, got);
  if (failure === null) return false;
  if (/ (and|or) /.test(query)) return true;
  for (const needing of queriesThatNeedMore(query)) {
    const { outcome } =
      failure.where === 'worker'
        ? await answered(engine, needing, pushdown)
        : await answered(postgres, needing, 'off');
    if (outcome.kind === 'failed') return true;
  }
  return false;
}

/** The prefixes of a pipeline, and the pipeline with series kept where it keeps none (`limit=0`): then no value of theirs is needed. */
function queriesThatNeedMore(query: string): readonly string[] {
  const stages = query.split(' | ');
  const prefixes = stages.slice(2).map((_, index) => stages.slice(0, index + 2).join(' | '));
  const keeping = query.replace(/ limit=0\b/g, ' limit=5');
  return keeping === query ? prefixes : [...prefixes, keeping];
}
