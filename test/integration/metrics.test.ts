/** The metrics when processes die and configurations are reloaded. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;

/** The value of a series; null while it is not there, or nobody answers. */
async function read(forkline: Forkline, series: string): Promise<number | null> {
  const answer = await forkline.get('/metrics').catch(() => null); // a server that was killed resets its connections
  const line = answer?.text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

async function kill(forkline: Forkline, role: string): Promise<void> {
  const rows = await forkline.processes();
  process.kill(rows.find((row) => row.role === role)!.pid, 'SIGKILL');
}

describe('metrics of a living server', function () {
  this.timeout(60_000);

  it('nothing falls when a worker dies; when the server dies, only what it counted itself begins anew', async () => {
    await using forkline = await startForkline();
    const queries = 'forkline_queries_total{code="ok",format="json"}';
    const exits = (role: string) => `forkline_process_exits_total{role="${role}",reason="signal"}`;
    const cpu = 'forkline_process_cpu_seconds_total{role="sql"}';
    await forkline.query('select origin from flights | head 1');
    await until(async () => (await read(forkline, queries)) === 1, DEADLINE_MS, 'the query is counted');
    const used = await until(() => read(forkline, cpu), DEADLINE_MS, 'CPU time is counted');
    expect(await read(forkline, exits('sql'))).to.equal(0);
    await kill(forkline, 'sql');
    await until(async () => (await read(forkline, exits('sql'))) === 1, DEADLINE_MS, 'the death is counted');
    expect(await read(forkline, queries)).to.equal(1);
    expect(await read(forkline, cpu)).to.be.at.least(used);
    // The other requests were not queries.
    const served = async () =>
      (await forkline.processes()).find(({ role }) => role === 'server')?.queriesServed;
    await until(async () => (await served()) === 1, DEADLINE_MS, 'the process table agrees');
    await kill(forkline, 'server');
    await until(
      async () => (await read(forkline, exits('server'))) === 1,
      DEADLINE_MS,
      'and the one of the server',
    );
    expect(await read(forkline, exits('sql'))).to.equal(1);
    expect(await read(forkline, queries)).to.equal(null);
    expect(await read(forkline, cpu)).to.be.at.least(used);
  });

  it('a reload that fails shows, and the next one that does not', async () => {
    await using forkline = await startForkline({ dsl: { spares: 0, max: 1 } });
    const successful = 'forkline_config_last_reload_successful';
    const at = 'forkline_config_last_reload_success_timestamp_seconds';
    const config = JSON.parse(await readFile(forkline.configFile, 'utf8'));
    const startedAt = await read(forkline, at);
    expect(await read(forkline, successful)).to.equal(1);
    expect(startedAt).to.be.above(1e9);
    await writeFile(forkline.configFile, '{"limits": {"timeoutMs": "soon"}}');
    process.kill(forkline.pid, 'SIGHUP');
    await until(async () => (await read(forkline, successful)) === 0, DEADLINE_MS, 'the failure shows');
    expect(await read(forkline, at)).to.equal(startedAt);
    expect(await read(forkline, 'forkline_config_reloads_total{result="failure"}')).to.equal(1);
    await writeFile(forkline.configFile, JSON.stringify(config));
    process.kill(forkline.pid, 'SIGHUP');
    await until(async () => (await read(forkline, successful)) === 1, DEADLINE_MS, 'the success shows');
    expect(await read(forkline, at)).to.be.above(startedAt!);
  });

  it('a query that is cancelled in the database is measured until its connection is free again', async () => {
    await using forkline = await startForkline();
    const path = '/v1/queries/cancelled';
    const running = forkline.query('select pg_sleep(60)::text as a', {
      headers: { 'Query-Id': 'cancelled' },
    });
    await until(
      async () => (await forkline.get(path)).text.includes('"phase":"sql"'),
      DEADLINE_MS,
      'it runs in the database',
    );
    await fetch(forkline.url + path, { method: 'DELETE' });
    expect((await running).status).to.equal(409);
    const count = 'forkline_cancel_duration_seconds_count';
    await until(async () => (await read(forkline, count)) === 1, DEADLINE_MS, 'the cancel is measured');
    expect(await read(forkline, 'forkline_query_duration_seconds_count{outcome="cancelled"}')).to.equal(1);
  });
});
