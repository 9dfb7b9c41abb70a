import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { makeServerDir, noteProcess, sweepServerDirs } from '../../support/server-dir.ts';

describe('directories of servers that tests start', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'forkline-dirs-'));
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  const gone = (): string => `${spawnSync(process.execPath, ['-e', '']).pid}.1`;

  it('stay while their process lives', () => {
    const dir = makeServerDir('spark', parent);
    writeFileSync(join(dir, 'log'), 'up');
    mkdirSync(join(parent, 'forkline-spark-1.txt'));
    mkdirSync(join(parent, 'forkline-other'));
    expect(sweepServerDirs(parent)).to.deep.equal([]);
    expect(readdirSync(parent)).to.have.length(3);
  });

  it('are removed by the next one that makes such a directory, once their process is gone', () => {
    const left = join(parent, `forkline-sail-${gone()}-abc123`);
    mkdirSync(join(left, 'tmp'), { recursive: true });
    writeFileSync(join(left, 'tmp', 'spilled'), 'rows');
    const dir = makeServerDir('spark', parent);
    expect(readdirSync(parent)).to.deep.equal([basename(dir)]);
  });

  it('end with the servers that a killed process left', async () => {
    const server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const ended = once(server, 'exit');
    const left = join(parent, `forkline-spark-${gone()}-abc123`);
    mkdirSync(left);
    noteProcess(left, server.pid!);
    // A process that was another one's has the same number by now.
    writeFileSync(join(left, 'processes'), `${process.pid}.1\n`, { flag: 'a' });
    expect(sweepServerDirs(parent)).to.deep.equal([basename(left)]);
    expect((await ended)[1]).to.equal('SIGKILL');
    expect(existsSync(left)).to.equal(false);
  });
});
