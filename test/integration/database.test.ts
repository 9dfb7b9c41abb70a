/** The embedded PostgreSQL itself, without Forkline around it. Needs the build. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { readSample } from '../../core/process/proc.ts';
import type { Cluster } from '../../demo/cluster.ts';
import { openCluster } from '../../demo/cluster.ts';
import { skipBecause } from '../support/skip.ts';
import { until } from '../support/until.ts';

const HOLDER = fileURLToPath(new URL('../fixtures/database/hold-cluster.mjs', import.meta.url));

describe('the embedded PostgreSQL', function () {
  this.timeout(30_000);
  let dataDir: string;
  let lines: string[];
  const opened: Cluster[] = [];
  const holders: { holder: ChildProcess; pid: number }[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-test-db-'));
    await chmod(dataDir, 0o711);
    lines = [];
  });

  afterEach(async () => {
    for (const { holder, pid } of holders.splice(0)) {
      holder.kill('SIGKILL');
      if (process.platform !== 'linux' && !isGone(pid)) process.kill(pid, 'SIGINT');
      await until(() => isGone(pid), 10_000, 'the postmaster is gone');
    }
    for (const cluster of opened.splice(0)) await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function open(): Promise<Cluster> {
    const onLine = (line: string) => lines.push(line);
    const cluster = await openCluster({
      dataDir,
      maxConnections: 20,
      settings: { fsync: 'off' },
      onProgress: onLine,
      onTrouble: onLine,
    });
    opened.push(cluster);
    return cluster;
  }

  async function ask(url: string, sql: string): Promise<unknown> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {}); // the server is killed under it in some tests
    await client.connect();
    try {
      return Object.values((await client.query(sql)).rows[0])[0];
    } finally {
      await client.end();
    }
  }

  const isGone = (pid: number) => [undefined, 'Z'].includes(readSample(pid)?.state);

  /** A process of its own that opens the cluster; resolves with the postmaster's pid. */
  async function holdElsewhere(): Promise<{ holder: ChildProcess; pid: number }> {
    const holder = fork(HOLDER, [dataDir], { execArgv: [] });
    for (;;) {
      const [message] = (await once(holder, 'message')) as [{ pid?: number }];
      if (message.pid === undefined) continue;
      holders.push({ holder, pid: message.pid });
      return { holder, pid: message.pid };
    }
  }

  it('speaks UTF-8, orders by code point and lives in UTC', async () => {
    const { adminUrl } = await open();
    expect(await ask(adminUrl, 'SHOW server_encoding')).to.equal('UTF8');
    expect(await ask(adminUrl, 'SHOW timezone')).to.equal('UTC');
    expect(await ask(adminUrl, "SELECT 'Z' < 'a' AND upper('é') = 'É'")).to.equal(true);
  });

  it('wants its password, and listens on 127.0.0.1 only', async () => {
    const { adminUrl, port, secrets, home } = await open();
    const wrong = adminUrl.replace(secrets.adminPassword, 'guess');
    const error = await ask(wrong, 'SELECT 1').then(
      () => null,
      (thrown: { code: string }) => thrown,
    );
    expect(error?.code).to.equal('28P01');
    const socket = connect({ host: '127.0.0.2', port });
    const [refused] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(refused.code).to.equal('ECONNREFUSED');
    expect((await stat(join(home.dir, 'secrets.json'))).mode & 0o777).to.equal(0o600);
  });

  it('keeps data and port from one start to the next', async () => {
    const first = await open();
    await ask(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS n; SELECT 1').catch(() => {});
    await first.stop();
    opened.length = 0;
    const second = await open();
    expect(second.port).to.equal(first.port);
    expect(await ask(second.adminUrl, 'SELECT n FROM kept')).to.equal(42);
    expect(lines).to.deep.equal(['creating a PostgreSQL database']);
  });

  it('takes another port when its own is taken', async () => {
    const first = await open();
    await first.stop();
    opened.length = 0;
    const { createServer } = await import('node:net');
    const thief = createServer().listen(first.port, '127.0.0.1');
    await once(thief, 'listening');
    try {
      const second = await open();
      expect(second.port).not.to.equal(first.port);
      expect(await ask(second.adminUrl, 'SELECT 1')).to.equal(1);
    } finally {
      thief.close();
    }
  });

  it('is started again when it is killed', async () => {
    const cluster = await open();
    const { pid } = cluster;
    process.kill(pid, 'SIGKILL');
    await until(() => cluster.pid !== pid, 15_000, 'a new postmaster');
    expect(await ask(cluster.adminUrl, 'SELECT 1')).to.equal(1);
    expect(lines).to.include('the embedded PostgreSQL ended with signal SIGKILL; starting it again');
  });

  it('ends with the process that started it, when that one is killed', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'without setpriv the next start sees to it');
    const { holder, pid } = await holdElsewhere();
    const exited = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exited;
    await until(() => isGone(pid), 10_000, 'the postmaster is gone');
    expect(await ask((await open()).adminUrl, 'SELECT 1')).to.equal(1);
  });

  it('stops what a killed run left running, and starts over it', async () => {
    const { holder, pid } = await holdElsewhere();
    // Stopped, it cannot obey its parent-death signal: as if there were no setpriv.
    process.kill(pid, 'SIGSTOP');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    setTimeout(() => process.kill(pid, 'SIGCONT'), 300).unref();
    const cluster = await open();
    expect(cluster.pid).not.to.equal(pid);
    expect(isGone(pid)).to.equal(true);
    expect(await ask(cluster.adminUrl, 'SELECT 1')).to.equal(1);
  });

  it('is refused to a second Forkline while the first one lives', async () => {
    const { holder, pid } = await holdElsewhere();
    const error = await open().then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.match(new RegExp(`running already, as pid ${holder.pid}`));
    expect(isGone(pid)).to.equal(false);
  });

  it('starts over a pid file whose pid is somebody else by now', async () => {
    const first = await open();
    await first.stop();
    opened.length = 0;
    const pidFile = join(first.home.dir, 'cluster', 'postmaster.pid');
    await writeFile(
      pidFile,
      `${process.pid}\n${join(first.home.dir, 'cluster')}\n1\n${first.port}\n\n127.0.0.1\n\n`,
    );
    expect(await ask((await open()).adminUrl, 'SELECT 1')).to.equal(1);
  });

  it('makes the cluster anew when a crash left half of one', async () => {
    const first = await open();
    await first.stop();
    opened.length = 0;
    await rm(join(first.home.dir, 'cluster', 'PG_VERSION'));
    const second = await open();
    expect(await ask(second.adminUrl, 'SELECT 1')).to.equal(1);
    expect(second.secrets.clusterId).not.to.equal(first.secrets.clusterId);
  });

  it('tells what the server said when it cannot start', async () => {
    const first = await open();
    await first.stop();
    opened.length = 0;
    await writeFile(join(first.home.dir, 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n');
    const error = await open().then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.contain('unrecognized configuration parameter "no_such_setting"');
    expect(await readFile(join(first.home.dir, 'postgres.log'), 'utf8')).to.contain('no_such_setting');
  });
});
