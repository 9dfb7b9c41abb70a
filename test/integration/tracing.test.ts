/** A trace through everything: from the client's traceparent to the database, the log and a collector. */
import { expect } from 'chai';
import { attributesOf, startCollector } from '../support/collector.ts';
import { testDatabase } from '../support/database.ts';
import { sharedForkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 10_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;

async function applicationNames(): Promise<string[]> {
  const { admin } = await testDatabase();
  const { rows } = await admin(
    "select application_name as name from pg_stat_activity where application_name like 'forkline %'",
  );
  return (rows as { name: string }[]).map(({ name }) => name);
}

describe('tracing', function () {
  this.timeout(60_000);

  it('without a collector: a trace id in the answer and the log, and in the database if a client asks', async () => {
    const forkline = await sharedForkline();
    const plain = await forkline.query('select 1 as a');
    const own = /^00-([0-9a-f]{32})-[0-9a-f]{16}-00$/.exec(plain.headers.get('traceresponse') ?? '')?.[1];
    expect(own).to.be.a('string');
    const given = await forkline.query('select 1 as a', { headers: { traceparent } });
    expect(given.headers.get('traceresponse')).to.match(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    await until(
      async () => {
        const lines = (await forkline.logLines()).filter((line) => line.includes('"query-ended"'));
        return [own!, TRACE].every((id) => lines.some((line) => line.includes(`"traceId":"${id}"`)));
      },
      DEADLINE_MS,
      'both queries are in the log with their trace',
    );
    expect((await forkline.get('/metrics')).text).not.to.contain('forkline_trace_spans');
  });

  for (const [way, stages] of [
    ['SQL only', ''],
    ['through stages', " | where lower('A') = 'a'"],
  ] as const) {
    it(`the database shows the trace while its query runs and no longer, ${way}`, async () => {
      const forkline = await sharedForkline();
      const sleeping = `select pg_sleep(60)::text as a${stages}`;
      const queryId = `traced-${stages.length}`;
      const headers = { traceparent, 'Query-Id': queryId };
      const running = forkline.query(sleeping, { headers });
      const named = async () => (await applicationNames()).filter((name) => name.endsWith(` ${TRACE}`));
      const [name] = await until(
        async () => {
          const names = await named();
          return names.length > 0 ? names : null;
        },
        DEADLINE_MS,
        'the trace is in pg_stat_activity',
      );
      expect(name).to.match(/^forkline sql-\d+ /);
      await fetch(`${forkline.url}/v1/queries/${queryId}`, { method: 'DELETE' });
      expect((await running).status).to.equal(409);
      await until(async () => (await named()).length === 0, DEADLINE_MS, 'the name is as it was');
      // No trace is left in this session, and the place of a mistake shows that none is in the text.
      const answer = await forkline.query("select current_setting('application_name') as name", { headers });
      expect(answer.json.rows[0]!.name).to.contain(TRACE);
      const after = await forkline.query("select current_setting('application_name') as name");
      expect(after.json.rows[0]!.name).to.match(/^forkline sql-\d+$/);
      const wrong = await forkline.query(`select nonsense from flights${stages}`, { headers });
      expect([wrong.status, wrong.json.position]).to.deep.include.members([400]);
      expect(wrong.json.position).to.include({ line: 1, column: 8 });
    });
  }

  it('sends the spans of a query to the collector, under the span of its client', async () => {
    await using collector = await startCollector();
    await using forkline = await startForkline({ tracing: { endpoint: collector.endpoint } });
    const answer = await forkline.query('set pushdown = off; select origin from flights | head 2', {
      headers: { traceparent },
    });
    const spans = await until(
      () => {
        const found = collector.spans.filter(({ traceId }) => traceId === TRACE);
        return found.length > 0 ? found : null;
      },
      DEADLINE_MS,
      'the spans arrive',
    );
    const names = spans.map(({ name }) => name).sort();
    expect(names).to.include.members(['describe', 'encode', 'plan', 'queue', 'query', 'sql', 'stages']);
    const query = spans.find(({ name }) => name === 'query')!;
    expect(query.parentSpanId).to.equal('b7ad6b7169203331');
    expect(answer.headers.get('traceresponse')).to.equal(`00-${TRACE}-${query.spanId}-01`);
    expect(attributesOf(query.attributes)).to.include({
      'forkline.query_id': answer.headers.get('query-id'),
      'forkline.connection': 'main',
      'forkline.answer.rows': '2',
    });
    for (const { name, parentSpanId, startTimeUnixNano } of spans) {
      if (name === 'query') continue;
      expect(parentSpanId, name).to.equal(query.spanId);
      expect(BigInt(startTimeUnixNano) >= BigInt(query.startTimeUnixNano), name).to.equal(true);
    }
    expect(collector.resource).to.include({ 'service.name': 'forkline' });
    await until(
      async () => /^forkline_trace_spans_exported_total [1-9]/m.test((await forkline.get('/metrics')).text),
      DEADLINE_MS,
      'the exported spans are counted',
    );
  });

  it('a collector that is not there changes no answer', async () => {
    await using forkline = await startForkline({ tracing: { endpoint: 'http://127.0.0.1:1/v1/traces' } });
    expect((await forkline.query('select 1 as a')).status).to.equal(200);
    await until(
      async () => (await forkline.logLines()).some((line) => line.includes('"spans-not-exported"')),
      DEADLINE_MS,
      'it is said in the log',
    );
    expect((await forkline.query('select 1 as a')).status).to.equal(200);
  });

  it('does not export what the client says is not sampled', async () => {
    await using collector = await startCollector();
    await using forkline = await startForkline({ tracing: { endpoint: collector.endpoint } });
    await forkline.query('select 1 as a', { headers: { traceparent: traceparent.replace(/01$/, '00') } });
    const own = await forkline.query('select 1 as a');
    const sampled = own.headers.get('traceresponse')!.split('-')[1];
    await until(
      () => collector.spans.some(({ traceId }) => traceId === sampled),
      DEADLINE_MS,
      'the trace that began here arrives',
    );
    expect(collector.spans.filter(({ traceId }) => traceId === TRACE)).to.deep.equal([]);
  });
});
