/** The monitor's measures against processes that exceed their limits, with fake children: real processes, real /proc. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { MonitorStats } from '../../core/protocol/monitor.ts';
import { isAlive, type MonitorUnderTest, startMonitor, until } from '../fixtures/monitor/harness.ts';
import { skipBecause } from '../support/skip.ts';

const hasProc = existsSync('/proc/self/stat');
const hasSetsid = existsSync('/usr/bin/setsid') || existsSync('/bin/setsid');

const firstLogged = (monitor: MonitorUnderTest, event: string) =>
  until(event, async () => (await monitor.logged(event))[0] ?? null);

const statsOf = (monitor: MonitorUnderTest) => monitor.get<MonitorStats>('/stats');

async function firstOf(monitor: MonitorUnderTest, role: 'sql' | 'dsl') {
  return await until(`a ${role} worker`, async () => {
    const { workers } = await monitor.state();
    return workers.find((worker) => worker.role === role) ?? null;
  });
}

describe('limits of processes', () => {
  before(function () {
    if (!hasProc) skipBecause(this, 'no /proc here');
  });

  describe('processes that left their group', () => {
    before(function () {
      if (!hasSetsid) skipBecause(this, 'no `setsid` of util-linux here');
    });

    async function strayOf(monitor: MonitorUnderTest): Promise<{ stray: number; workerPid: number }> {
      const worker = await firstOf(monitor, 'sql');
      return { stray: Number(await readFile(worker.socketPath, 'utf8')), workerPid: worker.pid };
    }

    it('live as long as their worker, and go when it goes', async () => {
      await using monitor = await startMonitor({ entries: { sql: 'stray' } });
      await monitor.ready();
      const { stray, workerPid } = await strayOf(monitor);
      // The end of another worker makes the monitor look for strays; the one after its replacement was measured twice.
      process.kill((await firstOf(monitor, 'dsl')).pid, 'SIGKILL');
      await until('looked', async () => {
        const rows = await monitor.processes();
        return rows.some(({ workerId, cpuPercent }) => workerId === 'dsl-2' && cpuPercent !== null);
      });
      expect(isAlive(stray)).to.equal(true);
      process.kill(workerPid, 'SIGKILL');
      await until('gone', () => !isAlive(stray));
      const line = await firstLogged(monitor, 'stray-killed');
      expect(line).to.include({ childPid: stray, workerId: 'sql-1' });
      expect((await statsOf(monitor)).straysKilled).to.equal(1);
    });

    it('go when the run ends', async () => {
      await using monitor = await startMonitor({ entries: { sql: 'stray' } });
      await monitor.ready();
      const { stray } = await strayOf(monitor);
      monitor.process.kill('SIGTERM');
      expect(await monitor.exited).to.equal(0);
      expect(isAlive(stray)).to.equal(false);
    });

    it('are swept at the next start when the monitor was killed', async () => {
      await using monitor = await startMonitor({ entries: { sql: 'stray' } });
      await monitor.ready();
      const { stray } = await strayOf(monitor);
      monitor.process.kill('SIGKILL');
      await monitor.exited;
      expect(isAlive(stray)).to.equal(true);
      await using next = await startMonitor({ dataDir: monitor.dir });
      await next.ready();
      expect(isAlive(stray)).to.equal(false);
      expect(JSON.stringify(await firstLogged(next, 'swept'))).to.include(`sql-1 (pid ${stray}), a stray`);
    });
  });

  it('replaces a worker that has nearly no more file descriptors, and only tells of a server that has many', async () => {
    await using monitor = await startMonitor({
      openFiles: 200,
      entries: { sql: 'files' },
      monitor: { openFilesWarnPercent: 5 },
    });
    await monitor.ready();
    const { pid } = await firstOf(monitor, 'sql');
    const line = await firstLogged(monitor, 'kill');
    expect(line).to.include({ cause: 'open-files', childPid: pid });
    expect(line.reason).to.match(/^it has \d+ open files of 200$/);
    await until('gone', () => !isAlive(pid));
    const told = await until('the server is told of', async () =>
      (await monitor.logged('many-open-files')).find(({ workerId }) => workerId === 'server-1'),
    );
    expect(told).to.not.equal(undefined);
    expect((await monitor.state()).pid, 'the server lives').to.be.above(0);
  });

  it('shows what it measures in the process table', async () => {
    await using monitor = await startMonitor();
    await monitor.ready();
    const rows = await until('PSS of everybody', async () => {
      const found = await monitor.processes();
      return found.length >= 5 && found.every(({ pssBytes }) => pssBytes !== null) ? found : null;
    });
    for (const { role, openFiles, openFilesLimit, pssBytes, rssBytes, cpuSeconds } of rows) {
      expect(openFiles, role).to.be.above(3).and.below(openFilesLimit!);
      expect(pssBytes, role)
        .to.be.above(1_000_000)
        .and.at.most(rssBytes! * 1.5);
      expect(cpuSeconds, role).to.be.above(0);
    }
    const sleeping = rows.find(({ kernelState, role }) => kernelState === 'S' && role !== 'monitor');
    expect(sleeping).to.have.property('wchan');
  });

  describe('when memory runs short', () => {
    it('starts nothing more, and goes on when there is memory again', async () => {
      await using monitor = await startMonitor({ dsl: { spares: 1, max: 3 } });
      await monitor.ready();
      const { workerId } = await firstOf(monitor, 'dsl');
      await monitor.useMemory(85);
      expect(await firstLogged(monitor, 'memory-pressure')).to.include({ pressure: 'high' });
      await monitor.get('/lease', { worker: workerId, query: 'q1', ms: 60_000 });
      await monitor.get('/want', { waiting: 2 });
      const busy = await monitor.processes();
      expect(busy.filter(({ role }) => role === 'dsl')).to.have.length(1);
      expect(await statsOf(monitor)).to.include({ forksStopped: true, warmMisses: 1 });
      await monitor.useMemory(50);
      await until('more workers', async () => (await monitor.idsOf('dsl')).length > 1);
      expect((await statsOf(monitor)).memory).to.include({ usedBytes: 50, totalBytes: 100 });
    });

    it('replaces what dies nevertheless: without it nothing would work', async () => {
      await using monitor = await startMonitor();
      await monitor.ready();
      await monitor.useMemory(85);
      await firstLogged(monitor, 'memory-pressure');
      process.kill((await firstOf(monitor, 'sql')).pid, 'SIGKILL');
      process.kill((await firstOf(monitor, 'dsl')).pid, 'SIGKILL');
      await until('another SQL worker', async () => (await monitor.idsOf('sql'))[0] === 'sql-2');
      await until('another DSL worker', async () => (await monitor.idsOf('dsl'))[0] === 'dsl-2');
    });

    it('ends queries one at a time: has the server do it, and kills the worker when that takes long', async () => {
      await using monitor = await startMonitor({
        dsl: { spares: 2, max: 2 },
        monitor: { memorySettleMs: 60_000 },
      });
      await monitor.ready();
      const ids = await until('two DSL workers', async () => {
        const found = await monitor.idsOf('dsl');
        return found.length === 2 ? found : null;
      });
      for (const worker of ids) await monitor.get('/lease', { worker, query: `of-${worker}`, ms: 60_000 });
      await monitor.useMemory(95);
      const { workerId, code } = await firstLogged(monitor, 'end-query');
      expect(code).to.equal('memory-pressure');
      const { told } = await monitor.state();
      expect(told).to.have.length(1);
      expect(told[0]).to.include({ type: 'end-query', queryId: `of-${workerId}`, code: 'memory-pressure' });
      expect(told[0]?.message).to.match(/^the server is short of memory \(95 % in use\)/);
      const kill = await firstLogged(monitor, 'dsl-kill'); // this fake server ends nothing
      expect(kill).to.include({ workerId, cause: 'memory-pressure' });
      const other = ids.find((id) => id !== workerId)!;
      await until('its end', async () => !(await monitor.idsOf('dsl')).includes(workerId!));
      expect(await monitor.idsOf('dsl')).to.deep.equal([other]);
      expect(await monitor.logged('end-query'), 'one victim').to.have.length(1);
    });
  });

  it('replaces SQL workers by age, one at a time, the fresh one first', async () => {
    await using monitor = await startMonitor({ sqlProcesses: 2, sql: { maxAgeMs: 1500 } });
    await monitor.ready();
    await until('both are there', async () => (await monitor.idsOf('sql')).length >= 2);
    const fewest = { sql: 2 };
    const seen = new Set<string>();
    await until('both are replaced', async () => {
      const ids = await monitor.idsOf('sql');
      fewest.sql = Math.min(fewest.sql, ids.length);
      for (const id of ids) seen.add(id);
      return ['sql-1', 'sql-2'].every((id) => seen.size > 2 && !ids.includes(id));
    });
    expect(fewest.sql, 'never fewer than two').to.equal(2);
    expect((await firstLogged(monitor, 'sql-recycle')).limit).to.equal('age');
    const { retired } = await monitor.state();
    expect(retired.map(({ workerId }) => workerId)).to.include.members(['sql-1', 'sql-2']);
    const { ends, recycled } = await until('counted', async () => {
      const stats = await statsOf(monitor);
      return stats.ends.some(({ role }) => role === 'sql') ? stats : null;
    });
    expect(ends.find(({ role }) => role === 'sql')).to.include({ cause: 'recycle' });
    expect(recycled.find(({ role }) => role === 'sql')?.count).to.be.at.least(2);
    expect(await monitor.logged('child-lost')).to.deep.equal([]);
  });

  it('tells the server which worker ended by itself, and not which it ended', async () => {
    await using monitor = await startMonitor();
    await monitor.ready();
    const sql = await firstOf(monitor, 'sql');
    const dsl = await firstOf(monitor, 'dsl');
    process.kill(dsl.pid, 'SIGSTOP'); // the monitor ends it
    await until('the monitor ended it', () => !isAlive(dsl.pid));
    process.kill(sql.pid, 'SIGKILL');
    const told = await until('told', async () => {
      const state = await monitor.state();
      return state.told.length > 0 ? state.told : null;
    });
    expect(told).to.deep.equal([{ type: 'worker-lost', workerId: sql.workerId, how: 'signal SIGKILL' }]);
  });

  it('writes where it is to be reached into the state file, for the same user only', async () => {
    await using monitor = await startMonitor();
    await monitor.ready();
    const text = await readFile(join(monitor.dir, 'run', 'monitor.json'), 'utf8');
    const { controlSocket } = JSON.parse(text) as { controlSocket: string };
    expect(statSync(controlSocket).mode & 0o777).to.equal(0o600);
  });
});
