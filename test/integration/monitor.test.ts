/** The monitor over fake children that speak its protocol: real processes, real signals, a real socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { readSample } from '../../core/process/proc.ts';
import { isAlive, type MonitorUnderTest, startMonitor, until } from '../fixtures/monitor/harness.ts';
import { skipBecause } from '../support/skip.ts';

async function end(monitor: MonitorUnderTest, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  monitor.process.kill(signal);
  return await monitor.exited;
}

async function runDirOf(monitor: MonitorUnderTest): Promise<string> {
  const state = JSON.parse(await readFile(join(monitor.dir, 'run', 'monitor.json'), 'utf8')) as {
    runDir: string;
  };
  return state.runDir;
}

async function expectNothingLeft(monitor: MonitorUnderTest, pids: number[], runDir: string): Promise<void> {
  await until('children gone', () => pids.every((pid) => !isAlive(pid)));
  expect(existsSync(runDir), 'run directory').to.equal(false);
  expect(await readdir(join(monitor.dir, 'run'))).to.deep.equal([]);
}

/** Counts what happens to requests sent one after another until stopped. */
function load(monitor: MonitorUnderTest, clients: number) {
  const counts = { answered: 0, refused: 0, cut: 0 };
  const servers = new Set<number>();
  let stopped = false;
  async function client(): Promise<void> {
    while (!stopped) {
      try {
        servers.add((await monitor.state()).pid);
        counts.answered++;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') counts.refused++;
        else counts.cut++;
      }
    }
  }
  const running = Promise.all(Array.from({ length: clients }, client));
  return {
    counts,
    servers,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** The first line of that event. A line reaches the file after the deed. */
const firstLogged = (monitor: MonitorUnderTest, event: string) =>
  until(event, async () => (await monitor.logged(event))[0] ?? null);

describe('monitor', () => {
  describe('start and end', () => {
    it('starts everything, tells the server of its workers, and leaves nothing behind', async () => {
      await using monitor = await startMonitor({ sqlProcesses: 2, dsl: { spares: 2 } });
      await monitor.ready();
      await until('all workers', async () => (await monitor.state()).workers.length === 4);
      const rows = await monitor.processes();
      expect(rows.map(({ role }) => role).sort()).to.deep.equal([
        'dsl',
        'dsl',
        'logger',
        'monitor',
        'server',
        'sql',
        'sql',
      ]);
      for (const { pid, ppid, role, rssBytes } of rows) {
        if (role !== 'monitor') expect(ppid).to.equal(monitor.process.pid);
        expect(rssBytes, `${role} ${pid}`).to.be.greaterThan(1_000_000);
      }
      const runDir = await runDirOf(monitor);
      const pids = await monitor.childPids();
      expect(pids).to.have.length(6);
      expect(await end(monitor)).to.equal(0);
      await expectNothingLeft(monitor, pids, runDir);
      const stopped = await monitor.logged('monitor-stopped');
      expect(stopped).to.have.length(1);
    });

    it('finishes a running request before it ends on INT, and takes no new one', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const slow = monitor.get<{ pid: number }>('/slow', { ms: 500 });
      await monitor.state(); // the slow one came first, so it is being answered
      monitor.process.kill('SIGINT');
      await until('refused', async () => {
        const socket = connect(monitor.port, '127.0.0.1');
        return await once(socket, 'connect').then(
          () => {
            socket.destroy();
            return false;
          },
          (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
        );
      });
      expect(await slow).to.have.property('pid');
      expect(await monitor.exited).to.equal(0);
    });

    it('ends at once on a second signal', async () => {
      await using monitor = await startMonitor({ monitor: { drainMs: 60_000 } });
      await monitor.ready();
      const [pids, runDir] = [await monitor.childPids(), await runDirOf(monitor)];
      const slow = monitor.get('/slow', { ms: 60_000 }).catch((error: Error) => error);
      await monitor.state();
      monitor.process.kill('SIGTERM');
      await until('stopping', () => monitor.lines.some((line) => line.includes('stopping')));
      expect(await end(monitor)).to.equal(143);
      expect(await slow).to.be.instanceOf(Error);
      await expectNothingLeft(monitor, pids, runDir);
    });

    it('kills workers that do not stop', async () => {
      await using monitor = await startMonitor({ entries: { dsl: 'stubborn', sql: 'stubborn' } });
      await monitor.ready();
      const [pids, runDir] = [await monitor.childPids(), await runDirOf(monitor)];
      expect(await end(monitor)).to.equal(0);
      await expectNothingLeft(monitor, pids, runDir);
    });

    it('kills a server that does not finish in time, and says so by its exit code', async () => {
      await using monitor = await startMonitor({ monitor: { drainMs: 100 } });
      await monitor.ready();
      const [pids, runDir] = [await monitor.childPids(), await runDirOf(monitor)];
      const slow = monitor.get('/slow', { ms: 60_000 }).catch((error: Error) => error);
      await monitor.state();
      expect(await end(monitor)).to.equal(143);
      expect(await slow).to.be.instanceOf(Error);
      await expectNothingLeft(monitor, pids, runDir);
    });

    it('says which port is taken, and ends with 1', async () => {
      await using first = await startMonitor();
      await first.ready();
      await using second = await startMonitor({ port: first.port });
      expect(await second.exited).to.equal(1);
      expect(second.lines.join()).to.include(`port ${first.port} is in use`).and.include('FORKLINE_PORT');
    });

    it('refuses a second monitor on the same data directory', async () => {
      await using first = await startMonitor();
      await first.ready();
      await using second = await startMonitor({ dataDir: first.dir });
      expect(await second.exited).to.equal(1);
      expect(second.lines.join()).to.include(`already running as pid ${first.process.pid}`);
      expect(await first.state()).to.have.property('pid');
    });

    it('gives up when the server cannot start at all', async () => {
      await using monitor = await startMonitor({ entries: { server: 'init-failed' } });
      expect(await monitor.exited).to.equal(1);
      expect(monitor.lines.join()).to.include('no such thing as a beginning');
    });

    it('refuses a child of another build', async () => {
      await using monitor = await startMonitor({ entries: { server: 'other-build' } });
      expect(await monitor.exited).to.equal(1);
      expect(monitor.lines.join()).to.include('of build another').and.include('restart');
    });
  });

  describe('restart', () => {
    for (const role of ['logger', 'server', 'sql', 'dsl'] as const) {
      it(`replaces a ${role} that was killed`, async () => {
        await using monitor = await startMonitor();
        await monitor.ready();
        const before = await until(
          'the process',
          async () => (await monitor.processes()).find((row) => row.role === role) ?? null,
        );
        process.kill(before.pid, 'SIGKILL');
        const after = await until('its replacement', async () => {
          const rows = await monitor.processes().catch(() => []); // no server for a moment
          return (
            rows.find((row) => row.role === role && row.pid !== before.pid && row.state === 'ready') ?? null
          );
        });
        expect(after.slot).to.equal(before.slot);
        expect(after.workerId).to.not.equal(before.workerId);
        if (role === 'sql' || role === 'dsl')
          expect(await monitor.idsOf(role)).to.deep.equal([after.workerId]);
      });
    }

    it('kills and replaces a stopped process, which hears no TERM', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const { pid } = await until(
        'sql',
        async () => (await monitor.processes()).find(({ role }) => role === 'sql') ?? null,
      );
      process.kill(pid, 'SIGSTOP');
      await until('replaced', async () => (await monitor.idsOf('sql'))[0] === 'sql-2');
      expect(isAlive(pid)).to.equal(false);
      expect(await firstLogged(monitor, 'kill')).to.include({ cause: 'stopped', kernelState: 'T' });
    });

    it('kills and replaces a process whose loop is blocked, and says what it was doing', async () => {
      await using monitor = await startMonitor({ entries: { sql: 'blocked' } });
      await monitor.ready();
      await until('replaced', async () => (await monitor.idsOf('sql'))[0] === 'sql-2');
      const line = await firstLogged(monitor, 'kill');
      expect(line).to.include({ cause: 'heartbeat', kernelState: 'R' });
      expect(line.reason).to.match(/^no heartbeat for \d+ ms$/);
      expect(line.cpuPercent).to.be.above(0);
    });

    it('refuses no connection while servers are killed under load', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const running = load(monitor, 8);
      for (let kill = 1; kill <= 3; kill++) {
        const { pid } = await until('a server', () => monitor.state().catch(() => null));
        process.kill(pid, 'SIGKILL');
        await until('the next server', () => running.servers.size > kill);
      }
      await running.stop();
      expect(running.counts.refused).to.equal(0);
      expect(running.counts.cut).to.be.at.most(3 * 8); // the leases that the dead ones had taken
      expect(running.servers.size).to.equal(4);
    });

    it('brakes what crashes at every start, and serves on', async () => {
      await using monitor = await startMonitor({ entries: { dsl: 'crash' } });
      await monitor.ready();
      const braked = await until('brake', async () => {
        const { length } = await monitor.logged('child-lost');
        return length >= 6 ? length : null;
      });
      expect(braked).to.equal(6); // five at once, the sixth after half a second: more would be a storm
      expect(await monitor.state()).to.have.property('pid');
    });

    it('kills a grandchild with its parent', async () => {
      await using monitor = await startMonitor({ entries: { sql: 'grandparent' } });
      await monitor.ready();
      const { workers } = await monitor.state();
      const parent = workers.find(({ role }) => role === 'sql')!;
      const grandchild = Number(await readFile(parent.socketPath, 'utf8'));
      expect(isAlive(grandchild)).to.equal(true);
      process.kill(parent.pid, 'SIGKILL');
      await until('grandchild gone', () => !isAlive(grandchild));
    });
  });

  describe('DSL workers', () => {
    async function firstDsl(monitor: MonitorUnderTest): Promise<{ workerId: string; pid: number }> {
      return await until('a DSL worker', async () => {
        const { workers } = await monitor.state();
        return workers.find(({ role }) => role === 'dsl') ?? null;
      });
    }

    it('kills the worker of a query that is past its deadline, and starts another', async () => {
      await using monitor = await startMonitor({ entries: { dsl: 'stubborn' }, dsl: { max: 1 } });
      await monitor.ready();
      const { workerId, pid } = await firstDsl(monitor);
      await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 100 });
      const busy = await until(
        'busy',
        async () => (await monitor.processes()).find((row) => row.pid === pid) ?? null,
      );
      expect(busy).to.include({ state: 'busy', queryId: 'q1' });
      await until('killed', () => !isAlive(pid));
      await until('replaced', async () => (await monitor.idsOf('dsl'))[0] === 'dsl-2');
      expect((await firstLogged(monitor, 'dsl-kill')).reason).to.include('past its deadline');
    });

    it('kills a worker whose event loop is blocked, by its deadline', async () => {
      await using monitor = await startMonitor({ entries: { dsl: 'blocked' }, dsl: { max: 1 } });
      await monitor.ready();
      const { workerId, pid } = await firstDsl(monitor);
      await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 100 });
      await until('killed', () => !isAlive(pid));
    });

    it('never keeps a worker that the server discards', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const { workerId, pid } = await firstDsl(monitor);
      await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 60_000 });
      await monitor.get('/release', { worker: workerId, query: 'q1', outcome: 'discard' });
      await until('gone', () => !isAlive(pid));
      await until('a fresh one', async () => {
        const ids = await monitor.idsOf('dsl');
        return ids.length > 0 && !ids.includes(workerId);
      });
    });

    it("replaces a used worker by a fresh one in quiet time, with the server's consent", async () => {
      // No room beside these two, so that it does not matter how long this test holds its lease.
      await using monitor = await startMonitor({ dsl: { spares: 2, max: 2 } });
      await monitor.ready();
      const { workerId, pid } = await firstDsl(monitor);
      await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 60_000 });
      await monitor.get('/release', { worker: workerId, query: 'q1', outcome: 'reusable' });
      const retired = await until('retired', async () => (await monitor.state()).retired[0] ?? null);
      expect(retired).to.deep.equal({ workerId, accepted: true });
      await until('gone', () => !isAlive(pid));
      await until('full again', async () => {
        const ids = await monitor.idsOf('dsl');
        return ids.length === 2 && !ids.includes(workerId);
      });
    });

    it('starts more when queries wait, up to max', async () => {
      await using monitor = await startMonitor({ dsl: { spares: 1, max: 3 } });
      await monitor.ready();
      const leased = new Set<string>();
      while (leased.size < 3) {
        const worker = await until('one that is free', async () => {
          return (await monitor.idsOf('dsl')).find((id) => !leased.has(id)) ?? null;
        });
        leased.add(worker);
        await monitor.get('/lease', { worker, query: `q${leased.size}`, ms: 60_000 });
        await monitor.get('/want', { waiting: 3 });
      }
      await monitor.get('/want', { waiting: 9 });
      const rows = (await monitor.processes()).filter(({ role }) => role === 'dsl');
      expect(rows.map(({ state }) => state)).to.deep.equal(['busy', 'busy', 'busy']);
    });

    it('kills and replaces what a dead server had leased', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const { workerId, pid } = await firstDsl(monitor);
      await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 60_000 });
      process.kill((await monitor.state()).pid, 'SIGKILL');
      await until('gone', () => !isAlive(pid));
      await until('a fresh one', async () => {
        const ids = await monitor.idsOf('dsl').catch((): string[] => []); // no server for a moment
        return ids.length > 0 && !ids.includes(workerId);
      });
    });
  });

  it('replaces a worker that does not reap its children', async () => {
    await using monitor = await startMonitor({ entries: { dsl: 'zombie' }, dsl: { max: 1 } });
    await monitor.ready();
    const { workers } = await until('a DSL worker', async () => {
      const state = await monitor.state();
      return state.workers.length === 2 ? state : null;
    });
    const { pid, workerId } = workers.find(({ role }) => role === 'dsl')!;
    // Leased, so that neither its silence nor a deadline ends it.
    await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 600_000 });
    await until('killed', () => !isAlive(pid));
    expect((await firstLogged(monitor, 'dsl-kill')).reason).to.match(/^it does not reap its child \d+$/);
  });

  it('blames nobody for the time in which it stood still itself', async () => {
    await using monitor = await startMonitor();
    await monitor.ready();
    // The generation's DSL workers start after that.
    await until('whole', async () => (await monitor.logged('whole')).length > 0);
    const before = await monitor.childPids();
    monitor.process.kill('SIGSTOP');
    const wakeAt = performance.now() + 2500; // past the heartbeat timeout: this time is the fault itself
    await until('asleep for long', () => performance.now() > wakeAt);
    monitor.process.kill('SIGCONT');
    await until('noticed', async () => (await monitor.logged('tick-late')).length > 0);
    const ticksOn = await until(
      'beyond it',
      async () => (await monitor.processes()).find(({ role }) => role === 'monitor') ?? null,
    );
    expect(ticksOn.state).to.equal('ready');
    expect(await monitor.childPids()).to.deep.equal(before);
  });

  describe('reload', () => {
    it('replaces server and workers without failing a request, ten times over', async () => {
      await using monitor = await startMonitor({ sqlProcesses: 2 });
      await monitor.ready();
      const running = load(monitor, 4);
      for (let turn = 1; turn <= 3; turn++) {
        await monitor.reloadWith({ defaultConnection: `turn${turn}` });
        await until(`reload ${turn}`, async () => (await monitor.logged('reloaded')).length >= turn);
      }
      for (let burst = 0; burst < 7; burst++) monitor.process.kill('SIGHUP'); // some of these become one
      await until('one more', async () => (await monitor.logged('reloaded')).length >= 4);
      await running.stop();
      expect(running.counts).to.include({ refused: 0, cut: 0 });
      const { config } = await monitor.get<{ config: { defaultConnection: string } }>('/state');
      expect(config.defaultConnection).to.equal('turn3');
      await until('the old generations are gone', async () => {
        const roles = (await monitor.processes()).map(({ role }) => role).sort();
        return roles.join() === 'dsl,logger,monitor,server,sql,sql';
      });
      expect(await end(monitor)).to.equal(0);
    });

    it('finishes on the old server what it had begun', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const { pid } = await monitor.state();
      const slow = monitor.get<{ pid: number }>('/slow', { ms: 1500 });
      await monitor.state();
      await monitor.reloadWith({});
      await until('switched', async () => (await monitor.state()).pid !== pid);
      expect((await slow).pid).to.equal(pid);
      await until('old server gone', () => !isAlive(pid));
    });

    it('keeps serving with an invalid file', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const before = await monitor.state();
      monitor.process.kill('SIGHUP'); // there is no file at all
      await until('told', () => monitor.lines.some((line) => line.startsWith('forkline: not reloaded')));
      expect((await monitor.state()).pid).to.equal(before.pid);
    });

    it('says that a changed address needs a restart', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      await monitor.reloadWith({ listen: { host: '127.0.0.1', port: 1, socket: null, socketMode: '600' } });
      await until('reloaded', () => monitor.lines.includes('forkline: reloaded'));
      expect(monitor.lines.join()).to.include('listen changed: that needs a restart');
      expect(await monitor.state()).to.have.property('pid');
    });
  });

  it('starts children that can gain no rights, whatever they start', async function () {
    if (!existsSync('/usr/bin/setpriv')) return skipBecause(this, 'no `setpriv` of util-linux here');
    await using monitor = await startMonitor();
    await monitor.ready();
    const statuses = (await monitor.childPids()).map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
    expect(statuses).to.have.length.above(2);
    for (const status of statuses) expect(status).to.match(/^NoNewPrivs:\t1$/m);
  });

  describe('when the monitor is killed', () => {
    it('takes its children with it, blocked ones too', async function () {
      if (!existsSync('/usr/bin/setpriv')) return skipBecause(this, 'no `setpriv` of util-linux here');
      await using monitor = await startMonitor({ entries: { dsl: 'blocked' } });
      await monitor.ready();
      await until('a DSL worker', async () => (await monitor.idsOf('dsl')).length > 0);
      const pids = await monitor.childPids();
      await end(monitor, 'SIGKILL');
      await until('all gone', () => pids.every((pid) => !isAlive(pid)));
      await rm(await runDirOf(monitor), { recursive: true });
    });

    it('the next start sweeps what is left: processes by pid and start time, and the run directory', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const runDir = await runDirOf(monitor);
      await end(monitor, 'SIGKILL');
      // A process that setpriv would not have killed, and one whose pid another process has got meanwhile.
      const stray = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
      const innocent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
      try {
        await addToState(monitor, stray.pid!, 0);
        await addToState(monitor, innocent.pid!, -1);
        const strayEnd = once(stray, 'exit');
        await using next = await startMonitor({ dataDir: monitor.dir });
        await next.ready();
        expect((await strayEnd)[1]).to.equal('SIGKILL');
        expect(isAlive(innocent.pid!)).to.equal(true);
        expect(existsSync(runDir)).to.equal(false);
        await until('told', async () => (await next.logged('swept')).length === 1);
        expect(await end(next)).to.equal(0);
      } finally {
        innocent.kill('SIGKILL');
        stray.kill('SIGKILL');
      }
    });

    it('any start removes the run directory of a killed run whose data directory is gone', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      const runDir = await runDirOf(monitor);
      const pids = await monitor.childPids();
      await end(monitor, 'SIGKILL');
      await until('all gone', () => pids.every((pid) => !isAlive(pid)));
      await rm(join(monitor.dir, 'run'), { recursive: true });
      await using next = await startMonitor();
      await next.ready();
      await until('removed', () => !existsSync(runDir));
      await until('told', async () => (await next.logged('dead-runs-swept')).length === 1);
    });
  });
});

/** Adds a process to the state file that a killed monitor left, its start time off by some ticks. */
async function addToState(monitor: MonitorUnderTest, pid: number, offByTicks: number): Promise<void> {
  const path = join(monitor.dir, 'run', 'monitor.json');
  const state = JSON.parse(await readFile(path, 'utf8')) as { children: object[] };
  const startTicks = (readSample(pid)?.startTicks ?? 0) + offByTicks;
  state.children.push({ workerId: `stray-${pid}`, pid, startTicks });
  await writeFile(path, JSON.stringify(state));
}
