import { expect } from 'chai';
import { endOf } from '../../../../monitor/sandbox/inner-process.ts';

describe('how a process in a sandbox ended', () => {
  it('is the signal that bwrap tells as a code', () => {
    expect(endOf(137, null, true)).to.deep.equal([null, 'SIGKILL']);
    expect(endOf(139, null, true)).to.deep.equal([null, 'SIGSEGV']);
  });

  it('is its own exit code otherwise, that after TERM included', () => {
    for (const code of [0, 1, 70, 143]) expect(endOf(code, null, true)).to.deep.equal([code, null]);
  });

  it('is not changed without a sandbox, and when the sandbox itself was killed', () => {
    expect(endOf(137, null, false)).to.deep.equal([137, null]);
    expect(endOf(null, 'SIGKILL', true)).to.deep.equal([null, 'SIGKILL']);
  });
});
