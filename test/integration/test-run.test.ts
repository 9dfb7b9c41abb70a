/** The promises of test/run.mjs and of mocha's root hooks: leaks, deaths and hangs of a test process are failures with a name. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readSample } from '../../core/process/proc.ts';
import { pidsRunning } from '../support/processes.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const MOCHA = 'node_modules/mocha/bin/mocha.js';
/** The waits of a run are for busy machines; these are for what never comes. */
const IMPATIENT = { FORKLINE_TEST_CLOSING_MS: '300', FORKLINE_TEST_END_MS: '1000' };
const STALL = { FORKLINE_TEST_STALL_MS: '20000' };

interface Ended {
  readonly code: number | null;
  readonly printed: string;
  readonly lastLine: string | undefined;
}

async function run(script: string, args: readonly string[], env = {}): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', ...IMPATIENT, ...env },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, printed, lastLine: printed.trim().split('\n').at(-1) };
}

const fixture = (name: string): string => join('test/fixtures/runs', `${name}.test.ts`);

describe('a run of tests', function () {
  this.timeout(300_000);

  it('ends with the counts of all files', async () => {
    const { code, printed, lastLine } = await run('test/run.mjs', [fixture('passes')]);
    expect(printed).to.match(
      /^ +\d+\.\d s, +\d+\.\d s of a processor {2}test\/fixtures\/runs\/passes\.test\.ts$/m,
    );
    expect([code, lastLine]).to.deep.equal([0, '2 passed, 0 failed, 1 skipped']);
  });

  it('fails each suite that leaves something running, and no other, and names what it left', async () => {
    const { code, printed, lastLine } = await run('test/run.mjs', [fixture('leaks')]);
    for (const pid of [...pidsRunning('sleep 61.1'), ...pidsRunning('sleep 62.2')])
      process.kill(pid, 'SIGKILL');
    const told = [...printed.matchAll(/^FAILED .*"([^"]+)" left running: (.*)$/gm)];
    expect(
      told.map(([, suite]) => suite),
      printed,
    ).to.deep.equal([
      'a child',
      'a child that is not waited for',
      'a server and a socket',
      'a timer',
      'a thread',
    ]);
    const names = [/sleep 61\.1/, /sleep 62\.2/, /Server listening.*Socket/, /Timeout/, /thread/];
    for (const [index, name] of names.entries()) expect(told[index]![2]).to.match(name);
    expect(printed).to.match(
      /did not end within 1 s of its last test; what is open:\n(?: {2}.*\n)*? {2}Server listening/,
    );
    expect([code, lastLine], printed).to.deep.equal([1, '7 passed, 6 failed']);
  });

  it('fails when it does not end by itself, with mocha alone too', async () => {
    const lane = await run('test/run.mjs', [fixture('keeps-running')]);
    expect([lane.code, lane.lastLine], lane.printed).to.deep.equal([1, '1 passed, 1 failed']);
    const alone = await run(MOCHA, [fixture('keeps-running')]);
    expect(alone.code, alone.printed).to.equal(1);
    for (const { printed } of [lane, alone])
      expect(printed).to.match(/what is open:\n(?: {2}.*\n)*? {2}Timeout \(a timer\)/);
  });

  it('goes on with the other files when a process dies, and says in which test', async () => {
    const { code, printed, lastLine } = await run('test/run.mjs', [
      '--lanes',
      '1',
      fixture('dies'),
      fixture('passes'),
    ]);
    expect([code, lastLine], printed).to.deep.equal([1, '3 passed, 1 failed, 1 skipped']);
    expect(printed)
      .to.include('ended with SIGKILL in test/fixtures/runs/dies.test.ts')
      .and.include('kills its process');
  });

  it('has one database for all files of a process, however mocha loads them, and ends it', async () => {
    const files = [fixture('shares-too'), fixture('shares')];
    const { code, printed, lastLine } = await run('test/run.mjs', ['--lanes', '1', ...files]);
    expect([code, lastLine], printed).to.deep.equal([0, '2 passed, 0 failed']);
    const pids = [...printed.matchAll(/^database (\d+)$/gm)].map(([, pid]) => Number(pid));
    expect(pids).to.deep.equal([pids[0], pids[0]]);
    expect(readSample(pids[0]!), 'it has ended').to.equal(null);
  });

  it('fails when a file that it was told of is not there', async () => {
    const { code, printed, lastLine } = await run('test/run.mjs', [fixture('passes'), fixture('nowhere')]);
    expect([code, lastLine]).to.deep.equal([1, '2 passed, 1 failed, 1 skipped']);
    expect(printed).to.include('nowhere.test.ts');
  });

  it('fails when its processes do not start', async () => {
    const { code, lastLine } = await run('test/run.mjs', ['--require', './nowhere.mjs', fixture('passes')]);
    expect([code, lastLine]).to.deep.equal([1, '0 passed, 1 failed']);
  });

  it('kills a process whose event loop is blocked', async () => {
    const { code, printed, lastLine } = await run('test/run.mjs', [fixture('blocks')], STALL);
    expect([code, lastLine], printed).to.deep.equal([1, '0 passed, 1 failed']);
    expect(printed).to.include('in or after the test "a suite blocks"');
  });
});
