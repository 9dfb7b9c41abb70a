/** A query on Spark while it runs, and its plan, on a Spark Connect server of our own: everywhere, without Java. */
import { tableFromArrays } from 'apache-arrow';
import { expect } from 'chai';
import { type FakeSpark, type FakeStream, fakeSpark } from '../support/fake-spark.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

describe('Spark, while a query runs', function () {
  this.timeout(60_000);
  let spark: FakeSpark;
  let forkline: Forkline;
  let goOn: () => void;
  let mayGoOn: Promise<void>;

  async function execute(stream: FakeStream): Promise<void> {
    stream.progress(1, 4, 1000);
    stream.progress(2, 4, 2500);
    await Promise.race([mayGoOn, stream.interrupted]);
    stream.progress(4, 4, 4000);
    stream.batch(tableFromArrays({ n: Float64Array.from([1, 2]) }));
    stream.complete();
    stream.end();
  }

  before(async () => {
    spark = await fakeSpark({
      fields: [{ name: 'n', type: { double: {} } }],
      execute: (stream) => void execute(stream),
    });
    forkline = await startForkline({
      connections: { lake: { kind: 'spark', url: spark.url } },
      sql: { processes: 1, connectionsPerProcess: 2 },
    });
  });
  beforeEach(() => {
    mayGoOn = new Promise((resolve) => {
      goOn = resolve;
    });
  });
  after(async () => {
    await forkline?.stop();
    await spark?.[Symbol.asyncDispose]();
  });

  const sources = async (queryId: string) =>
    ((await forkline.get(`/v1/queries/${queryId}`)).json.sources ?? []) as readonly Record<string, unknown>[];

  for (const [queryId, query] of [
    ['alone', '@lake select n from t'],
    ['staged', '@lake select n from t | assert n > 0'],
  ] as const)
    it(`is shown with its tasks and bytes (${queryId})`, async () => {
      const asked = forkline.query(query, { headers: { 'Query-Id': queryId } });
      const found = await until(
        async () => (await sources(queryId)).find(({ tasksDone }) => tasksDone === 2),
        20_000,
        'the second of two',
      );
      expect(found).to.include({ connection: 'lake', stages: 1, stagesDone: 0, tasks: 4, tasksRunning: 2 });
      expect(found).to.include({ bytesRead: 2500 });
      goOn();
      const { json } = await asked;
      expect(json.rows).to.deep.equal([{ n: 1 }, { n: 2 }]);
      expect(await sources(queryId)).to.have.length(1);
    });

  it('is counted in metrics', async () => {
    goOn();
    const counted = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await forkline.get('/metrics')).text)?.[1]);
    const before = await counted('forkline_source_tasks_total');
    const bytes = await counted('forkline_source_read_bytes_total');
    expect((await forkline.query('@lake select n from t')).status).to.equal(200);
    await until(async () => (await counted('forkline_source_tasks_total')) === before + 4, 20_000, '4 tasks');
    expect(await counted('forkline_source_read_bytes_total')).to.equal(bytes + 4000);
  });

  it('is explained by Spark itself, on demand', async () => {
    const response = await fetch(`${forkline.url}/v1/explain/database`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '@lake select n from t | where n > 1' }),
    });
    expect(response.status).to.equal(200);
    const { sources: explained } = (await response.json()) as {
      sources: { sql: string; databasePlan: string }[];
    };
    expect(explained).to.have.length(1);
    expect(explained[0]!.databasePlan).to.match(/^== Physical Plan == of SELECT \* FROM \(\n/);
    expect(explained[0]!.databasePlan).to.include(explained[0]!.sql);
    const plain = await forkline.get('/v1/explain?q=@lake%20select%20n%20from%20t');
    expect((plain.json.sources as object[])[0]).to.not.have.property('databasePlan');
  });

  it('leaves no session in Spark when its worker is killed', async () => {
    const asked = forkline.query('@lake select n from t', { headers: { 'Query-Id': 'killed' } });
    await until(async () => (await sources('killed')).length > 0, 20_000, 'it runs');
    const [worker] = (await forkline.processes()).filter(({ role }) => role === 'sql');
    process.kill(worker!.pid, 'SIGKILL');
    expect((await asked).json).to.include({ code: 'worker-lost' });
    await until(() => spark.sessions.size === 0, 20_000, 'the next worker ends the session');
    goOn();
    expect((await forkline.query('@lake select n from t')).json.rowCount).to.equal(2);
  });

  it('leaves no session in Spark when all of Forkline is killed and starts again', async () => {
    await until(() => spark.sessions.size === 0, 20_000, 'earlier ones are released');
    const connections = { lake: { kind: 'spark', url: spark.url } };
    const sql = { processes: 1, connectionsPerProcess: 2 };
    const first = await startForkline({ connections, sql });
    try {
      const asked = first.query('@lake select n from t').catch(() => null);
      await until(
        () => spark.named('ExecutePlan').length > 0 && spark.sessions.size === 1,
        20_000,
        'it runs',
      );
      process.kill(first.monitorPid, 'SIGKILL');
      await asked;
      await first.exited;
      await using _ = await startForkline({ connections, sql, dataDir: first.dataDir });
      await until(() => spark.sessions.size === 0, 20_000, 'the next run ends the session');
    } finally {
      goOn();
      await first.stop();
    }
  });

  it('leaves no session in Spark', () => until(() => spark.sessions.size === 0, 20_000, 'all are released'));
});
