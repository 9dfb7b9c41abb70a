/** Faults 11 to 13, 18 and 20 of docs/reliability.md: what happens to the process that watches the others. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { readSample } from '../../core/process/proc.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { activeBackends, answersAgain, codeOf, startLongQuery } from '../support/long-query.ts';
import { isThere, processesOfRun } from '../support/processes.ts';
import { skipBecause } from '../support/skip.ts';
import { settled } from '../support/soak.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;
const PAUSE_MS = 40;
const STAGES = 'set pushdown = off; select 1 as a | where a = 1';
/** Computes without a pause in the stage engine. */
const BUSY =
  "set pushdown = off; select i from generate_series(1, 1000000) as i | eval h = md5(rpad('x', 200000, 'y') || cast(i as string)) | stats dc(h)";

/** Sends both kinds of query until stopped, and remembers what was no answer. */
function load(forkline: Forkline, clients: number) {
  const failures: string[] = [];
  let served = 0;
  let stopped = false;
  const client = async (_: unknown, i: number): Promise<void> => {
    while (!stopped) {
      const answer = await forkline.query(i % 2 === 0 ? 'select 1 as a' : STAGES).catch((e: Error) => e);
      if (answer instanceof Error) failures.push(String(answer.cause ?? answer));
      else if (answer.status !== 200) failures.push(answer.text);
      else served++;
      // The clients need not take the processor from what they ask.
      await pause(PAUSE_MS);
    }
  };
  const running = Promise.all(Array.from({ length: clients }, client));
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

describe('faults of the monitor', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase();
  });

  it('fault 11, KILL of the monitor with busy children: all of them are gone within 3 s', async () => {
    await using forkline = await startForkline(SEVERAL_PROCESSES);
    const busy = await startLongQuery(forkline, BUSY, ['sql', 'dsl']);
    const waiting = await startLongQuery(forkline, 'select pg_sleep(60)::text as marker_orphan', ['sql']);
    const { runDir } = forkline;
    process.kill(forkline.monitorPid, 'SIGKILL');
    await until(() => processesOfRun(runDir).length === 0, 3000, 'no process of the run is left');
    for (const { answer } of [busy, waiting]) {
      const end = await answer.catch(() => null); // cut, or told by a server that outlived the worker by a moment
      if (end !== null) expect(end.json).to.include({ code: 'worker-lost', retryable: true });
    }
    await until(async () => (await activeBackends(database, 'marker_orphan')) === 0, DEADLINE_MS);
  });

  it('fault 12, a start over what a killed run left: swept by pid and start time, its files too', async () => {
    const first = await startForkline(SEVERAL_PROCESSES);
    const { runDir, dataDir } = first;
    const left = processesOfRun(runDir);
    // A stopped process hears no parent's death signal but KILL, which `setpriv` makes the kernel send.
    process.kill(first.monitorPid, 'SIGKILL');
    await first.exited;
    expect(existsSync(runDir), 'the run directory of the killed run').to.equal(true);
    const state = join(dataDir, 'run', 'monitor.json');
    expect(JSON.parse(await readFile(state, 'utf8'))).to.have.property('runDir', runDir);
    try {
      await using second = await startForkline({ ...SEVERAL_PROCESSES, dataDir });
      // A process that is dead and waits for the system's first process to reap it is gone for all that matters here.
      const living = left.filter((found) => isThere(found) && readSample(found.pid)?.state !== 'Z');
      expect(living).to.deep.equal([]);
      expect(existsSync(runDir)).to.equal(false);
      expect((await second.query(STAGES)).status).to.equal(200);
    } finally {
      await first.stop();
    }
  });

  it('fault 13, the monitor stands still for 5 s while its children die: all are reaped and replaced, nobody is blamed', async () => {
    await using forkline = await startForkline(SEVERAL_PROCESSES);
    const before = await forkline.processes();
    const workers = before.filter(({ role }) => role === 'sql' || role === 'dsl');
    process.kill(forkline.monitorPid, 'SIGSTOP');
    try {
      for (const { pid } of workers) process.kill(pid, 'SIGKILL');
      // In a sandbox its first process reaps the worker: what the monitor has to reap there is the sandbox itself.
      const dead = () => workers.filter(({ pid }) => (readSample(pid)?.state ?? 'Z') === 'Z').length;
      await until(() => dead() === workers.length, DEADLINE_MS, 'all have died');
      // Longer than the heartbeats' limit: it must not take its own sleep for their silence.
      const server = before.find(({ role }) => role === 'server')!;
      await new Promise((resolve) => setTimeout(resolve, 5500));
      expect(readSample(server.pid)?.state, 'the server lives on').to.be.oneOf(['S', 'R']);
      const gauge = /^forkline_unreaped_children(?:\{[^}]*\})? (\d+)$/m;
      const metrics = (await forkline.get('/metrics')).text;
      expect(Number(gauge.exec(metrics)?.[1]), 'the gauge fires meanwhile').to.be.at.least(workers.length);
    } finally {
      process.kill(forkline.monitorPid, 'SIGCONT');
    }
    await settled(forkline, database, 4);
    expect(workers.filter(({ pid }) => readSample(pid) !== null)).to.deep.equal([]);
    const after = await forkline.processes();
    const ends = (await forkline.logLines()).filter((line) => /"(kill|child-lost)"/.test(line));
    for (const role of ['server', 'logger'])
      expect(after.find((row) => row.role === role)?.pid, `the ${role}; ${ends.join('\n')}`).to.equal(
        before.find((row) => row.role === role)?.pid,
      );
  });

  it('fault 18, HUP ten times under load, then TERM: no accepted request is dropped', async () => {
    // Ten generations of processes: one SQL worker each is what a reload needs.
    await using forkline = await startForkline({ dsl: SEVERAL_PROCESSES.dsl });
    const clients = load(forkline, 3);
    for (let round = 0; round < 10; round++) {
      const reloads = () => forkline.output().split('forkline: reloaded\n').length - 1;
      process.kill(forkline.monitorPid, 'SIGHUP');
      await until(() => reloads() > round, 30_000, `reload ${round + 1}`);
    }
    await clients.stop();
    expect(clients.failures).to.deep.equal([]);
    expect(clients.served).to.be.above(50);
    const last = await startLongQuery(
      forkline,
      'set pushdown = off; select pg_sleep(1)::text as a | where true',
      ['sql', 'dsl'],
    );
    process.kill(forkline.monitorPid, 'SIGTERM');
    expect(codeOf(await last.answer)).to.equal('ok');
    expect(await forkline.exited).to.equal(0);
  });

  it('fault 20, no process can be started (EMFILE): it serves with those that live, and recovers', async function () {
    await using forkline = await startForkline(SEVERAL_PROCESSES);
    const limit = (files: string): boolean => {
      try {
        execFileSync('prlimit', ['--pid', String(forkline.monitorPid), `--nofile=${files}`]);
        return true;
      } catch {
        return false;
      }
    };
    const [soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m
      .exec(await readFile(`/proc/${forkline.monitorPid}/limits`, 'utf8').catch(() => ''))
      ?.slice(1) ?? ['', ''];
    if (soft === '' || !limit(`8:${hard}`)) skipBecause(this, 'no `prlimit` of util-linux here');
    const victim = (await forkline.processes()).find(({ role }) => role === 'sql')!;
    process.kill(victim.pid, 'SIGKILL');
    const failed = async () => (await forkline.logLines()).some((line) => line.includes('EMFILE'));
    await until(failed, DEADLINE_MS, 'the log says that no process could be started');
    for (let i = 0; i < 5; i++) expect((await forkline.query(STAGES)).status).to.equal(200);
    limit(`${soft}:${hard}`);
    await answersAgain(forkline, STAGES);
    await until(
      async () =>
        (await forkline.processes()).filter(({ role, state }) => role === 'sql' && state === 'ready')
          .length === 2,
      30_000,
      'full strength',
    );
    await settled(forkline, database, 4);
  });
});
