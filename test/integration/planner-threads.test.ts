import { expect } from 'chai';
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { AskAnswer, PlanStep, SourcePlan } from '../../core/protocol/plan.ts';
import { anonymousAt } from '../../core/protocol/principal.ts';
import type { SqlFacts } from '../../core/protocol/sql-facts.ts';
import type { FactsCall } from '../../core/protocol/sql-worker.ts';
import { MAX_CHAIN } from '../../language/dialects/postgres/guard/limits.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import type { QueryRecord } from '../../server/history/registry.ts';
import type { PlanKey } from '../../server/planning/plan-cache.ts';
import { PlannerLane } from '../../server/planning/planner-lane.ts';
import type { PlannerTask, PlannerValue } from '../../server/planning/planner-thread.ts';
import type { PlannerThreads } from '../../server/planning/planner-threads.ts';
import type { RunDeps } from '../../server/query/run.ts';
import { factsOfSource } from '../../server/query/source-facts.ts';

/** The module in the build, since a thread needs compiled files. */
const BUILT = new URL('../../dist/server/planning/planner-threads.js', import.meta.url).href;

const BUILT_PLANNER = new URL('../../dist/server/planning/planner.js', import.meta.url).href;

/** The database's description of `select 1 as n`. */
const describedAsNumber: AskAnswer = {
  kind: 'source',
  columns: [{ name: 'n', type: nativeType(23) }],
  parameterTypes: [],
};

const planOf = (text: string): PlannerTask => ({
  type: 'plan',
  text,
  visible: null,
  parameters: {},
  connection: 'main',
  pushdown: 'auto',
  throughWorker: false,
  answers: {},
});

const sqlOf = ({ value }: PlannerValue): string => {
  const { kind, plan } = value as Extract<PlanStep, { kind: 'plan' }>;
  expect(kind).to.equal('plan');
  return plan.sources[0]!.sql;
};

const errorOf = (work: Promise<unknown>): Promise<QueryError> =>
  work.then(
    () => expect.fail('no error'),
    (thrown: QueryError) => thrown,
  );

describe('planner threads', function () {
  this.timeout(60_000);
  let replaced: string[];
  let threads: PlannerThreads;
  let lane: PlannerLane;
  let built: typeof import('../../server/planning/planner-threads.ts');

  before(async () => {
    built = await import(BUILT);
  });

  beforeEach(() => {
    replaced = [];
  });
  afterEach(() => threads.close());

  const start = (options: { threads: number; taskTimeoutMs?: number; stackMb?: number }): void => {
    threads = new built.PlannerThreads({
      taskTimeoutMs: 60_000,
      ...options,
      connections: {
        dialects: { main: 'postgres', other: 'postgres' },
        allowFunctions: { main: ['web.http_get'] },
      },
      onReplaced: (reason) => replaced.push(reason),
    });
    lane = new PlannerLane(threads, { threads: options.threads, queueLength: 100, queueWaitMs: 60_000 });
  };

  const run = async (task: PlannerTask): Promise<PlannerValue> => {
    const result = await lane.run(task, { principal: anonymousAt(''), cancellation: new Cancellation() });
    if (!result.ok) throw QueryError.fromWire(result.error);
    return result;
  };

  it('replace the one whose parser ran out of stack, however often, and fail no other query', async () => {
    start({ threads: 1, stackMb: 1 });
    for (let round = 0; round < 6; round++) {
      const deep = errorOf(run(planOf(`select ${'1+'.repeat(MAX_CHAIN - 1)}${round}`)));
      const others = Array.from({ length: 3 }, (_, index) => run(planOf(`select ${index} + ${round}`)));
      expect(await deep).to.include({ code: 'nesting-too-deep' });
      expect((await Promise.all(others)).map(sqlOf)).to.deep.equal(
        [0, 1, 2].map((n) => `select ${n} + ${round}`),
      );
    }
    expect(replaced).to.have.length(6);
  });

  it('end a task that takes too long, and go on with those that wait', async () => {
    start({ threads: 1, taskTimeoutMs: 1 });
    // Booting alone takes longer.
    expect(await errorOf(run(planOf('select 1')))).to.include({ code: 'deadline-exceeded' });
    await threads.close();
    start({ threads: 1, taskTimeoutMs: 30_000 });
    const many = Array.from({ length: 20 }, (_, index) => run(planOf(`select ${index}`)));
    expect((await Promise.all(many)).map(sqlOf)).to.deep.equal(many.map((_, index) => `select ${index}`));
  });

  it('judge what they plan, by the configuration of its connection, with errors in the user’s text', async () => {
    start({ threads: 2 });
    const text = 'select 1 as a | union (select pg_advisory_lock(1))';
    const refused = await errorOf(run(planOf(text)));
    expect(refused).to.include({ code: 'read-only' });
    expect(text.slice(refused.details.span?.start, refused.details.span?.end)).to.equal('pg_advisory_lock');
    const listed = (await run(planOf('select http_get(1)'))).value as Extract<PlanStep, { kind: 'plan' }>;
    expect(listed.plan.sources[0]!.functions.map(({ name }) => name)).to.deep.equal(['http_get']);
    const other = { ...planOf('select http_get(1)'), connection: 'other' } as PlannerTask;
    expect(await errorOf(run(other))).to.include({ code: 'read-only' });
    expect(await errorOf(run(planOf('@other select http_get(1)')))).to.include({ code: 'read-only' });
  });

  it('go by connections that change, each thread, and those that are started later', async () => {
    start({ threads: 2, stackMb: 1 });
    const added = { ...planOf('select http_get(1)'), connection: 'added' } as PlannerTask;
    expect(await errorOf(run(added))).to.include({ code: 'unknown-connection' });
    threads.setConnections({ dialects: { added: 'postgres' }, allowFunctions: { added: ['web.http_get'] } });
    const check = async (): Promise<void> => {
      const tasks = Array.from({ length: 6 }, () => run(added));
      expect((await Promise.all(tasks)).map(sqlOf)).to.deep.equal(tasks.map(() => 'select http_get(1)'));
      expect(await errorOf(run(planOf('select 1')))).to.include({ code: 'unknown-connection' });
    };
    await check();
    const deep = { ...added, text: `select ${'1+'.repeat(MAX_CHAIN - 1)}1` } as PlannerTask;
    expect(await errorOf(run(deep))).to.include({ code: 'nesting-too-deep' });
    expect(replaced).to.have.length(1);
    await check();
  });

  it('keep no plan that was begun before its connection changed', async () => {
    start({ threads: 1 });
    const { Planner } = (await import(BUILT_PLANNER)) as typeof import('../../server/planning/planner.ts');
    const planner = new Planner({
      namesTables: false,
      ...{ threads: 1, cacheEntries: 10, cacheBytes: 1 << 20, queueLength: 10, queueWaitMs: 60_000 },
      connections: { dialects: { main: 'postgres' as const }, allowFunctions: {} },
    });
    try {
      const key: PlanKey = {
        ...{ scope: 'all', text: 'select 1 as n | where n > 0', parameters: {}, connection: 'main' },
        ...{ visible: null, stages: null, pushdown: 'off', throughWorker: false },
      };
      const asker = { principal: anonymousAt(''), cancellation: new Cancellation() };
      const next = { dialects: { main: 'postgres' as const }, allowFunctions: {} };
      const plan = (during: () => Promise<void>) =>
        planner.plan(
          key,
          async () => {
            await during();
            return describedAsNumber;
          },
          asker,
        );
      await plan(async () => planner.setConnections(next));
      expect(planner.cached(key), 'begun before').to.equal(null);
      await plan(async () => {});
      expect(planner.cached(key), 'nothing changed').to.not.equal(null);
      planner.setConnections(next);
      expect(planner.cached(key), 'made before').to.equal(null);
    } finally {
      await planner.close();
    }
  });

  it('find the names in a source of which the database is asked for facts', async () => {
    start({ threads: 1 });
    const { Planner } = (await import(BUILT_PLANNER)) as typeof import('../../server/planning/planner.ts');
    const planner = new Planner({
      namesTables: false,
      ...{ threads: 1, cacheEntries: 10, cacheBytes: 1 << 20, queueLength: 10, queueWaitMs: 60_000 },
      connections: { dialects: { main: 'postgres' as const, notes: 'sqlite' as const }, allowFunctions: {} },
    });
    try {
      const asked: FactsCall[] = [];
      const known = { volatility: 'stable' as const, tables: [], because: ['it says so'] };
      const call = async (message: FactsCall): Promise<SqlFacts> => {
        asked.push(message);
        return known;
      };
      const released: string[] = [];
      const slot = { pid: 1, socket: { call, busy: false }, release: () => released.push('slot') };
      const connections = { isScanned: () => false, roleOf: () => null };
      const deps = {
        planner,
        connections,
        cancelGraceMs: 100,
        sqlSlots: { lane: { acquire: async () => slot } },
      };
      const query = {
        ...{ queryId: 'q1', principal: anonymousAt(''), cancellation: new Cancellation(), deadlineAt: 5 },
        ...{ pids: [], trace: { time: (_name: string, work: Promise<unknown>) => work } },
      };
      const source = {
        connection: 'main',
        sql: 'select f(a.b) from s.t a where d = $1',
        parameters: ['day'],
      };
      const facts = (of: typeof source) =>
        factsOfSource(
          deps as unknown as RunDeps,
          of as unknown as SourcePlan,
          { day: 'today' },
          query as unknown as QueryRecord,
        );
      expect(await facts(source)).to.equal(known);
      await facts({ ...source, connection: 'notes' });
      expect(released).to.have.length(2);
      expect(asked[0]).to.deep.include({ type: 'facts', connection: 'main', sql: source.sql, deadlineAt: 5 });
      expect(asked[0]!.names).to.deep.equal({
        relations: [{ schema: 's', name: 't' }],
        commonTables: [],
        functions: [
          { schema: null, name: 'f', as: 'call' },
          { schema: null, name: 'b', as: 'row' },
        ],
        operators: ['='],
        syntax: 'stable',
      });
      expect(asked[1]!.names, 'a connector that finds them').to.equal(null);
    } finally {
      await planner.close();
    }
  });

  it('need no more memory for the next large texts', async () => {
    start({ threads: 1 });
    const large = `select 1 where 1 in (${'12345, '.repeat(120_000)}0)`;
    await run(planOf(large));
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 6; round++) await run(planOf(`${large} -- ${round}`));
    // Each instance of the parser that had one of them holds some 100 MB.
    expect((process.memoryUsage.rss() - before) / 1e6).to.be.below(250);
  });
});
