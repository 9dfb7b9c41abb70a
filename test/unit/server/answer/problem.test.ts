import { expect } from 'chai';
import { positionOf, problemOf } from '../../../../server/answer/problem.ts';

describe('problem documents', () => {
  const text = 'select 1\n| where dela > 0';
  const start = text.indexOf('dela');

  it('give the place as line and column with a caret', () => {
    expect(positionOf(text, { start, end: start + 4 })).to.deep.equal({
      line: 2,
      column: 9,
      endLine: 2,
      endColumn: 13,
      excerpt: '| where dela > 0\n        ^^^^',
    });
  });

  it('count characters, not UTF-16 units', () => {
    const emoji = "select '😀한글' | wher x";
    const at = emoji.indexOf('wher');
    expect(positionOf(emoji, { start: at, end: at + 4 })).to.include({
      line: 1,
      column: [...emoji.slice(0, at)].length + 1,
    });
  });

  it('cut an endless line around the place', () => {
    const long = `${'x'.repeat(100_000)}!${'y'.repeat(100_000)}`;
    const { excerpt, column } = positionOf(long, { start: 100_000, end: 100_001 });
    expect(column).to.equal(100_001);
    expect(excerpt.length).to.be.below(300);
    const [line, caret] = excerpt.split('\n');
    expect(line![caret!.indexOf('^')]).to.equal('!');
  });

  it('a place at the very end of the text has a caret behind the last character', () => {
    expect(positionOf('select (', { start: 8, end: 8 }).excerpt).to.equal('select (\n        ^');
  });

  it('carry status, retry, hint, suggestions and limit of their error', () => {
    const limit = { name: 'queueLength', value: 3, observed: 3 };
    const problem = problemOf(
      { code: 'queue-full', message: 'full', hint: 'wait', limit },
      { queryId: 'q1' },
    );
    expect(problem).to.deep.equal({
      type: 'urn:forkline:error:queue-full',
      title: 'Queue full',
      status: 503,
      detail: 'full',
      instance: '/v1/queries/q1',
      queryId: 'q1',
      code: 'queue-full',
      retryable: true,
      hint: 'wait',
      limit,
    });
  });
});
