/** The routes for operators and tools, on a real server. */
import { expect } from 'chai';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 5000;

describe('the API beside queries', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline(SEVERAL_PROCESSES);
  });
  after(() => forkline.stop());

  it('lists running queries with their phase and workers, and ended ones with their outcome', async () => {
    const running = forkline.query('set pushdown = off; select pg_sleep(1)::text as a | where true', {
      headers: { 'Query-Id': 'listed' },
    });
    const view = await until(async () => {
      const { json, status } = await forkline.get('/v1/queries/listed');
      return status === 200 && (json.workerPids as number[]).length === 2 ? json : null;
    }, DEADLINE_MS);
    expect(view).to.include({ queryId: 'listed', state: 'running', phase: 'stages', connection: 'main' });
    const pids = (await forkline.processes()).map(({ pid }) => pid);
    expect(pids).to.include.members(view.workerPids as number[]);
    await running;
    const { queries } = (await forkline.get('/v1/queries')).json as unknown as {
      queries: { queryId: string; state: string; rows: number }[];
    };
    expect(queries.find(({ queryId }) => queryId === 'listed')).to.include({ state: 'finished', rows: 1 });
  });

  for (const [way, stages] of [
    ['SQL only', ''],
    ['through stages', " | where lower('A') = 'a'"],
  ] as const) {
    it(`cancels by id, ${way}: 202, the query ends with 409, a second cancel is 204`, async () => {
      const headers = { 'Query-Id': `cancel-me${stages.length}` };
      const running = forkline.query(`select pg_sleep(60)::text as a${stages}`, { headers });
      await until(
        async () =>
          (await forkline.get(`/v1/queries/${headers['Query-Id']}`)).text.includes('"workerPids":['),
        DEADLINE_MS,
      );
      const path = `${forkline.url}/v1/queries/${headers['Query-Id']}`;
      expect((await fetch(path, { method: 'DELETE' })).status).to.equal(202);
      const answer = await running;
      expect([answer.status, (JSON.parse(answer.text) as { code: string }).code]).to.deep.equal([
        409,
        'cancelled',
      ]);
      expect((await fetch(path, { method: 'DELETE' })).status).to.equal(204);
      expect((await fetch(`${forkline.url}/v1/queries/nobody`, { method: 'DELETE' })).status).to.equal(404);
    });
  }

  it('shows the process tree: each role, the monitor as the parent', async () => {
    const processes = await forkline.processes();
    const roles = processes.map(({ role }) => role);
    expect(roles).to.include.members(['monitor', 'logger', 'server', 'sql', 'dsl']);
    for (const { role, ppid, pid } of processes) {
      if (role !== 'monitor' && role !== 'database')
        expect(ppid, `${role} ${pid}`).to.equal(forkline.monitorPid);
    }
    if (process.platform === 'linux')
      for (const { rssBytes } of processes) expect(rssBytes).to.be.above(10_000_000);
  });

  it("finds a query's lines in the one log", async () => {
    await forkline.query('select 1 as a', { headers: { 'Query-Id': 'find-me' } });
    const lines = await until(async () => {
      const { json } = await forkline.get('/v1/logs?query=find-me');
      const found = json.lines as { event: string; queryId: string }[];
      return found.some(({ event }) => event === 'query-ended') ? found : null;
    }, DEADLINE_MS);
    for (const { queryId } of lines) expect(queryId).to.equal('find-me');
    const bad = await forkline.get('/v1/logs?level=loud');
    expect([bad.status, (JSON.parse(bad.text) as { code: string }).code]).to.deep.equal([400, 'bad-request']);
  });

  it('shows every limit', async () => {
    const { json } = await forkline.get('/v1/limits');
    expect(json).to.have.all.keys(
      ...[
        'queryBytes',
        'resultRows',
        'resultBytes',
        'timeoutMs',
        'maxTimeoutMs',
        'queueLength',
        'queueWaitMs',
      ],
      ...['poisonDeaths', 'poisonMs', 'slowQueryMs'],
      ...['clientSharePercent', 'readWindowMs', 'readBytes', 'bodiesBytes', 'historyBytes'],
      ...['headersTimeoutMs', 'requestTimeoutMs', 'keepAliveMs', 'connections', 'connectionsPerClient'],
      ...['perClient', 'bufferBytes', 'dslMemoryBytes', 'dslSpillBytes', 'dslRowBytes'],
      ...[
        'parameters',
        'timechartRows',
        'pivotColumns',
        'explodeElements',
        'querySources',
        'queryNesting',
        'lets',
        'models',
        'crossRows',
      ],
    );
  });

  it('exposes metrics that count what happened', async () => {
    const counted = async (line: RegExp) =>
      Number(line.exec((await forkline.get('/metrics')).text)?.[1] ?? 0);
    const ok = /^forkline_queries_total\{code="ok",format="csv"\} (\d+)/m;
    const before = await counted(ok);
    await forkline.query('select 1 as a', { format: 'csv' });
    await until(async () => (await counted(ok)) === before + 1, DEADLINE_MS);
    const { text, headers } = await forkline.get('/metrics');
    expect(headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    expect(text).to.match(/^forkline_processes\{role="sql",state="\w+"\} 2$/m);
    expect(text).to.match(/^forkline_process_resident_bytes\{role="server"\} [1-9]/m);
  });

  it('is live and ready', async () => {
    expect((await forkline.get('/livez')).json).to.deep.equal({ status: 'live' });
    expect((await forkline.get('/readyz')).json).to.include({ status: 'ready' });
  });

  it('describes itself: every path of the document answers', async () => {
    const document = (await forkline.get('/openapi.json')).json as unknown as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(document.openapi).to.equal('3.1.0');
    for (const [path, operations] of Object.entries(document.paths)) {
      if (!('get' in operations)) continue;
      // They are not on here: cache.test.ts, jobs.test.ts, legacy-api.test.ts.
      if (/^\/(?:v1\/cache|v1\/jobs|angora)\b/.test(path)) continue;
      const concrete = path.replace('{queryId}', 'find-me').replace('{name}', 'main');
      // Without a store there are no models, and no versions of connections.
      const isOfStore = /^\/v1\/(models|catalogue|connections\/\{name\}\/versions)/.test(path);
      // Without keys nothing can be encrypted for this server.
      const expected = isOfStore ? 501 : path === '/.well-known/jwks.json' ? 404 : 200;
      const search = /^\/v1\/(query\b(?!\/)|explain)/.test(path) ? '?q=select+1+as+a' : '';
      const { status } = await forkline.get(concrete + search);
      expect(status, path).to.equal(expected);
    }
    const page = await forkline.get('/docs');
    expect(page.headers.get('content-type')).to.match(/^text\/html/);
    expect(page.text).to.contain('docs.js');
    expect((await forkline.get('/docs.js')).text).to.contain('v1/query');
  });

  it('explains a query short of running it', async () => {
    const response = await fetch(`${forkline.url}/v1/explain`, {
      method: 'POST',
      body: 'select origin, delay from flights | where delay > 0 | head 3',
    });
    const plan = (await response.json()) as {
      stages: { name: string; where: string; why: string; columns: unknown[] }[];
    };
    expect(plan.stages.map(({ name, where }) => [name, where])).to.deep.equal([
      ['where', 'source'],
      ['head', 'source'],
    ]);
    for (const { why, columns } of plan.stages) {
      expect(why).to.be.a('string').that.is.not.empty;
      expect(columns).to.deep.equal([
        { name: 'origin', type: 'string' },
        { name: 'delay', type: 'int64' },
      ]);
    }
  });
});
