/** `forkline start` and the other commands, run as users run them. Needs the build. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FLIGHT_ROWS, testDatabase } from '../support/database.ts';
import type { Forkline } from '../support/forkline.ts';
import { SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const README_QUERY =
  'select origin, delay from flights | where delay > 0 ' +
  '| stats count() as flights, avg(delay) as mean by origin | sort -flights | head 5';
const SAME_IN_SQL =
  'select origin, count(*) as flights, avg(delay)::float8 as mean from flights where delay > 0 ' +
  'group by origin order by flights desc, origin limit 5';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end. Its environment is this and nothing else. */
async function forkline(
  args: string[],
  env: Record<string, string> = {},
  stdin = '',
  cwd = tmpdir(),
): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  child.stdin.end(stdin);
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, stdout, stderr };
}

describe('forkline start', function () {
  this.timeout(60_000);

  it('starts all five kinds of process, says where it listens and what to try but no password, and leaves nothing behind', async () => {
    const server = await startForkline(SEVERAL_PROCESSES);
    const answer = await server.query('select count(*) as n from flights');
    expect(answer.json.rows).to.deep.equal([{ n: FLIGHT_ROWS }]);
    const processes = await server.processes();
    const roles = new Set<string>(processes.map(({ role }) => role));
    expect(roles).to.include.all.keys('monitor', 'logger', 'server', 'sql', 'dsl');
    expect(processes.find(({ role }) => role === 'monitor')?.pid).to.equal(server.pid);
    expect(server.output()).to.contain(`curl -s localhost:${server.port}/v1/query -d`);
    expect(server.output()).to.contain(`http://localhost:${server.port}/ in a browser`);
    // Boots of DSL workers would hold up the first answers.
    const events = await until(async () => {
      const seen = (await server.logLines()).map((line) => (JSON.parse(line) as { event: string }).event);
      return seen.includes('dsl-start') ? seen : null;
    }, 10_000);
    expect(events.indexOf('listening')).to.be.within(0, events.indexOf('dsl-start'));
    const { password } = new URL((await testDatabase()).url);
    await server.query('select * from no_such_table');
    expect(server.output()).not.to.contain(password);
    expect((await server.logLines()).join('\n')).not.to.contain(password);
    await server.stop(); // fails when a process is left
    expect(await server.exited).to.equal(0);
  });

  it('lists every mistake in the configuration and starts nothing', async () => {
    const { code, stdout, stderr } = await forkline(['start'], { FORKLINE_PORT: 'http', FORKLINE_PROT: '1' });
    expect(code).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/^forkline: 2 mistakes in the configuration$/m);
    expect(stderr).to.contain(
      'FORKLINE_PORT (listen.port): must be a whole number from 0 to 65535, not "http"',
    );
    expect(stderr).to.contain('FORKLINE_PROT: there is no such variable; did you mean FORKLINE_PORT?');
  });

  it('says which port is taken and how to choose another', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const dir = await mkdtemp(join(tmpdir(), 'forkline-test-'));
    try {
      const env = {
        DATABASE_URL: (await testDatabase()).url,
        FORKLINE_PORT: String(port),
        FORKLINE_DATA_DIR: dir,
        FORKLINE_LOG_FILE: join(dir, 'log'),
      };
      const { code, stdout, stderr } = await forkline(['start'], env);
      expect(code).to.equal(1);
      expect(stdout + stderr)
        .to.contain(String(port))
        .and.contain('FORKLINE_PORT');
    } finally {
      taken.close();
      await rm(dir, { recursive: true });
    }
  });

  it('takes a changed configuration on HUP, and keeps the old one when the new one has mistakes', async () => {
    await using server = await startForkline({ limits: { timeoutMs: 10_000 } });
    const timeoutMs = async () => (await server.get('/v1/limits')).json.timeoutMs;
    const rewrite = async (limits: object) => {
      const config = JSON.parse(await readFile(server.configFile, 'utf8')) as object;
      await writeFile(server.configFile, JSON.stringify({ ...config, limits }));
      process.kill(server.pid, 'SIGHUP');
    };
    await rewrite({ timeoutMs: 12_345 });
    await until(async () => (await timeoutMs()) === 12_345, 20_000, 'the new limit holds');
    await rewrite({ timeoutMs: 'soon', tiemoutMs: 1 });
    const logged = async () =>
      (await server.logLines()).some((line) => line.includes('did you mean timeoutMs'));
    await until(logged, 10_000, 'the mistakes are logged');
    expect(server.output()).to.match(/^forkline: not reloaded: 2 mistakes in the configuration$/m);
    expect(await timeoutMs()).to.equal(12_345);
    expect((await server.query('select 1 as one')).json.rows).to.deep.equal([{ one: 1 }]);
  });

  it('loads the demo data anew when the first start was killed in the middle of it', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'forkline-test-'));
    await chmod(dataDir, 0o711);
    try {
      const env = { PATH: process.env.PATH ?? '', FORKLINE_DATA_DIR: dataDir, FORKLINE_PORT: '0' };
      const first = spawn(process.execPath, [COMMAND, 'start'], {
        cwd: dataDir,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let printed = '';
      first.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk;
      });
      const exited = new Promise((resolve) => first.once('close', resolve));
      await until(() => printed.includes('reading flights'), 20_000, 'the data are being loaded');
      first.kill('SIGKILL');
      await exited;
      await using server = await startForkline({ dataDir }, { useTestDatabase: false });
      const answer = await server.query('select count(*) as n from flights');
      expect(answer.json.rows).to.deep.equal([{ n: 508_239 }]);
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });

  describe('without a database of its own', () => {
    let server: Forkline;
    before(async () => {
      server = await startForkline({}, { useTestDatabase: false });
    });
    after(async () => {
      await server.stop();
    });

    it('brings one with the flights of a month and the airports', async () => {
      const counts =
        'select (select count(*) from flights) as flights, (select count(*) from airports) as airports';
      expect((await server.query(counts)).json.rows).to.deep.equal([{ flights: 508_239, airports: 3376 }]);
      expect(server.output()).to.contain('creating a PostgreSQL database').and.contain('508,239 flights');
    });

    it('answers the query of the README as plain SQL does', async () => {
      const staged = await server.query(README_QUERY);
      const plain = await server.query(SAME_IN_SQL);
      expect(staged.status, staged.text).to.equal(200);
      expect(staged.json.rows).to.have.length(5);
      for (const [i, row] of staged.json.rows.entries()) {
        const expected = plain.json.rows[i]!;
        expect(row).to.include({ origin: expected.origin, flights: expected.flights });
        expect(row.mean).to.be.closeTo(expected.mean as number, 1e-9 * (expected.mean as number));
      }
    });

    it('lets nobody write', async () => {
      for (const sql of [
        'delete from flights',
        "with x as (insert into airports (iata) values ('x') returning 1) select * from x",
      ]) {
        const answer = await server.query(sql);
        expect(answer.status, sql).to.be.within(400, 403);
      }
      expect((await server.query('select count(*) as n from flights')).json.rows).to.deep.equal([
        { n: 508_239 },
      ]);
    });

    it('shows the database among the processes, and answers again after it was killed', async () => {
      const databasePid = async () => (await server.processes()).find(({ role }) => role === 'database')?.pid;
      const pid = (await databasePid())!;
      process.kill(pid, 'SIGKILL');
      await until(async () => (await databasePid()) !== pid, 20_000, 'the database has a new pid');
      const answers = async () => (await server.query('select 1 as one')).status === 200;
      await until(answers, 20_000, 'a query is answered');
      expect(server.output()).to.contain('the embedded PostgreSQL ended with signal SIGKILL');
    });

    it('keeps its passwords where only its user can read them', async () => {
      const secrets = await readFile(join(server.dataDir, 'postgres', 'secrets.json'), 'utf8');
      const { readerPassword, adminPassword } = JSON.parse(secrets) as Record<string, string>;
      for (const password of [readerPassword!, adminPassword!]) {
        expect(server.output()).not.to.contain(password);
        expect((await server.logLines()).join('\n')).not.to.contain(password);
      }
      expect(await readdir(join(server.dataDir, 'postgres'))).not.to.include('import');
    });
  });
});

describe('the other commands', function () {
  this.timeout(30_000);
  let server: Forkline;
  let env: Record<string, string>;
  before(async () => {
    server = await startForkline();
    env = { FORKLINE_URL: server.url };
  });
  after(async () => {
    await server.stop();
  });

  it('query prints a table', async () => {
    const sql = "select 'ATL' as origin, 5 as n union all select null, 12345 order by 2";
    const { code, stdout } = await forkline(['query', '--format', 'table', sql], env);
    expect(code).to.equal(0);
    const [header, rule, first, second, footer] = stdout.split('\n');
    expect([header, rule, first, second]).to.deep.equal([
      'origin      n',
      '------  -----',
      'ATL         5',
      'null    12345',
    ]);
    expect(footer).to.match(/^\(2 rows, [\d.]+ ms\)$/);
  });

  it('query keeps integers exact in a table', async () => {
    const { stdout } = await forkline(['query', '--format', 'table', 'select 9007199254740993 as n'], env);
    expect(stdout).to.contain('\n9007199254740993\n');
  });

  it('query prints the other formats byte by byte', async () => {
    const sql = 'select iata, city from airports order by iata | head 2';
    const csv = await forkline(['query', '--format', 'csv', sql], env);
    expect(csv.stdout).to.equal('iata,city\r\n00M,Bay Springs\r\nATL,Atlanta\r\n');
    const ndjson = await forkline(['query', '--format', 'ndjson', sql], env);
    expect(JSON.parse(ndjson.stdout.split('\n')[1]!)).to.deep.equal({ iata: 'ATL', city: 'Atlanta' });
    const json = await forkline(['query', sql], env);
    expect(JSON.parse(json.stdout)).to.include({ rowCount: 2, complete: true });
  });

  it('query reads the query from stdin, and binds parameters', async () => {
    const sql = 'select :a::int + 1 as b, :t::text as t';
    const { stdout, stderr } = await forkline(
      ['query', '--format', 'csv', '--param', 'a=41', '--param', 't=x y'],
      env,
      sql,
    );
    expect(stderr).to.equal('');
    expect(stdout).to.equal('b,t\r\n42,x y\r\n');
  });

  it('query says that an answer was cut by the limit', async () => {
    const { stdout } = await forkline(
      ['query', '--format', 'table', '--limit', '3', 'select iata from airports'],
      env,
    );
    expect(stdout).to.match(/\(3 rows, cut by the limit: there are more, [\d.]+ ms\)/);
  });

  it('query shows an error with its line and a caret, and exits with 1', async () => {
    const { code, stdout, stderr } = await forkline(
      ['query', 'select origin, delay from flights\n| where dely > 0'],
      env,
    );
    expect(code).to.equal(1);
    expect(stdout).to.equal('');
    expect(stderr).to.contain('error[unknown-column]').and.contain('line 2, column 9');
    expect(stderr).to.match(/\| where dely > 0\n {12}\^\^\^\^\n/);
    expect(stderr).to.contain('delay');
  });

  it('explain shows where each stage runs', async () => {
    const { code, stdout } = await forkline(['explain', README_QUERY], env);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^stage +runs in +because\n/)
      .and.match(/\nstats +(worker|database) /);
    expect(stdout)
      .to.contain('sent to the database (main):')
      .and.contain('columns: origin string, flights int64, mean float64');
    const json = await forkline(['explain', '--json', README_QUERY], env);
    expect(JSON.parse(json.stdout)).to.have.nested.property('sources[0].sql');
  });

  it('status shows the processes and the last queries', async () => {
    await forkline(['query', "select 'shown by status' as t"], env);
    const { code, stdout } = await forkline(['status'], env);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^process +pid +ppid +state/)
      .and.match(/\nsql-\d+ +\d+ /);
    expect(stdout).to.contain("select 'shown by status' as t");
    const json = JSON.parse((await forkline(['status', '--json'], env)).stdout) as object;
    expect(json).to.have.all.keys('processes', 'queries');
  });

  it('say so when there is no server', async () => {
    const { code, stderr } = await forkline(['query', '--url', 'http://127.0.0.1:1', 'select 1']);
    expect(code).to.equal(1);
    expect(stderr).to.contain('no Forkline answers at http://127.0.0.1:1').and.contain('forkline start');
  });

  it('exit with 2 on a mistake in the command line', async () => {
    const { code, stderr } = await forkline(['qeury', 'select 1']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('did you mean query?');
  });
});
