/** Spark as a source, on Apache Spark 4.2 and on LakeSail, each where it is: what is read, what is refused, and how it ends. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { createCallControl } from '../../connectors/kit/call-control.ts';
import { openChannel } from '../../connectors/spark/channel.ts';
import { endSession } from '../../connectors/spark/end-session.ts';
import { planOf } from '../../connectors/spark/plans.ts';
import { QuerySession } from '../../connectors/spark/query-session.ts';
import { readUrl } from '../../core/config/urls/spark-url.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { type ConnectionQueries, connectionQueries } from '../support/connection-queries.ts';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import {
  CLUSTER_TOKEN,
  OTHER_SETTINGS,
  startSail,
  startSpark,
  startSparkCluster,
  type TestCluster,
  type TestSpark,
} from '../support/spark.ts';
import { askSpark, openSpark, sparkProblem } from '../support/spark-session.ts';
import { until } from '../support/until.ts';

/** Values at the edges of each type, a row of nulls behind them. */
const EDGES = `select * from values
  (1, true, cast(-128 as tinyint), cast(32767 as smallint), -2147483648, cast('-9223372036854775808' as bigint), cast(1.1 as float), 0.1d,
   cast('123456789012345678901234567890.12345678' as decimal(38,8)), cast(-0.01 as decimal(5,2)), 'tab\\t "q" 한글 😀', x'00ff',
   date'0001-01-01', timestamp'1969-12-31 23:59:59.999999', timestamp_ntz'9999-12-31 23:59:59.5'),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
  as t(id, b, i1, i2, i4, i8, f4, f8, d38, d5, t, bin, d, ts, ntz)`;
const SLOW = 'select sum(sqrt(a.id * 1.0d + b.id)) as s from range(2000000) a cross join range(500000) b';

describe('Spark', function () {
  this.timeout(400_000);
  for (const [name, start] of [
    ['Apache Spark 4.2', (test: Mocha.Context) => startSpark(test, OTHER_SETTINGS)],
    ['LakeSail', startSail],
  ] as const) {
    describe(name, () => {
      let spark: TestSpark;
      let forkline: Forkline;
      const isSail = name === 'LakeSail';

      before(async function () {
        spark = await start(this);
        forkline = await startForkline({
          connections: { main: { url: (await testDatabase()).url }, lake: { kind: 'spark', url: spark.url } },
          sql: { processes: 1, connectionsPerProcess: 2 },
        });
      });
      after(async () => {
        await forkline?.stop();
        await spark?.stop();
      });
      const { answered, rows, problem } = connectionQueries(() => forkline);

      it('gives every type exactly, and stages the same rows', async () => {
        const plain = await answered(`@lake ${EDGES} order by id`, { body: { numbers: 'string' } });
        expect(Object.fromEntries(plain.json.columns.map((one) => [one.name, one.type]))).to.deep.equal({
          ...{ id: 'int64', b: 'bool', i1: 'int64', i2: 'int64', i4: 'int64', i8: 'int64' },
          ...{ f4: 'float64', f8: 'float64', d38: 'decimal(38,8)', d5: 'decimal(5,2)', t: 'string' },
          ...{ bin: 'bytes', d: 'date', ts: 'timestamptz', ntz: 'timestamp' },
        });
        expect(plain.json.rows[0]).to.deep.equal({
          ...{ id: '1', b: true, i1: '-128', i2: '32767', i4: '-2147483648', i8: '-9223372036854775808' },
          ...{ f4: 1.1, f8: 0.1, d38: '123456789012345678901234567890.12345678', d5: '-0.01' },
          ...{ t: 'tab\t "q" 한글 😀', bin: 'AP8=', d: '0001-01-01' },
          ...{ ts: '1969-12-31T23:59:59.999999Z', ntz: '9999-12-31T23:59:59.5' },
        });
        expect(Object.values(plain.json.rows[1]!).filter((value) => value !== null)).to.deep.equal(['2']);
        const staged = await answered(`@lake ${EDGES} | sort id`, { body: { numbers: 'string' } });
        expect(staged.json.columns).to.deep.equal(plain.json.columns);
        expect(staged.json.rows).to.deep.equal(plain.json.rows);
      });

      it('gives as many rows as there are, about the length of a chunk', async () => {
        for (const count of [0, 1, 2047, 2048, 2049, 100_000])
          expect(
            await rows(
              `@lake select id, cast(id as string) as t from range(${count}) | stats count() as n, max(id) as m`,
            ),
          ).to.deep.equal([{ n: count, m: count === 0 ? null : count - 1 }]);
      });

      it('binds parameters', async () => {
        const sql = '@lake select id from range(10) where id = cast(:n as bigint)';
        expect(await rows(sql, { n: 7 })).to.deep.equal([{ id: 7 }]);
        const text = `it's \\ " $1 ? :n 😀 $\{env:HOME}`;
        expect(await rows('@lake select :t as t', { t: text })).to.deep.equal([{ t: text }]);
        const stages =
          '@lake select id from range(10) | where id > :n and not id in (:list) | sort id | head :k';
        const listed = await answered(stages, { body: { params: { n: 3, list: [5, 6], k: 2 } } });
        expect(listed.json.rows).to.deep.equal([{ id: 4 }, { id: 7 }]);
        const texts = "@lake select t from values ('a'), ('b') as v(t) | where t = :t";
        expect(await rows(texts, { t: 'b' })).to.deep.equal([{ t: 'b' }]);
      });

      it('joins with PostgreSQL', async () => {
        expect(
          await rows(
            "select iata, city from airports where iata in ('ATL', 'LAX') | join (@lake select * from values ('ATL', 7), ('LAX', 8) as t(iata, n)) on iata | sort iata | select iata, city, n",
          ),
        ).to.deep.equal([
          { iata: 'ATL', city: 'Atlanta', n: 7 },
          { iata: 'LAX', city: 'Los Angeles', n: 8 },
        ]);
      });

      it('refuses commands, and tells errors', async () => {
        expect(await problem('@lake drop table x')).to.include({ code: 'read-only' });
        expect(await problem("@lake select reflect('java.lang.Math', 'random') as r")).to.include({
          code: 'read-only',
        });
        const { code } = await problem('@lake select nothing\nfrom range(3)');
        expect(code).to.equal(isSail ? 'sql-error' : 'unknown-column');
        expect((await problem('@lake select id as a, id as a from range(3)')).code).to.equal(
          'duplicate-column',
        );
      });

      it('ends the query in Spark when it is cancelled, and at its deadline', async () => {
        const session = await openSpark(spark.url);
        const begun = performance.now();
        const thrown = await askSpark(session, SLOW, { deadlineMs: 1500 }).catch((error: unknown) => error);
        expect(thrown).to.include({ code: 'deadline-exceeded' });
        // Spark has two threads: they would have no time for this one before the other ends.
        expect(await askSpark(session, 'select count(*) as n from range(1000)')).to.include('1000');
        expect(performance.now() - begun).to.be.lessThan(120_000);
        await session.end();
      });

      it('speaks no TLS, which is told', async () => {
        expect(await sparkProblem(`${spark.url}/;use_ssl=true`)).to.include('TLS failed');
      });

      if (!isSail) onlyApacheSpark({ answered, rows, problem }, () => ({ forkline, url: spark.url }));

      it('keeps to the limits of an answer', async () => {
        expect(
          (await answered('@lake select id from range(100000)', { body: { limits: { rows: 10 } } })).json.rows
            .length,
        ).to.equal(10);
        expect((await answered('@lake select id from range(100000) | head 5')).json.rows.length).to.equal(5);
      });
    });
  }

  describe('Apache Spark 4.2, a master and a worker', () => {
    let spark: TestCluster;
    let forkline: Forkline;

    before(async function () {
      spark = await startSparkCluster(this);
      forkline = await startForkline({
        connections: {
          main: { url: (await testDatabase()).url },
          lake: { kind: 'spark', url: spark.url, token: CLUSTER_TOKEN },
        },
        sql: { processes: 1, connectionsPerProcess: 2 },
      });
    });
    after(async () => {
      await forkline?.stop();
      await spark?.stop();
    });
    const { rows, problem } = connectionQueries(() => forkline);

    it('is reached with its token only', async () => {
      expect(await sparkProblem(spark.url, { token: 'another' })).to.include('refuses the token');
      expect(await sparkProblem(spark.url)).to.include('refuses the token');
      expect(await sparkProblem(spark.url, { token: CLUSTER_TOKEN })).to.equal('it opened');
    });

    it('reads hive-partitioned Parquet, and goes on when an executor is killed', async () => {
      const path = join(spark.dir, 'sales');
      await writeSales(path);
      const query = `@lake select p, n from parquet.\`${path}\` | where p > 0 | stats count() as rows, sum(n) as total by p | sort p`;
      const wanted = [
        { p: 1, rows: 1000, total: 1_499_500 },
        { p: 2, rows: 1000, total: 1_500_500 },
      ];
      expect(await rows(query)).to.deep.equal(wanted);
      const { size, slow } = await seenRunning(forkline);
      expect(spark.killExecutors(), 'executors that were killed').to.be.above(0);
      const answer = await slow;
      expect(answer.json.rows, answer.text).to.deep.equal([{ n: size - 2 }]);
      expect(await rows(query)).to.deep.equal(wanted);
    });

    it('fails when its driver is killed in mid-query, and says that Spark is away', async () => {
      const asked = forkline.query(`@lake ${SLOW}`, { headers: { 'Query-Id': 'lost' } });
      await until(async () => sourcesOf(forkline, 'lost'), 60_000, 'Spark tells of tasks');
      await spark.kill();
      expect((await asked).json).to.include({ code: 'database-unavailable' });
      expect((await problem('@lake select 1 as one')).code).to.equal('database-unavailable');
      expect(await rows('select 1 as one')).to.deep.equal([{ one: 1 }]);
    });
  });
});

interface ShownSource {
  readonly connection: string;
  readonly operation: string;
  readonly tasks: number;
  readonly tasksDone: number;
}

/** Starts a query that is seen to run: one that ends before Spark has told of it is followed by a larger one. */
async function seenRunning(
  forkline: Forkline,
): Promise<{ readonly size: number; readonly slow: Promise<Answer> }> {
  for (let size = 30_000_000; ; size *= 4) {
    const id = `slow-${size}`;
    const slow = forkline.query(
      `@lake select count(*) as n from range(0, ${size}, 1, 12) where sqrt(sqrt(id)) > 1`,
      { headers: { 'Query-Id': id }, body: { limits: { timeoutMs: 240_000 } } },
    );
    let hasEnded = false;
    const ended = slow.then(({ status, text }) => {
      expect(status, text).to.equal(200);
      hasEnded = true;
    });
    ended.catch(() => {}); // a failure is thrown where it is awaited, below
    await until(async () => hasEnded || sourcesOf(forkline, id), 60_000, 'Spark tells of tasks');
    if (!hasEnded) return { size, slow };
    await ended;
  }
}

/** Resolves to what databases told of a query; null: nothing yet. */
async function sourcesOf(forkline: Forkline, queryId: string): Promise<readonly ShownSource[] | null> {
  const { json } = await forkline.get(`/v1/queries/${queryId}`);
  const sources = (json.sources ?? []) as readonly ShownSource[];
  return sources.some(({ tasks }) => tasks > 0) ? sources : null;
}

/** The tests of what LakeSail has not. */
function onlyApacheSpark(
  { answered, rows, problem }: ConnectionQueries,
  servers: () => { readonly forkline: Forkline; readonly url: string },
): void {
  const server = (): Forkline => servers().forkline;

  it('fails when its session was evicted, before it ran and while it runs', async () => {
    for (const isRunning of [false, true]) {
      const thrown = await evicted(servers().url, isRunning).catch((error: unknown) => error);
      expect(thrown, String(thrown)).to.be.instanceOf(QueryError);
      expect((thrown as QueryError).code, String(thrown)).to.be.oneOf(['database-unavailable', 'cancelled']);
    }
  });

  it('gives nested values as JSON, and what has no type of ours as text', async () => {
    const sql = `@lake select named_struct('a', 1, 'b', array(1, null)) as s, map('k', 2) as m, parse_json('{"x": [1, "y"]}') as v,
        array(1, 2) as l, array(array(1)) as ll, interval '1' day as i, null as z`;
    const { json } = await answered(sql);
    expect(json.columns.map(({ type }) => type)).to.deep.equal([
      ...['json', 'json', 'json', 'list<int64>', 'json', 'string', 'string'],
    ]);
    expect(json.rows).to.deep.equal([
      {
        ...{ s: { a: 1, b: [1, null] }, m: { k: 2 }, v: { x: [1, 'y'] }, l: [1, 2], ll: [[1]] },
        ...{ i: "INTERVAL '1' DAY", z: null },
      },
    ]);
    expect((await answered(`${sql} | head 1`)).json.rows).to.deep.equal(json.rows);
  });

  it('tells an error at its place in the text', async () => {
    const found = await problem('@lake select id\n, nothing from range(3)');
    expect(found).to.include({ code: 'unknown-column' });
    expect(found.position).to.include({ line: 2, column: 3 });
    const table = await problem('@lake select *\n  from no_such_table | where a > 1');
    expect(table).to.include({ code: 'sql-error' });
    expect(table.position).to.include({ line: 2, column: 8 });
    expect((await problem('@lake select 1 / id as x from range(3)')).detail).to.include('Division by zero');
  });

  it('tells of a moment that no type of ours carries', async () => {
    const sql = "@lake select timestampadd(year, 20000, timestamp'2000-01-01 00:00:00') as far";
    for (const query of [sql, `${sql} | head 1`])
      expect((await problem(query)).detail).to.include(
        'column far holds a moment outside of the years 1 to 9999',
      );
  });

  it('has sessions in UTC that raise errors, whatever the server is set to', async () => {
    const sql =
      "@lake select current_timezone() as zone, cast(timestamp'2020-01-01 00:00:00Z' as string) as t";
    expect(await rows(sql)).to.deep.equal([{ zone: 'UTC', t: '2020-01-01 00:00:00' }]);
    expect((await problem("@lake select cast('x' as int) as x")).detail).to.include('cannot be cast');
    expect(
      await rows("@lake select id, repeat('text ', 9) as t from range(2) | assert id >= 0"),
    ).to.have.length(2);
  });

  it('runs stages in Spark, as explain tells', async () => {
    const query =
      "@lake select id, id % 3 as g, cast(id as string) as t from range(1000) | where id >= 10 and t like '%7' | stats count() as n, sum(id) as s by g | sort g";
    const { json } = await server().get(`/v1/explain?q=${encodeURIComponent(query)}`);
    const stages = json.stages as readonly { readonly where: string; readonly why: string }[];
    expect(stages.map(({ where, why }) => `${where}: ${why}`)).to.deep.equal(
      Array.from({ length: 3 }, () => 'source: exact in Spark'),
    );
    const wanted = [
      { g: 0, n: 33, s: 16_731 },
      { g: 1, n: 33, s: 17_061 },
      { g: 2, n: 33, s: 16_401 },
    ];
    expect(await rows(query)).to.deep.equal(wanted);
    expect(await rows(`set pushdown = off; ${query}`)).to.deep.equal(wanted);
  });

  it('tells how far it has come, and counts it', async () => {
    const asked = server().query(`@lake ${SLOW}`, { headers: { 'Query-Id': 'long' } });
    const [source] = await until(() => sourcesOf(server(), 'long'), 60_000, 'Spark tells of tasks');
    expect(source).to.include({ connection: 'lake' });
    const cancelled = await fetch(`${server().url}/v1/queries/long`, { method: 'DELETE' });
    expect(cancelled.status).to.equal(202);
    expect((await asked).json).to.include({ code: 'cancelled' });
    expect(await rows('@lake select count(*) as n from range(100)')).to.deep.equal([{ n: 100 }]);
    await until(
      async () => /forkline_source_tasks_total [1-9]/.test((await server().get('/metrics')).text),
      20_000,
      'tasks are counted',
    );
  });
}

/** Runs a query whose session somebody else releases, as Spark does with one that it evicts. */
async function evicted(url: string, isRunning: boolean): Promise<void> {
  const channel = await openChannel(readUrl(url), {
    tls: { ca: null },
    userAgent: 'test',
    guardsAddress: false,
  });
  const known = { id: '' };
  const release = (): Promise<void> => endSession(channel, known.id, null);
  const control = createCallControl(Date.now() + 120_000, () => {
    if (isRunning) void release();
  });
  const { stub } = channel;
  const config = stub.Config.bind(stub);
  stub.Config = (request, ...rest) => {
    known.id = request.session_id;
    return config(request, ...rest);
  };
  const session = new QuerySession(channel, 'evicted', control);
  try {
    const asked = planOf(SLOW);
    await session.schema(asked);
    if (!isRunning) await release();
    for await (const _ of session.execute(asked));
  } finally {
    await session.release();
    channel.close();
    control.dispose();
  }
}

/** Hive-partitioned Parquet: 3,000 rows in three directories. */
async function writeSales(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const duck = await instance.connect();
  await duck.run(
    `copy (select i as n, i % 3 as p from range(3000) t(i)) to '${path}' (format parquet, partition_by (p))`,
  );
  duck.closeSync();
  instance.closeSync();
}
