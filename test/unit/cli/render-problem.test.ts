import { expect } from 'chai';
import { renderProblem } from '../../../cli/render-problem.ts';

describe('an error on the terminal', () => {
  it('shows the line, a caret under the place, the stage and the hint', () => {
    const text = renderProblem({
      status: 400,
      code: 'unknown-column',
      detail: 'there is no column dely',
      stage: { index: 1, name: 'where' },
      position: { line: 2, column: 9, excerpt: '| where dely > 0\n        ^^^^' },
      hint: 'Did you mean delay?',
      queryId: 'q-1',
    });
    expect(text.split('\n')).to.deep.equal([
      'error[unknown-column]: there is no column dely',
      '  at line 2, column 9, stage 1 (where)',
      '    | where dely > 0',
      '            ^^^^',
      'hint: Did you mean delay?',
      '(query q-1)',
    ]);
  });

  it('says so when sending it again may help', () => {
    const text = renderProblem({
      status: 503,
      code: 'worker-lost',
      detail: 'the process died',
      retryable: true,
    });
    expect(text).to.equal('error[worker-lost]: the process died\n(sending it again may help)');
  });

  it('makes do with a status when nothing else came', () => {
    expect(renderProblem({ status: 502 })).to.equal('error[502]: the server gave no reason');
  });
});
