import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { skipBecause } from '../../../support/skip.ts';

const AUTOGROUP = '/proc/self/autogroup';
const MODULE = new URL('../../../../workers/dsl/lower-priority.ts', import.meta.url).href;
/** Prints the niceness of the process and of its session, which may take a while: the kernel takes few such wishes. */
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  import { getPriority } from 'node:os';
  import { setTimeout as delay } from 'node:timers/promises';
  import { lowerPriority } from '${MODULE}';
  const session = () => readFileSync('${AUTOGROUP}', 'utf8').trim().split(' ').at(-1);
  lowerPriority();
  for (let looks = Number(process.argv[1]); looks > 0 && session() !== '10'; looks--) await delay(20);
  console.log(getPriority() + ' ' + session());
`;
const run = (looks: number): readonly string[] => [
  ...['--import', 'tsx', '--input-type=module', '--eval', PROGRAM],
  String(looks),
];

const ownSession = (): string => readFileSync(AUTOGROUP, 'utf8');

describe('the priority of DSL workers', () => {
  before(function () {
    if (!existsSync(AUTOGROUP) || ownSession() === '')
      skipBecause(this, 'this kernel does not group by session');
  });

  it('is low for the worker and the session that it leads', async () => {
    const child = spawn(process.execPath, run(250), { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(printed).to.equal('10 10\n');
  });

  it('is not that of a session that another leads', async () => {
    const before = ownSession();
    const { stdout } = await promisify(execFile)(process.execPath, run(0));
    expect(stdout.split(' ')[0]).to.equal('10');
    expect(ownSession()).to.equal(before);
  });
});
