/** A start removes only those run directories of which everything says that nobody will come back for them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runDirPrefix } from '../../../../core/process/run-dir.ts';
import { claimRunDir, sweepDeadRuns } from '../../../../monitor/sweep/dead-runs.ts';
import { RUN_ID } from '../../../../monitor/sweep/strays.ts';
import { skipBecause } from '../../../support/skip.ts';

describe('run directories of killed monitors', () => {
  let parent: string;
  let deadPid: number;
  const started: ChildProcess[] = [];

  before(async function () {
    if (!existsSync('/proc/self/stat')) skipBecause(this, 'no /proc here');
    const child = spawn('true');
    await once(child, 'exit');
    deadPid = child.pid!;
  });
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'forkline-test-'));
  });
  afterEach(async () => {
    for (const child of started.splice(0)) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    await rm(parent, { recursive: true });
  });

  /** The run of this process, but for what the story changes. */
  async function runDirOf(name: string, changes: object): Promise<string> {
    const path = join(parent, `${runDirPrefix()}${name}`);
    await mkdir(join(path, 'raw'), { recursive: true });
    await claimRunDir(path, join(parent, `${name}.json`));
    const owner = JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')) as object;
    await writeFile(join(path, 'owner.json'), JSON.stringify({ ...owner, ...changes }));
    return path;
  }

  const sweep = () => sweepDeadRuns(join(parent, `${runDirPrefix()}own`));

  it('go when its monitor is gone: no such pid, another process by that number, another boot', async () => {
    const gone = [
      await runDirOf('dead', { pid: deadPid }),
      await runDirOf('reused', { startTicks: 1 }),
      await runDirOf('rebooted', { bootId: 'an earlier one' }),
    ];
    expect((await sweep()).sort()).to.deep.equal(gone.sort());
    expect(gone.filter((path) => existsSync(path))).to.deep.equal([]);
  });

  it('stay in every case of doubt', async () => {
    const dead = { pid: deadPid };
    const named = await runDirOf('named', dead);
    const state = { pid: deadPid, runDir: named, children: [] };
    await writeFile(join(parent, 'named.json'), JSON.stringify(state));
    const unreadable = await runDirOf('unreadable', dead);
    await mkdir(join(parent, 'unreadable.json'));
    const silent = await runDirOf('silent', dead);
    await rm(join(silent, 'owner.json'));
    const elsewhere = join(parent, 'another-name');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'owner.json'), await readFile(join(named, 'owner.json')));
    const link = join(parent, `${runDirPrefix()}link`);
    await symlink(elsewhere, link);
    const kept = [
      ...[named, unreadable, silent, elsewhere, link],
      await runDirOf('living', {}),
      await runDirOf('own', dead),
      await runDirOf('host', { ...dead, host: 'another' }),
      await runDirOf('container', { ...dead, pidNamespace: 'pid:[1]' }),
    ];
    expect(await sweep()).to.deep.equal([]);
    expect(kept.filter((path) => !existsSync(path))).to.deep.equal([]);
  });

  it('stay while a process of that run lives', async () => {
    const path = await runDirOf('orphaned', { pid: deadPid });
    started.push(spawn('sleep', ['60'], { env: { ...process.env, [RUN_ID]: path } }));
    await once(started[0]!, 'spawn');
    expect(await sweep()).to.deep.equal([]);
    const orphan = started.pop()!;
    orphan.kill('SIGKILL');
    await once(orphan, 'exit');
    expect(await sweep()).to.deep.equal([path]);
  });
});
