import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { isSameProcess, parseStat, readRssBytes, readSample } from '../../../../core/process/proc.ts';
import { skipBecause } from '../../../support/skip.ts';

describe('/proc', () => {
  it('parses a name that holds spaces and parentheses', () => {
    const numbers = '4194560 1 2 3 4 150 50 0 0 20 0 11 0 987654 1 2';
    expect(parseStat(`4711 (a (b) c) S 42 4711 4711 0 -1 ${numbers}\n`)).to.deep.equal({
      pid: 4711,
      state: 'S',
      ppid: 42,
      cpuTicks: 200,
      startTicks: 987654,
    });
  });

  it('gives null for what is no stat line', () => {
    for (const text of ['', '12', '12 (x) S', 'no parentheses here']) expect(parseStat(text)).to.equal(null);
  });

  it('gives null for a process that is not there', () => {
    expect(readSample(2 ** 30)).to.equal(null);
    expect(readRssBytes(2 ** 30)).to.equal(null);
  });

  it('knows a process by its start time too', async function () {
    const own = readSample(process.pid);
    if (own === null) return skipBecause(this, 'no /proc here');
    expect(own.ppid).to.equal(process.ppid);
    expect(readRssBytes(process.pid)).to.be.greaterThan(1_000_000);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const { pid } = child;
    if (pid === undefined) throw new Error('no child');
    const startTicks = readSample(pid)?.startTicks ?? null;
    expect(isSameProcess(pid, startTicks)).to.equal(true);
    expect(isSameProcess(pid, (startTicks ?? 0) - 1)).to.equal(false);
    expect(isSameProcess(pid, null)).to.equal(null);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isSameProcess(pid, startTicks)).to.equal(false);
  });
});
