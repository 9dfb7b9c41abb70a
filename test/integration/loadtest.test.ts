/** `npm run loadtest` as users run it, with tiny numbers: its figures mean nothing here, its files and its end do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Children } from '../../loadtest/children.ts';
import { hasPsql, type PlainSql } from '../../loadtest/limit/plain-sql.ts';
import { type Check, isHeld, type RunResult, type ScenarioResult } from '../../loadtest/result.ts';
import { testDatabase } from '../support/database.ts';
import { startForkline } from '../support/forkline.ts';
import { isThere, treeOf } from '../support/processes.ts';
import { skipBecause } from '../support/skip.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist-dev/loadtest/main.js', import.meta.url));
const TINY = ['--quick', '--rows', '10000', '--rounds', '1', '--duration', '200ms'];
const DEADLINE_MS = 90_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcess;
  stderr(): string;
  readonly ended: Promise<Ended>;
}

/** A target's value against its limit; what could not be measured is null in the file, and missed. */
function isWithin({ value, bound, limit }: Check): boolean {
  if (value === null || Number.isNaN(value)) return false;
  return bound === 'at-least' ? value >= limit : value <= limit;
}

/** The measurements of one competitor, one value per round. */
function rounds({ series }: ScenarioResult, of: string, figure: string): readonly number[] {
  return series.find(({ who, what }) => who === of && what === figure)?.values ?? [];
}

describe('loadtest', function () {
  this.timeout(240_000);
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-test-loadtest-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const running = new Set<ChildProcess>();
  // A test that failed half-way leaves one, which would keep the whole run alive.
  afterEach(() => {
    for (const child of running) child.kill('SIGTERM');
    running.clear();
  });

  async function start(args: readonly string[], env: Record<string, string> = {}): Promise<Started> {
    const { adminUrl } = await testDatabase();
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH ?? '', DATABASE_URL: adminUrl, ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) =>
      child.once('close', (code) => {
        running.delete(child);
        resolve({ code, stdout, stderr });
      }),
    );
    running.add(child);
    return { child, stderr: () => stderr, ended };
  }

  async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    return await (await start(args, env)).ended;
  }

  const reportIn = async (out: string): Promise<RunResult> =>
    JSON.parse(await readFile(join(out, 'report.json'), 'utf8'));

  async function expectNoData(): Promise<void> {
    const { admin } = await testDatabase();
    const { rows } = await admin(`SELECT 1 FROM pg_namespace WHERE nspname = 'forkline_load'`);
    expect(rows).to.deep.equal([]);
  }

  it('measures a scenario, writes both reports, drops its data, and its exit code says what the report says', async () => {
    const out = join(dir, 'whole');
    const { code, stdout, stderr } = await run([
      ...TINY,
      '--scenario',
      'small-query,warm-stages',
      '--out',
      out,
    ]);
    const result = await reportIn(out);
    expect(
      result.scenarios.map(({ name, state }) => [name, state]),
      stderr,
    ).to.deep.equal([
      ['small-query', 'done'],
      ['warm-stages', 'done'],
    ]);
    expect(code).to.equal(isHeld(result) ? 0 : 1);
    expect(stdout)
      .to.include('throughput against one process')
      .and.to.include(isHeld(result) ? 'Every' : 'Missed');
    // The values depend on the machine's load, but not whether they were measured and compared with their limits.
    const [small, stages] = result.scenarios;
    for (const who of ['Forkline', 'one process'])
      expect(rounds(small!, who, 'throughput')).to.have.length(1);
    expect(Math.min(...rounds(stages!, 'Forkline, 100 rows', 'elapsed'))).to.be.above(0);
    const checks = result.scenarios.flatMap((scenario) => scenario.checks);
    expect(checks.map(({ what, held }) => [what, held])).to.deep.equal(
      checks.map((check) => [check.what, isWithin(check)]),
    );
    expect(checks).to.have.length(3);
    expect(result.scenarios[0]!.resources.map(({ who }) => who)).to.include.members([
      'Forkline',
      'one process',
    ]);
    expect(await readFile(join(out, 'report.html'), 'utf8'))
      .to.include('<svg')
      .and.to.include('Where the time');
    await expectNoData();
  });

  it('writes what it has when it is interrupted, and leaves no process and no data', async () => {
    const out = join(dir, 'interrupted');
    const started = await start([
      ...TINY,
      '--duration',
      '60s',
      '--scenario',
      'warm-stages,mixed-clients',
      '--out',
      out,
    ]);
    await until(() => started.stderr().includes('[2/2]'), DEADLINE_MS, 'the second scenario runs');
    const generates = () => treeOf(started.child.pid!).length >= 8;
    await until(generates, DEADLINE_MS, 'servers and the load generator run');
    const tree = treeOf(started.child.pid!);
    started.child.kill('SIGINT');
    const { code } = await started.ended;
    expect(code).to.equal(130);
    const result = await reportIn(out);
    expect(result.interrupted).to.equal('interrupted by SIGINT');
    expect(result.scenarios.map(({ name, state }) => [name, state])).to.deep.equal([
      ['warm-stages', 'done'],
      ['mixed-clients', 'interrupted'],
    ]);
    // The kernel takes the processes of a sandbox away a moment after the one that held it.
    await until(() => tree.filter(isThere).length === 0, DEADLINE_MS, 'no process is left');
    await expectNoData();
  });

  it('refuses what cannot be measured, says why, and measures nothing', async () => {
    const refusals: [string[], RegExp][] = [
      [['--scenario', 'smal-query'], /no scenario "smal-query"; did you mean small-query\?/],
      [['--duration', 'long'], /--duration must be a time such as 500ms/],
      [['--against', 'http://127.0.0.1:1'], /no schema forkline_load; load it with/],
    ];
    for (const [args, message] of refusals) {
      const { code, stderr, stdout } = await run(args);
      expect([code, stdout], stderr).to.deep.equal([2, '']);
      expect(stderr).to.match(message);
    }
    const noDatabase = await run(['--quick'], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    expect(noDatabase.code).to.equal(2);
    expect(noDatabase.stderr).to.match(/the database says: .*ECONNREFUSED/);
  });

  it('refuses a port that is taken, and a server that does not read its data', async () => {
    await using forkline = await startForkline();
    const port = await run([...TINY, '--port', String(forkline.port)]);
    expect([port.code, port.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes(`port ${forkline.port} cannot be used`),
    );
    const server = await run([
      ...TINY,
      '--data',
      'drop',
      '--scenario',
      'warm-stages',
      '--against',
      forkline.url,
    ]);
    expect(server.code).to.equal(2);
    expect(server.stderr)
      .to.include(`does not read the load test's data`)
      .and.to.include('grant usage on schema');
    const gone = await run([...TINY, '--data', 'drop', '--against', 'http://127.0.0.1:1']);
    expect(gone.code).to.equal(2);
    expect(gone.stderr).to.include('there is no server at http://127.0.0.1:1');
    await expectNoData();
  });

  it('measures a server that runs already', async () => {
    const { adminUrl, admin } = await testDatabase();
    await using forkline = await startForkline({
      connections: { main: { url: adminUrl, allowPowerfulRole: true } },
    });
    const out = join(dir, 'against');
    const args = [
      ...TINY,
      '--data',
      'drop',
      '--scenario',
      'warm-stages,cold-start',
      '--against',
      forkline.url,
    ];
    const { stderr } = await run([...args, '--out', out]);
    const { scenarios } = await reportIn(out);
    expect(
      scenarios.map(({ name, state }) => [name, state]),
      stderr,
    ).to.deep.equal([
      ['warm-stages', 'done'],
      ['cold-start', 'skipped'],
    ]);
    expect((await forkline.query('select 1 as one')).status).to.equal(200);
    expect((await admin('SELECT 1 AS one')).rows).to.deep.equal([{ one: 1 }]);
  });
});

describe('plain SQL', () => {
  for (const tool of ['psql', 'driver'] as const) {
    it(`${tool} times statements, and tells the database's own message`, async function () {
      if (tool === 'psql' && !hasPsql(process.env.PATH)) skipBecause(this, 'no psql here');
      // By its built path: it starts a built process.
      const built = await import('../../dist-dev/loadtest/limit/plain-sql.js' as string);
      const children = new Children();
      const deps = { children, url: (await testDatabase()).adminUrl, path: process.env.PATH };
      try {
        const plain: PlainSql = tool === 'psql' ? built.openPsql(deps) : await built.openDriver(deps);
        expect(await plain.time('COPY (SELECT generate_series(1, 1000)) TO STDOUT')).to.be.above(0);
        const failed = await plain.time('SELECT nonsense').catch((error: Error) => error.message);
        expect(failed).to.equal('column "nonsense" does not exist');
        expect(await plain.time('SELECT 1')).to.be.above(0);
      } finally {
        await children.endAll();
      }
    });
  }
});
