/** Readings of real processes, in states made on purpose. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { examine, type HealthPolicy } from '../../../../monitor/watch/health.ts';
import { Sampler } from '../../../../monitor/watch/sampler.ts';
import { skipBecause } from '../../../support/skip.ts';
import { until } from '../../../support/until.ts';

const DEADLINE_MS = 5000;
const policy: HealthPolicy = {
  uninterruptibleMs: 10_000,
  killRssBytes: 2 ** 40,
  killPssBytes: 2 ** 40,
  openFilesWarnPercent: 100,
  openFilesKillPercent: 100,
};
/** The parent of a vfork is held by the kernel until its child ends; 58 is that call on x86-64. */
const HELD = 'my $p = syscall(58); if ($p == 0) { select(undef, undef, undef, 60); syscall(231, 0); }';

describe('readings of processes', () => {
  const started: ChildProcess[] = [];
  const clock = { ms: 0 };

  before(function () {
    if (!existsSync('/proc/self/stat')) skipBecause(this, 'no /proc here');
  });
  beforeEach(() => {
    clock.ms = 0;
  });
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      process.kill(-child.pid!, 'SIGKILL');
      await gone;
    }
  });

  function start(command: string, ...args: string[]): number {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    started.push(child);
    return child.pid!;
  }

  /** Samples until it stays in that state (a start waits for the disk now and then), and ten seconds of the test's clock later. */
  async function inState(pid: number, state: string) {
    const sampler = new Sampler(() => clock.ms);
    const look = () => {
      sampler.sample([{ pid, startTicks: null }]);
      return sampler.of(pid);
    };
    let looksInState = 0;
    let cpuSeconds: number | null = null;
    const stays = (): boolean => {
      const now = look();
      const isSame = now.kernelState === state && now.cpuSeconds === cpuSeconds;
      looksInState = isSame ? looksInState + 1 : 0;
      ({ cpuSeconds } = now);
      return looksInState === 3;
    };
    await until(stays, DEADLINE_MS, `state ${state}`);
    clock.ms += 10_000;
    return look();
  }

  it('know a stopped process', async () => {
    const pid = start('sleep', '60');
    process.kill(pid, 'SIGSTOP');
    const look = await inState(pid, 'T');
    expect(examine('sql', look, policy, clock.ms)).to.have.length(1);
  });

  it('know a process that the kernel holds, since when and where', async function () {
    if (process.arch !== 'x64' || !existsSync('/usr/bin/perl'))
      return skipBecause(this, 'it needs Perl, and the numbers of the system calls of x64');
    const pid = start('perl', '-e', HELD);
    const look = await inState(pid, 'D');
    expect(look.stateSinceMs).to.equal(0);
    const findings = examine('sql', look, policy, clock.ms);
    expect(findings.map(({ type }) => type)).to.deep.equal(['warn', 'kill']);
  });

  it('measure memory, files and CPU of a process that sleeps', async () => {
    const look = await inState(start('sleep', '60'), 'S');
    expect(look.pssBytes).to.be.above(1000).and.at.most(look.rssBytes!);
    expect(look.openFiles).to.be.at.least(3);
    expect(look.openFilesLimit).to.be.above(3);
    expect(look.cpuPercent).to.equal(0);
    expect(look.wchan).to.not.equal(undefined);
  });

  it('measure the proportional memory of one process a look, each in its turn', () => {
    const pids = [start('sleep', '60'), start('sleep', '60')];
    const sampler = new Sampler(() => clock.ms);
    const measured = () => {
      clock.ms += 1000;
      sampler.sample(pids.map((pid) => ({ pid, startTicks: null })));
      return pids.filter((pid) => sampler.of(pid).pssBytes !== null).length;
    };
    expect([measured(), measured(), measured()]).to.deep.equal([1, 2, 2]);
  });

  it('forget a process whose pid is another by now', () => {
    const pid = start('sleep', '60');
    const sampler = new Sampler(() => clock.ms);
    sampler.sample([{ pid, startTicks: 1 }]);
    expect(sampler.of(pid).kernelState).to.equal(null);
  });
});
