import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ProcessRow } from '../../../../core/protocol/monitor.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { StatsBook } from '../../../../monitor/children/stats.ts';
import { QueryRegistry } from '../../../../server/history/registry.ts';
import { QueryTrace } from '../../../../server/history/trace.ts';
import { readTraceContext } from '../../../../server/history/trace-context.ts';
import { outcomeOf } from '../../../../server/observe/outcome.ts';
import type { MonitorReport } from '../../../../server/observe/process-list.ts';
import { DOCUMENT, families, idleMetrics, OF_NODE, withTable } from './metrics-table.ts';

const ROW: ProcessRow = {
  role: 'sql',
  workerId: 'sql-1',
  slot: 0,
  pid: 10,
  ppid: 1,
  sandboxed: false,
  state: 'ready',
  kernelState: 'S',
  cpuPercent: 1,
  cpuSeconds: 2,
  rssBytes: 100,
  pssBytes: null,
  openFiles: 10,
  openFilesLimit: 100,
  wchan: null,
  eventLoopLagMs: 250,
  ageMs: 1000,
  queriesServed: 0,
  queryId: null,
};

function view(rows: readonly ProcessRow[], book = new StatsBook(['sql', 'dsl'])): MonitorReport {
  return { processes: rows, stats: book.snapshot() };
}

/** The value of a series as it is written; undefined when it is not there. */
async function value(text: Promise<string> | string, series: string): Promise<number | undefined> {
  const line = (await text).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('metrics', () => {
  it('are documented: docs/metrics.md has every one as it is', () => {
    const document = readFileSync(DOCUMENT, 'utf8');
    const mend = 'run: npm run docs:metrics';
    expect(families().length).to.be.above(50);
    expect(document === withTable(document), mend).to.equal(true);
  });

  it("are, of the process itself, those of prom-client's that are named by the rules", () => {
    const register = new Registry();
    collectDefaultMetrics({ register, prefix: OF_NODE });
    const names = register.getMetricsAsArray().map(({ name }) => name);
    const misnamed = /nodejs_active_(?:handles|requests|resources)_total$/;
    const own = idleMetrics().families.map(({ name }) => name);
    expect(own.filter((name) => name.startsWith(OF_NODE))).to.have.members(
      names.filter((name) => !misnamed.test(name)),
    );
  });

  it('tell the CPU time of the server', async () => {
    const text = await idleMetrics().render(null);
    const parts = await Promise.all(
      ['user_', 'system_', ''].map((part) => value(text, `forkline_server_process_cpu_${part}seconds_total`)),
    );
    const used = process.cpuUsage();
    expect(parts[0]).to.be.within(0.01, used.user / 1e6);
    expect(parts[2]).to.be.closeTo(parts[0]! + parts[1]!, 0.5);
  });

  it('have no label that a client could fill', () => {
    const labels = new Set(families().flatMap(({ labelNames }) => labelNames));
    expect([...labels].sort()).to.deep.equal(
      [
        ...['build', 'code', 'format', 'lane', 'level', 'limit', 'method', 'node', 'outcome', 'phase'],
        // Operators name connections, and no client does.
        ...['connection', 'kind', 'source'],
        ...['rank', 'reason', 'result', 'role', 'route', 'slot', 'state', 'status', 'worker'],
      ].sort(),
    );
  });

  it('without the monitor its series are missing, not zero', async () => {
    const metrics = idleMetrics();
    const text = await metrics.render(null);
    expect(await value(text, 'forkline_monitor_up')).to.equal(0);
    for (const name of [
      'forkline_zombies',
      'forkline_config_last_reload_successful',
      'forkline_strays_killed_total',
    ])
      expect(await value(text, name), name).to.equal(undefined);
    expect(text).not.to.match(/^forkline_process(es)?[_{]/m);
    const again = await metrics.render(view([ROW]));
    expect(await value(again, 'forkline_monitor_up')).to.equal(1);
    expect(await value(again, 'forkline_zombies')).to.equal(0);
    expect(await value(again, 'forkline_config_last_reload_successful')).to.equal(1);
    expect(await value(await metrics.render(null), 'forkline_zombies')).to.equal(undefined);
  });

  it('sum the processes of a role, take the worst where a sum says nothing, and leave out what is not known', async () => {
    const rows = [ROW, { ...ROW, workerId: 'sql-2', pid: 11, openFiles: 50, eventLoopLagMs: 100 }];
    const text = await idleMetrics().render(view(rows));
    expect(await value(text, 'forkline_processes{role="sql",state="ready"}')).to.equal(2);
    expect(await value(text, 'forkline_process_resident_bytes{role="sql"}')).to.equal(200);
    expect(await value(text, 'forkline_process_proportional_bytes{role="sql"}')).to.equal(undefined);
    expect(await value(text, 'forkline_process_open_files_ratio{role="sql"}')).to.equal(0.5);
    expect(await value(text, 'forkline_event_loop_lag_seconds{role="sql",slot="0"}')).to.equal(0.25);
  });

  it('a process that is gone leaves no series, and its totals stay', async () => {
    const metrics = idleMetrics();
    const book = new StatsBook(['sql', 'dsl']);
    book.cpu.add([{ workerId: 'sql-1', role: 'sql', cpuSeconds: 2 }]);
    await metrics.render(view([ROW], book));
    book.cpu.add([{ workerId: 'sql-2', role: 'sql', cpuSeconds: 0.5 }]);
    book.ended('sql', 'signal', false);
    const text = await metrics.render(view([], book));
    expect(await value(text, 'forkline_process_resident_bytes{role="sql"}')).to.equal(undefined);
    expect(await value(text, 'forkline_process_cpu_seconds_total{role="sql"}')).to.equal(2.5);
    expect(await value(text, 'forkline_process_exits_total{role="sql",reason="signal"}')).to.equal(1);
    expect(await value(text, 'forkline_process_exits_total{role="dsl",reason="heartbeat"}')).to.equal(0);
  });

  it("show the monitor's histogram of starts as Prometheus has histograms", async () => {
    const book = new StatsBook(['sql', 'dsl']);
    for (const ms of [30, 150, 60_000]) book.started('dsl', ms);
    const text = await idleMetrics().render(view([], book));
    const bucket = (le: string) =>
      value(text, `forkline_process_start_seconds_bucket{le="${le}",role="dsl"}`);
    expect([
      await bucket('0.05'),
      await bucket('0.2'),
      await bucket('12.8'),
      await bucket('+Inf'),
    ]).to.deep.equal([1, 2, 2, 3]);
    expect(await value(text, 'forkline_process_start_seconds_sum{role="dsl"}')).to.equal(60.18);
    expect(await value(text, 'forkline_process_start_seconds_count{role="dsl"}')).to.equal(3);
  });

  it('count a query that ended, whose fault it was, and the limit that it met', async () => {
    const metrics = idleMetrics();
    const registry = new QueryRegistry();
    const trace = new QueryTrace(readTraceContext(undefined), false);
    const query = registry.start(
      { queryId: 'q', text: '', principal: anonymousAt(''), connection: '', timeoutMs: 1, trace },
      0,
    );
    query.phases.sql = 20;
    const limit = { name: 'resultRows', value: 1 };
    registry.end(query, { code: 'result-too-large', message: '', limit }, 1);
    metrics.queryEnded(query, 'csv', 30);
    const text = await metrics.render(null);
    expect(await value(text, 'forkline_queries_total{code="result-too-large",format="csv"}')).to.equal(1);
    expect(await value(text, 'forkline_query_duration_seconds_count{outcome="client-error"}')).to.equal(1);
    expect(await value(text, 'forkline_query_duration_seconds_count{outcome="server-error"}')).to.equal(0);
    expect(await value(text, 'forkline_limits_hit_total{limit="resultRows"}')).to.equal(1);
    expect(await value(text, 'forkline_query_phase_seconds_count{phase="sql"}')).to.equal(1);
    expect(text).not.to.contain('phase="dsl"');
  });

  it('tell the connections with their kinds, and count queries by kind', async () => {
    const metrics = idleMetrics();
    const ended = (connection: string, code: 'ok' | 'syntax' | 'database-unavailable'): void => {
      const registry = new QueryRegistry();
      const trace = new QueryTrace(readTraceContext(undefined), false);
      const query = registry.start(
        { queryId: 'q', text: '', principal: anonymousAt(''), connection, timeoutMs: 1, trace },
        0,
      );
      registry.end(query, code === 'ok' ? null : { code, message: '' }, 1);
      metrics.queryEnded(query, 'json', 1);
    };
    ended('lake', 'ok');
    ended('lake', 'database-unavailable');
    ended('main', 'syntax');
    ended('not-there', 'syntax');
    const text = await metrics.render(null);
    for (const [series, expected] of [
      ['forkline_connection_info{connection="lake",kind="files",source="catalogue"}', 1],
      ['forkline_connection_info{connection="main",kind="postgres",source="configuration"}', 1],
      ['forkline_connections{kind="files",source="catalogue"}', 1],
      ['forkline_queries_by_kind_total{kind="files",outcome="ok"}', 1],
      ['forkline_queries_by_kind_total{kind="files",outcome="server-error"}', 1],
      ['forkline_queries_by_kind_total{kind="files",outcome="cancelled"}', 0],
      ['forkline_queries_by_kind_total{kind="postgres",outcome="client-error"}', 1],
      ['forkline_queries_by_kind_total{kind="none",outcome="client-error"}', 1],
    ] as const)
      expect(await value(text, series), series).to.equal(expected);
    // A name that only a client knows becomes no label.
    expect(text).not.to.contain('not-there');
  });

  it('outcomes say whose fault an error is', () => {
    expect(
      (['ok', 'syntax', 'cancelled', 'client-gone', 'queue-full', 'internal'] as const).map(outcomeOf),
    ).to.deep.equal(['ok', 'client-error', 'cancelled', 'cancelled', 'server-error', 'server-error']);
  });

  it('unknown methods and routes share a series', async () => {
    const metrics = idleMetrics();
    for (const method of ['PROPFIND', 'MKCOL'])
      metrics.requestEnded({ route: undefined, method, status: 404 });
    metrics.requestEnded({ route: '/v1/query', method: 'POST', status: null });
    const text = await metrics.render(null);
    const series = 'forkline_http_requests_total{route="other",method="other",status="404"}';
    expect(await value(text, series)).to.equal(2);
    expect(
      await value(text, 'forkline_http_requests_total{route="/v1/query",method="POST",status="aborted"}'),
    ).to.equal(1);
  });
});
