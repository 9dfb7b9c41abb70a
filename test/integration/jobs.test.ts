/** Jobs on a whole Forkline: queries that run without a client that waits, and results that are fetched again and again. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const LONG = 'select count(*) as n from generate_series(1, 300000000)';

interface JobJson {
  readonly id: string;
  readonly state: string;
  readonly rows: number | null;
  readonly error: { readonly code: string } | null;
}

describe('jobs', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let dataDir: string;
  const config = () => ({
    dataDir,
    jobs: { mode: 'on', perPrincipal: 2 },
    access: { trustedProxies: ['127.0.0.1'] },
  });

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-jobs-'));
    forkline = await startForkline({ ...FEW_PROCESSES, ...config() });
  });
  after(async () => {
    await forkline?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const as = (client: string) => ({ 'x-forwarded-for': client });
  const submit = (query: string, headers: Record<string, string> = {}, body: object = {}) =>
    fetch(`${forkline.url}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'respond-async', ...headers },
      body: JSON.stringify({ query, ...body }),
    });
  const at = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${forkline.url}${path}`, { method, headers });
  const jobOf = async (response: Response): Promise<JobJson> => (await response.json()) as JobJson;
  const ended = (id: string, headers: Record<string, string> = {}): Promise<JobJson> =>
    until(async () => {
      const job = await jobOf(await at(`/v1/jobs/${id}`, headers));
      return job.state === 'running' ? null : job;
    }, 20_000);
  const code = async (response: Response): Promise<string> =>
    ((await response.json()) as { code: string }).code;

  it('answers 202 with the place of the job, whose result can be fetched again and again', async () => {
    const accepted = await submit(
      'select origin, delay from flights order by date, delay, origin',
      {},
      { format: 'csv' },
    );
    expect(accepted.status).to.equal(202);
    expect(accepted.headers.get('preference-applied')).to.equal('respond-async');
    const { id } = await jobOf(accepted);
    expect(id).to.match(/^[0-9a-f]{32}$/);
    expect(accepted.headers.get('location')).to.equal(`/v1/jobs/${id}`);
    expect(await ended(id)).to.include({ state: 'finished', rows: 20_000 });
    const first = await (await at(`/v1/jobs/${id}/result`)).text();
    const direct = await forkline.query('select origin, delay from flights order by date, delay, origin', {
      format: 'csv',
    });
    expect(first).to.equal(direct.text);
    expect(await (await at(`/v1/jobs/${id}/result`)).text()).to.equal(first);
    const part = await at(`/v1/jobs/${id}/result?offset=100&limit=50`);
    expect(part.headers.get('link')).to.equal(`</v1/jobs/${id}/result?offset=150&limit=50>; rel="next"`);
    const lines = first.split('\r\n');
    expect(await part.text()).to.equal(`${[lines[0], ...lines.slice(101, 151)].join('\r\n')}\r\n`);
    const { jobs } = (await (await at('/v1/jobs')).json()) as { jobs: JobJson[] };
    expect(jobs.map((job) => job.id)).to.include(id);
  });

  it('gives parts of NDJSON and CSV that together are the whole, line breaks in values too', async () => {
    const query =
      'select n, case when n % 3 = 0 then E\'a\\n"b"\\r\\n\' || n else n::text end as t from generate_series(1, 1000) n';
    for (const format of ['ndjson', 'csv']) {
      const { id } = await jobOf(await submit(query, {}, { format, end: 'none' }));
      await ended(id);
      const whole = await (await at(`/v1/jobs/${id}/result`)).text();
      const header = format === 'csv' ? 'n,t\r\n' : '';
      let joined = header;
      for (let offset = 0; offset < 1000; offset += 300) {
        const part = await (await at(`/v1/jobs/${id}/result?offset=${offset}&limit=300`)).text();
        expect(part.startsWith(header)).to.equal(true);
        joined += part.slice(header.length);
      }
      expect(joined, format).to.equal(whole);
      expect((await (await at(`/v1/jobs/${id}`, {}, 'DELETE')).text()).length).to.equal(0);
    }
  });

  it('answers at once when the result is ready within the time that the client waits', async () => {
    const answer = await submit('select 1 as one', { prefer: 'wait=20' });
    expect(answer.status).to.equal(200);
    expect(answer.headers.get('location')).to.match(/^\/v1\/jobs\/[0-9a-f]{32}$/);
    expect(((await answer.json()) as { rows: object[] }).rows).to.deep.equal([{ one: 1 }]);
    const failed = await submit('select 1 / 0', { prefer: 'wait=20' });
    expect(failed.status).to.be.within(400, 499);
    expect(await code(failed)).to.equal('sql-error');
  });

  it('shows a job to nobody else', async () => {
    const { id } = await jobOf(await submit('select 1 as one', as('10.0.0.1')));
    await ended(id, as('10.0.0.1'));
    for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/result`]) {
      const other = await at(path, as('10.0.0.2'));
      expect(other.status).to.equal(404);
      await other.text();
    }
    expect((await (await at(`/v1/jobs/${id}`, as('10.0.0.2'), 'DELETE')).json()) as object).to.include({
      status: 404,
    });
    expect(((await (await at('/v1/jobs', as('10.0.0.2'))).json()) as { jobs: object[] }).jobs).to.deep.equal(
      [],
    );
    expect((await at(`/v1/jobs/${id}`, as('10.0.0.1'), 'DELETE')).status).to.equal(204);
    expect(await code(await at(`/v1/jobs/${id}`, as('10.0.0.1')))).to.equal('not-found');
  });

  it('starts a job once for an Idempotency-Key, and refuses the key with another query', async () => {
    const headers = { 'idempotency-key': 'once-only', ...as('10.0.0.3') };
    const first = await jobOf(await submit('select 1 as one', headers));
    expect((await jobOf(await submit('select 1 as one', headers))).id).to.equal(first.id);
    const other = await submit('select 2 as two', headers);
    expect(other.status).to.equal(422);
    expect(await code(other)).to.equal('idempotency-mismatch');
    const somebodyElse = await jobOf(await submit('select 2 as two', { ...headers, ...as('10.0.0.4') }));
    expect(somebodyElse.id).not.to.equal(first.id);
  });

  it('limits the jobs of one client, and cancels a job in the database', async () => {
    const client = as('10.0.0.5');
    const jobs = await Promise.all([1, 2].map(async () => await jobOf(await submit(LONG, client))));
    const third = await submit(LONG, client);
    expect(third.status).to.equal(429);
    expect(await code(third)).to.equal('too-many-jobs');
    const early = await at(`/v1/jobs/${jobs[0]!.id}/result`, client);
    expect(early.status).to.equal(409);
    expect(await code(early)).to.equal('job-running');
    for (const { id } of jobs) {
      const cancelled = await at(`/v1/jobs/${id}`, client, 'DELETE');
      expect(cancelled.status).to.equal(202);
      await cancelled.text();
      expect(await ended(id, client)).to.include({ state: 'cancelled' });
    }
  });

  it('is started, listed and fetched by the command', async () => {
    const command = async (...args: string[]) =>
      (await run(process.execPath, [COMMAND, ...args, '--url', forkline.url])).stdout;
    const id = (await command('query', '--async', '--format', 'ndjson', 'select 7 as seven')).trim();
    await ended(id);
    expect(await command('jobs')).to.include(id);
    expect(await command('jobs', 'result', id, '--limit', '1')).to.include('{"seven":7}');
    expect(await command('jobs', 'result', id, '--format', 'csv')).to.equal('seven\r\n7\r\n');
    await command('jobs', 'rm', id);
    expect(await command('jobs')).not.to.include(id);
  });

  it('keeps results over a restart, and says of running jobs that they were interrupted', async () => {
    const finished = await jobOf(await submit('select 42 as answer', as('10.0.0.6')));
    await ended(finished.id, as('10.0.0.6'));
    const running = await jobOf(await submit(LONG, as('10.0.0.6')));
    const server = (await forkline.processes()).find(({ role }) => role === 'server')!;
    process.kill(server.pid, 'SIGKILL');
    await until(async () => (await at('/v1/jobs')).status === 200, 20_000);
    const interrupted = await ended(running.id, as('10.0.0.6'));
    expect(interrupted.state).to.equal('failed');
    expect(interrupted.error!.code).to.equal('job-interrupted');
    const isReady = (line: string) =>
      line.includes('"process":"server-2"') && line.includes('"event":"ready"');
    await until(async () => (await forkline.logLines()).some(isReady), 20_000);
    await forkline.stop();
    forkline = await startForkline({ ...FEW_PROCESSES, ...config() });
    const result = await at(`/v1/jobs/${finished.id}/result`, as('10.0.0.6'));
    expect(((await result.json()) as { rows: object[] }).rows).to.deep.equal([{ answer: 42 }]);
  });
});
