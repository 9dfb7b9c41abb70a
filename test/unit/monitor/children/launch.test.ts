import { expect } from 'chai';
import { composeCommand } from '../../../../monitor/children/launch.ts';
import { ORDINARY_LAUNCH } from '../../../../monitor/children/launch-options.ts';
import { POOL_TABLE } from '../../../../monitor/pools/table.ts';

const node = process.execPath;
const both = { setpriv: '/bin/setpriv', prlimit: '/bin/prlimit' };
const dsl = POOL_TABLE.find(({ role }) => role === 'dsl')!;
const neither = { setpriv: null, prlimit: null };

describe('command line of a child', () => {
  it('ends with its monitor, and gains no rights, where setpriv exists', () => {
    expect(composeCommand('/x/worker.js', ORDINARY_LAUNCH, both, 1000)).to.deep.equal({
      command: '/bin/setpriv',
      args: ['--pdeathsig', 'KILL', '--no-new-privs', '--', node, '/x/worker.js'],
    });
  });

  it('limits the memory of a DSL worker, and of no other', () => {
    expect(composeCommand('/x/worker.js', dsl.launch, both, 1000)).to.deep.equal({
      command: '/bin/setpriv',
      args: [
        '--pdeathsig',
        'KILL',
        '--no-new-privs',
        '--',
        '/bin/prlimit',
        '--data=1000',
        '--',
        node,
        '--max-old-space-size=256',
        '/x/worker.js',
      ],
    });
  });

  it('is plain node where there are neither', () => {
    expect(composeCommand('/x/main.js', ORDINARY_LAUNCH, neither, 1000)).to.deep.equal({
      command: node,
      args: ['/x/main.js'],
    });
  });
});
