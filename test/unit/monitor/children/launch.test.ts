import { expect } from 'chai';
import { composeCommand } from '../../../../monitor/children/launch.ts';

const node = process.execPath;
const both = { setpriv: '/bin/setpriv', prlimit: '/bin/prlimit' };
const neither = { setpriv: null, prlimit: null };

describe('command line of a child', () => {
  it('ends with its monitor where setpriv exists', () => {
    expect(composeCommand('sql', '/x/worker.js', both, 1000)).to.deep.equal({
      command: '/bin/setpriv',
      args: ['--pdeathsig', 'KILL', '--', node, '/x/worker.js'],
    });
  });

  it('limits the memory of a DSL worker, and of no other', () => {
    expect(composeCommand('dsl', '/x/worker.js', both, 1000)).to.deep.equal({
      command: '/bin/setpriv',
      args: [
        '--pdeathsig',
        'KILL',
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
    expect(composeCommand('server', '/x/main.js', neither, 1000)).to.deep.equal({
      command: node,
      args: ['/x/main.js'],
    });
  });
});
