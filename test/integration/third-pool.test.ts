/** A third kind of worker is one row of the table of pools: the monitor does everything for it that it does for the others. */

import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import type { MonitorStats, ProcessRow } from '../../core/protocol/monitor.ts';
import { addMonitorMetrics } from '../../server/observe/monitor.ts';
import { addProcessMetrics } from '../../server/observe/processes.ts';
import {
  isAlive,
  type MonitorUnderTest,
  type Overrides,
  startMonitor,
  until,
} from '../fixtures/monitor/harness.ts';

interface Kind {
  readonly role: string;
  readonly row: string;
  readonly started: number;
  readonly scaledTo: number;
}

const PREFORK: Kind = { role: 'scan', row: 'prefork-row.mjs', started: 2, scaledTo: 3 };
const LEASED: Kind = { role: 'shape', row: 'leased-row.mjs', started: 1, scaledTo: 3 };

const overrides = ({ role, row }: Kind, more: Overrides = {}): Overrides => ({
  pools: [row],
  ...more,
  entries: { [role]: 'worker', ...more.entries },
});

async function ask(monitor: MonitorUnderTest, request: object): Promise<Record<string, unknown>> {
  const state = JSON.parse(await readFile(join(monitor.dir, 'run', 'monitor.json'), 'utf8')) as {
    runDir: string;
  };
  const socket = connect(join(state.runDir, 'sockets', 'control.sock'));
  socket.write(`${JSON.stringify(request)}\n`);
  return JSON.parse(await text(socket)) as Record<string, unknown>;
}

async function started(monitor: MonitorUnderTest, { role, started: number }: Kind): Promise<ProcessRow[]> {
  await monitor.ready();
  await until('the third pool', async () => (await monitor.idsOf(role)).length === number);
  return (await monitor.processes()).filter((each) => each.role === role);
}

/** The lines of /metrics about the role, as the real server would show them. */
async function metricsOf(monitor: MonitorUnderTest, role: string): Promise<string[]> {
  const report = {
    processes: await monitor.processes(),
    stats: await monitor.get<MonitorStats>('/stats'),
  };
  const register = new Registry();
  addMonitorMetrics(register, () => report);
  addProcessMetrics(register, () => report);
  return (await register.metrics()).split('\n').filter((line) => line.includes(`role="${role}"`));
}

describe('a third pool', function () {
  this.timeout(60_000);

  for (const kind of [PREFORK, LEASED]) {
    const { role } = kind;
    describe(`of the policy of ${kind.row}`, () => {
      it('starts, and stands in the process table, in the metrics and in the list for the server', async () => {
        await using monitor = await startMonitor(overrides(kind));
        const rows = await started(monitor, kind);
        expect(rows.map(({ state }) => state)).to.deep.equal(Array(kind.started).fill('ready'));
        expect(rows.map(({ workerId }) => workerId)).to.include(`${role}-1`);
        const metrics = await metricsOf(monitor, role);
        expect(metrics).to.include(`forkline_processes{role="${role}",state="ready"} ${kind.started}`);
        expect(metrics).to.include(`forkline_process_start_seconds_count{role="${role}"} ${kind.started}`);
        expect(metrics).to.include(`forkline_process_exits_total{role="${role}",reason="deadline"} 0`);
        expect(metrics).to.include(`forkline_workers_recycled_total{role="${role}",limit="age"} 0`);
      });

      it('is started again after a crash, and the end is counted and told', async () => {
        await using monitor = await startMonitor(overrides(kind));
        const [first] = await started(monitor, kind);
        process.kill(first!.pid, 'SIGKILL');
        await until('another one', async () => {
          const ids = await monitor.idsOf(role);
          return ids.length === kind.started && !ids.includes(first!.workerId);
        });
        const line = `forkline_process_exits_total{role="${role}",reason="signal"} 1`;
        expect(await metricsOf(monitor, role)).to.include(line);
        const { told } = await monitor.state();
        expect(told).to.deep.include({
          type: 'worker-lost',
          workerId: first!.workerId,
          how: 'signal SIGKILL',
        });
      });

      it('is watched: one that does not beat is killed and replaced', async () => {
        await using monitor = await startMonitor(overrides(kind, { entries: { [role]: 'blocked' } }));
        await monitor.ready();
        const killed = await until('a kill', async () => {
          const lines = [...(await monitor.logged('kill')), ...(await monitor.logged(`${role}-kill`))];
          return lines.find(({ workerId }) => workerId === `${role}-1`) ?? null;
        });
        expect(killed.cause).to.equal('heartbeat');
        await until('another', async () =>
          (await monitor.processes()).some((each) => each.role === role && each.workerId !== `${role}-1`),
        );
      });

      it('is scaled by its name, within its limits, and shown with its size', async () => {
        await using monitor = await startMonitor(overrides(kind));
        const [first] = await started(monitor, kind);
        const reply = await ask(monitor, { type: 'scale', sizes: { [role]: kind.scaledTo } });
        expect(reply).to.have.nested.property(`value.after.${role}`, kind.scaledTo);
        const lease = { worker: first!.workerId, query: 'q' };
        if (kind === LEASED) {
          await monitor.get('/lease', { ...lease, ms: 60_000 });
          await monitor.get('/want', { role, waiting: kind.scaledTo - 1 });
        }
        await until('as many', async () => (await monitor.idsOf(role)).length === kind.scaledTo);
        if (kind === LEASED) await monitor.get('/release', { ...lease, outcome: 'reusable' });
        expect(await ask(monitor, { type: 'status' })).to.have.nested.property(
          `value.sizes.${role}`,
          kind.scaledTo,
        );
        expect(await ask(monitor, { type: 'scale', sizes: { [role]: 99 } })).to.have.property('ok', false);
        expect(await ask(monitor, { type: 'scale', sizes: { [role]: 1 } })).to.have.property('ok', true);
        await until('fewer', async () => (await monitor.idsOf(role)).length === 1);
      });

      it('ends with the monitor', async () => {
        await using monitor = await startMonitor(overrides(kind));
        const rows = await started(monitor, kind);
        monitor.process.kill('SIGTERM');
        expect(await monitor.exited).to.equal(0);
        expect(rows.filter(({ pid }) => isAlive(pid))).to.deep.equal([]);
      });
    });
  }

  it('of the policy leased is leased for a query, killed past its deadline, and logs under its name', async () => {
    await using monitor = await startMonitor(overrides(LEASED));
    const [worker] = await started(monitor, LEASED);
    await monitor.get('/lease', { worker: worker!.workerId, query: 'q1', ms: 50 });
    const killed = await until('the kill', async () => (await monitor.logged('shape-kill'))[0] ?? null);
    expect(killed).to.include({ workerId: worker!.workerId, cause: 'deadline', queryId: 'q1' });
    const line = 'forkline_process_kills_total{role="shape",reason="deadline"} 1';
    await until('the count', async () => (await metricsOf(monitor, 'shape')).includes(line));
  });
});
