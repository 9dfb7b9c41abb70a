/**
 * The sandbox of DSL workers: what code in one of them can reach, and that everything that workers do still works in it.
 * What the monitor sees and ends of sandboxed workers is tested by the fault tests, which run in it wherever there is one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readChildPids } from '../../core/process/proc.ts';
import type { ProcessRow } from '../../core/protocol/monitor.ts';
import { type Sandbox, sandboxWords } from '../../monitor/sandbox/sandbox.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { createLake, type Lake } from '../support/lake.ts';
import { startLongQuery } from '../support/long-query.ts';
import { isThere, treeOf } from '../support/processes.ts';
import { BUILD_ROOT, needSandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 30_000;
const MIB = 1024 * 1024;
const PROBE = fileURLToPath(new URL('../fixtures/sandbox/probe.mjs', import.meta.url));

interface Reached {
  readonly read: string[];
  readonly engineRead: string[];
  readonly written: string[];
  readonly connected: (string | number)[];
  readonly said: Readonly<Record<string, string>>;
  readonly own: boolean;
  readonly root: string[];
  readonly processes: string[];
  readonly status: string;
}

describe('the sandbox of DSL workers', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let lake: Lake;
  let forkline: Forkline;

  before(async function () {
    sandbox = await needSandbox(this);
    lake = await createLake();
    for (const [place, values] of [
      ['old', '(1), (2)'],
      ['new', '(30), (40), (50)'],
      ['more', '(7)'],
    ]) {
      mkdirSync(lake.at(place!));
      await lake.run(`COPY (select * from (values ${values}) as v(n)) TO '$ROOT/${place}/numbers.parquet'`);
    }
    await symlink(lake.at('old'), lake.at('current'));
    const { url } = await testDatabase();
    forkline = await startForkline({
      connections: { main: { url }, lake: { kind: 'files', root: lake.at('current') } },
      defaultConnection: 'main',
      dsl: { sandbox: 'require', spares: 1, max: 3 },
      limits: { dslMemoryBytes: 64 * MIB },
    });
  });
  after(async () => {
    await forkline?.stop();
    lake?.close();
  });

  const workers = async () => (await forkline.processes()).filter(({ role }) => role === 'dsl');
  const oneWorker = () =>
    until(async () => (await workers()).find(({ state }) => state === 'ready'), DEADLINE_MS);
  const rowsOf = async (text: string, connection = 'main') => {
    const answer = await forkline.query(text, { body: { connection } });
    expect(answer.status, answer.text).to.equal(200);
    return answer.json.rows;
  };

  describe('what code in a worker reaches', () => {
    let port = 0;
    const listener = createServer((socket) => socket.destroy());
    before(async () => {
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      port = (listener.address() as { port: number }).port;
    });
    after(() => listener.close());

    /** Runs the probe as a worker would run, or without the sandbox, which shows that it can find what there is. */
    async function probe(boxed: boolean): Promise<Reached> {
      const own = join(forkline.runDir, 'workers', `probe-${boxed}`);
      mkdirSync(own, { recursive: true });
      copyFileSync(PROBE, join(own, 'probe.mjs'));
      const { runDir, configFile, logFile } = forkline;
      const worker = await oneWorker();
      const lines = join(runDir, 'lines');
      const shown = { places: [], network: false, key: '' };
      const words = boxed ? sandboxWords({ ...sandbox, seccomp: null }, { lines, own, shown }) : [];
      const [command = '', ...args] = [...words, process.execPath, join(own, 'probe.mjs')];
      const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const reads = ['/etc/passwd', '/proc/1/environ', configFile, logFile, '/etc/hostname'];
      const otherWorker = join(runDir, 'workers', worker.workerId);
      child.send({
        ...{ build: BUILD_ROOT, own, ports: [forkline.port, port] },
        reads: boxed ? reads.filter((path) => !path.startsWith('/proc/')) : [configFile, logFile],
        writes: [join(runDir, 'x'), join(otherWorker, 'x'), '/tmp/forkline-x', '/dev/shm/forkline-x', '/x'],
        sockets: [
          ...['control.sock', 'http.sock', 'log.sock'].map((name) => join(runDir, 'sockets', name)),
          join(otherWorker, 'sock'),
        ],
        questions: {
          search: { path: join(lines, 'lines.sock'), text: '{"type":"search","id":1,"filter":{}}\n' },
          audit: { path: join(lines, 'lines.sock'), text: helloAs('audit') },
          lines: { path: join(lines, 'lines.sock'), text: helloAs('dsl') },
        },
      });
      const [reached] = (await once(child, 'message')) as [Reached];
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return reached;
    }

    const helloAs = (role: string) =>
      `${JSON.stringify({ type: 'hello', id: 1, process: 'dsl-9', role, pid: 2, stream: 'abcdefgh' })}\n`;

    it('is its own directory, and nothing else: no file, no socket, no port', async () => {
      const reached = await probe(true);
      expect(reached).to.deep.include({ read: [], engineRead: [], written: [], connected: [], own: true });
      expect(reached.processes).to.deep.equal(['1', '2']);
      for (const name of ['home', 'root', 'var', 'srv', 'opt']) expect(reached.root).to.not.include(name);
      expect(reached.status).to.match(/^CapEff:\t0+$/m);
    });

    it('the same code reaches all of it without the sandbox', async () => {
      const { configFile, logFile } = forkline;
      const reached = await probe(false);
      expect(reached.read).to.deep.equal([configFile, logFile]);
      expect(reached.engineRead).to.deep.equal([configFile, logFile]);
      expect(reached.written).to.not.be.empty;
      expect(reached.connected).to.have.length(6);
    });

    it('the log takes its lines, and neither its questions nor audit records', async () => {
      const { said } = await probe(false);
      expect(said.lines).to.include('"welcome"');
      expect(said.search).to.equal('');
      expect(said.audit).to.equal('');
    });

    it('the engine of a running worker is in there', async () => {
      const { pid, sandboxed } = await oneWorker();
      expect(sandboxed).to.equal(true);
      for (const namespace of ['net', 'pid', 'mnt', 'user', 'ipc'])
        expect(readlinkSync(`/proc/${pid}/ns/${namespace}`)).to.not.equal(
          readlinkSync(`/proc/self/ns/${namespace}`),
        );
      expect(existsSync(`/proc/${pid}/root/etc/passwd`)).to.equal(false);
      expect(existsSync(`/proc/${pid}/root${forkline.configFile}`)).to.equal(false);
      expect(readdirSync(`/proc/${pid}/root${join(forkline.runDir, 'workers')}`)).to.have.length(1);
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).to.match(/^NoNewPrivs:\t1$/m);
      if (process.arch === 'x64') expect(status).to.match(/^Seccomp:\t2$/m);
    });
  });

  it('log lines have the pid that the process table has', async () => {
    const { pid, workerId } = await oneWorker();
    // A line reaches the file after the deed.
    const line = await until(
      async () =>
        (await forkline.logLines())
          .map((each) => JSON.parse(each) as { process: string; event: string; pid: number })
          .find((each) => each.process === workerId && each.event === 'ready'),
      DEADLINE_MS,
      'the log has its start',
    );
    expect(line.pid).to.equal(pid);
  });

  it('rows of the database, spilled to disk, come back whole', async () => {
    let mostBytes = 0;
    const watch = setInterval(() => {
      for (const workerId of readdirSync(join(forkline.runDir, 'workers'))) {
        const spill = join(forkline.runDir, 'workers', workerId, 'spill');
        if (existsSync(spill)) mostBytes = Math.max(mostBytes, readdirSync(spill).length);
      }
    }, 5);
    try {
      const rows = await rowsOf(
        'set pushdown = off; select i, repeat(md5(i::text), 32) as t from generate_series(1, 80000) i | eventstats count() as n by t | stats max(n) as most, count() as rows',
      );
      expect(rows).to.deep.equal([{ most: 1, rows: 80_000 }]);
    } finally {
      clearInterval(watch);
    }
    expect(mostBytes, 'files in the spill directory').to.be.above(0);
  });

  describe('files', () => {
    const COUNT = "select n from 'numbers.parquet' | stats sum(n) as sum";

    it('are read', async () => {
      expect(await rowsOf(COUNT, 'lake')).to.deep.equal([{ sum: 3 }]);
    });

    it('of a directory that took the place of another are read within a moment', async () => {
      await symlink(lake.at('new'), lake.at('next'));
      await rename(lake.at('next'), lake.at('current'));
      const sum = async () => (await rowsOf(COUNT, 'lake'))[0]?.sum;
      await until(async () => (await sum()) === 120, DEADLINE_MS, 'the new files');
    });

    it('of a connection that is added are read at once, and of one that was removed never again', async () => {
      const config = JSON.parse(await readFile(forkline.configFile, 'utf8')) as { connections: object };
      const more = { kind: 'files', root: lake.at('more') };
      const { lake: _, ...others } = config.connections as Record<string, unknown>;
      await reload({ ...config, connections: { ...others, more } });
      expect(await rowsOf(COUNT, 'more')).to.deep.equal([{ sum: 7 }]);
      const { pid } = await oneWorker();
      expect(existsSync(`/proc/${pid}/root${lake.at('more')}`)).to.equal(true);
      expect(existsSync(`/proc/${pid}/root${lake.at('current')}`)).to.equal(false);
    });
  });

  async function reload(config: object): Promise<void> {
    await writeFile(forkline.configFile, JSON.stringify(config));
    const reloads = () => forkline.output().split('forkline: reloaded\n').length;
    const before = reloads();
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(() => reloads() > before, DEADLINE_MS, 'the reload has ended');
  }

  it('a worker that is killed in mid-query takes its sandbox along, and its query is told', async () => {
    const { answer, pidOf } = await startLongQuery(
      forkline,
      'set pushdown = off; select pg_sleep(20)::text as a | where true',
      ['dsl'],
    );
    const outer = treeOf(forkline.monitorPid).filter(({ pid }) =>
      treeOf(pid).some((each) => each.pid === pidOf('dsl')),
    );
    const itsOwn = outer.filter(({ pid }) => pid !== forkline.monitorPid);
    expect(itsOwn).to.have.length(3);
    process.kill(pidOf('dsl'), 'SIGKILL');
    expect((JSON.parse((await answer).text) as { code: string }).code).to.equal('worker-lost');
    await until(() => !itsOwn.some(isThere), DEADLINE_MS, 'all processes of the sandbox are gone');
    const lost = async () => (await forkline.logLines()).find((line) => line.includes('"child-lost"'));
    expect(await until(lost, DEADLINE_MS, 'the log tells')).to.include('signal SIGKILL');
  });

  it('is what the doctor finds in force', () => {
    const args = [join(BUILD_ROOT, 'cli/main.js'), 'doctor', '--json', '--config', forkline.configFile];
    const { stdout } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '' },
    });
    const found = (JSON.parse(stdout) as { layer?: string; level: string; text: string }[]).find(
      ({ layer }) => layer === 'sandbox',
    );
    expect(found?.level).to.equal('ok');
    expect(found?.text).to.include('no network');
  });

  it('is required and not there: the server says so and does not start; without `require` it starts', async () => {
    // In a user namespace that allows no further ones, bwrap cannot work.
    const start = async (mode: string) => {
      const env = { PATH: process.env.PATH ?? '', FORKLINE_DSL_SANDBOX: mode, FORKLINE_PORT: '0' };
      const main = join(BUILD_ROOT, 'cli/main.js');
      const noMore = [
        '--bind',
        '/',
        '/',
        '--dev',
        '/dev',
        '--proc',
        '/proc',
        '--unshare-user',
        '--disable-userns',
      ];
      const config = join(forkline.dir, 'other.json');
      const { url } = await testDatabase();
      await writeFile(
        config,
        JSON.stringify({ connections: { main: { url } }, dataDir: join(forkline.dir, 'other') }),
      );
      const child = spawn(sandbox.bwrap, [...noMore, process.execPath, main, 'start', '--config', config], {
        env,
        cwd: forkline.dir,
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      const exited = once(child, 'exit') as Promise<[number | null]>;
      return { child, exited, output: () => output };
    };
    const required = await start('require');
    const [code] = await required.exited;
    expect(code, required.output()).to.equal(1);
    expect(required.output()).to.match(
      /dsl\.sandbox is "require".*bwrap does not work here \(.+\): it needs user namespaces/s,
    );
    const free = await start('auto');
    const port = await until(
      () => /listening on \S+:(\d+)/.exec(free.output())?.[1],
      DEADLINE_MS,
      'it listens',
    );
    const own = `http://127.0.0.1:${port}/v1`;
    const answer = await fetch(`${own}/query`, {
      method: 'POST',
      body: 'set pushdown = off; select 1 as a | where a = 1',
    });
    expect(answer.status).to.equal(200);
    const { processes } = (await (await fetch(`${own}/processes`)).json()) as { processes: ProcessRow[] };
    expect(processes.filter(({ sandboxed }) => sandboxed)).to.deep.equal([]);
    process.kill(readChildPids(free.child.pid!)[0]!, 'SIGTERM');
    expect((await free.exited)[0], free.output()).to.equal(0);
  });
});
