/** Other pool sizes at run time, and workers that come and go under load: no query may notice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DEADLINE_MS = 20_000;

async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number, out, err };
}

const readyIds = async (forkline: Forkline, role: string): Promise<string[]> =>
  (await forkline.processes())
    .filter((row) => row.role === role && row.state !== 'starting' && row.state !== 'draining')
    .map(({ workerId }) => workerId);

/** Queries one after another from some clients until stopped; what did not answer. */
function load(forkline: Forkline, clients: number) {
  const failures: string[] = [];
  let served = 0;
  let stopped = false;
  const running = Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let i = 0; !stopped; i++) {
        const stages = (client + i) % 4 === 0 ? ' | sample 100%' : '';
        const answer = await forkline.query(`select 1 as a, pg_sleep(0.005)::text as b${stages}`);
        if (answer.status === 200) served++;
        else failures.push(answer.text);
      }
    }),
  );
  return {
    failures,
    get served() {
      return served;
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

describe('pools at run time', function () {
  this.timeout(60_000);

  it('forkline scale changes them under load without a failed query, TTIN and TTOU by one SQL worker', async () => {
    await using forkline = await startForkline(SEVERAL_PROCESSES);
    const clients = load(forkline, 4);
    const scaled = await command('scale', 'sql=4', 'dsl=2', '--config', forkline.configFile);
    expect(scaled.out).to.include('SQL workers: 2 -> 4').and.include('at most: 3 -> 2');
    expect(scaled.out).to.include('until the next reload');
    await until(async () => (await readyIds(forkline, 'sql')).length === 4, DEADLINE_MS, 'four');
    process.kill(forkline.monitorPid, 'SIGTTIN');
    await until(async () => (await readyIds(forkline, 'sql')).length === 5, DEADLINE_MS, 'five');
    process.kill(forkline.monitorPid, 'SIGTTOU');
    await until(async () => (await readyIds(forkline, 'sql')).length === 4, DEADLINE_MS, 'four again');
    const down = await command('scale', 'sql=1', '--json', '--config', forkline.configFile);
    expect(JSON.parse(down.out)).to.deep.equal({ before: { sql: 4, dsl: 2 }, after: { sql: 1, dsl: 2 } });
    await until(
      async () => (await forkline.processes()).filter(({ role }) => role === 'sql').length === 1,
      DEADLINE_MS,
      'one',
    );
    await clients.stop();
    expect(clients.failures).to.deep.equal([]);
    expect(clients.served).to.be.above(20);
    const lines = await forkline.logLines();
    expect(lines.filter((line) => line.includes('"event":"scaled"'))).to.have.length(4);
  });

  it('lasts until the next reload', async () => {
    await using forkline = await startForkline(SEVERAL_PROCESSES);
    await command('scale', 'sql=3', '--config', forkline.configFile);
    await until(async () => (await readyIds(forkline, 'sql')).length === 3, DEADLINE_MS, 'three');
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(
      async () => (await forkline.processes()).filter(({ role }) => role === 'sql').length === 2,
      DEADLINE_MS,
      'two, as configured',
    );
  });

  describe('of one that runs', () => {
    let forkline: Forkline;
    let config: readonly string[];
    before(async () => {
      forkline = await startForkline(SEVERAL_PROCESSES);
      config = ['--config', forkline.configFile];
    });
    after(() => forkline.stop());

    const wrong = async (...args: string[]) => {
      const { code, err } = await command('scale', ...args);
      return [code, err.trim()];
    };

    it('says what is wrong: the pool, the number', async () => {
      expect(await wrong('sqll=2', ...config)).to.deep.equal([
        2,
        'forkline: there is no pool "sqll"; did you mean sql?',
      ]);
      expect(await wrong('sql=many', ...config)).to.deep.equal([
        2,
        'forkline: sql must be a whole number from 1 to 64, not "many"',
      ]);
      expect((await wrong('dsl=257', ...config))[1]).to.include('from 1 to 256, not 257');
    });

    it('status --local answers from the monitor', async () => {
      const { out } = await command('status', '--local', ...config);
      expect(out).to.include('pools: 2 SQL workers, at most 3 DSL workers');
      expect(out).to.match(/^server-1 /m);
    });

    it('top prints once where there is no terminal', async () => {
      const running = forkline.query('select pg_sleep(3)', { headers: { 'Query-Id': 'shown' } });
      await until(async () => (await forkline.get('/v1/queries/shown')).status === 200, DEADLINE_MS);
      const { code, out } = await command('top', '--url', forkline.url);
      expect(code).to.equal(0);
      expect(out)
        .to.match(/^sql-1 /m)
        .and.match(/^shown +(queue|plan|describe|sql) /m);
      expect(out).to.not.include('\u001b');
      expect((await running).status).to.equal(200);
    });

    it('reaches the running server though its configuration file is broken by now, and says so', async () => {
      const good = await readFile(forkline.configFile, 'utf8');
      await writeFile(forkline.configFile, good.slice(0, -1));
      const scaled = await command('scale', 'sql=3', ...config);
      expect([scaled.code, scaled.out.split('\n')[0]]).to.deep.equal([0, 'SQL workers: 2 -> 3']);
      expect(scaled.err).to.include('not JSON').and.include(`the data directory ${forkline.dataDir}`);
      await writeFile(forkline.configFile, JSON.stringify({ ...JSON.parse(good), listen: { prot: 1 } }));
      const status = await command('status', '--local', '--json', ...config);
      expect(status.code).to.equal(0);
      expect(JSON.parse(status.out).sizes).to.deep.equal({ sql: 3, dsl: 3 });
      expect(status.err).to.include('prot').and.include('would not load');
    });

    it('says that none runs where none does', async () => {
      const { dataDir } = forkline;
      await forkline.stop();
      const [code, message] = await wrong('sql=2', '--config', '/dev/null');
      expect([code, String(message).startsWith('forkline: /dev/null: ')]).to.deep.equal([1, true]);
      const env = { PATH: process.env.PATH ?? '', FORKLINE_DATA_DIR: dataDir };
      const child = spawn(process.execPath, [COMMAND, 'status', '--local'], { env, cwd: '/' });
      const [err, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      expect(status).to.equal(1);
      expect(err).to.include(`no forkline runs with the data directory ${dataDir}`);
    });
  });

  it('SQL workers are replaced by queries served under load, and no query fails', async () => {
    await using forkline = await startForkline({
      sql: { ...SEVERAL_PROCESSES.sql, maxQueriesPerWorker: 40 },
    });
    const before = await readyIds(forkline, 'sql');
    const clients = load(forkline, 4);
    await until(
      async () => {
        const ids = (await forkline.processes()).map(({ workerId }) => workerId);
        return before.every((id) => !ids.includes(id));
      },
      DEADLINE_MS,
      'both are new',
    );
    await clients.stop();
    expect(clients.failures).to.deep.equal([]);
    expect(clients.served).to.be.above(80);
    const recycled = (await forkline.logLines()).filter((line) => line.includes('"event":"sql-recycle"'));
    expect(recycled.length).to.be.at.least(2);
    expect(recycled[0]).to.include('"limit":"queries"');
  });
});
