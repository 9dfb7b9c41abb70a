import { expect } from 'chai';
import { wordAround } from '../../../../console/editor/word-around.ts';

/** Returns the word around the place of ^, and the text up to its end. */
function around(marked: string): readonly string[] | null {
  const cursor = marked.indexOf('^');
  const text = marked.replace('^', '');
  const word = wordAround(text, cursor);
  return word === null ? null : [word.text, text.slice(0, word.end)];
}

describe('wordAround', () => {
  it('is the call in whose brackets the cursor stands', () => {
    expect(around('select a | stats sum(^')).to.deep.equal(['sum', 'select a | stats sum']);
    expect(around('select a | eval b = round(abs(c), ^2)')).to.deep.equal([
      'round',
      'select a | eval b = round',
    ]);
    expect(around("select a | eval b = replace(c, '(', ^'x')")).to.deep.equal([
      'replace',
      'select a | eval b = replace',
    ]);
    expect(around('select lower( ^')).to.deep.equal(['lower', 'select lower']);
  });

  it('is the stage outside of calls', () => {
    expect(around('select a | stats sum(a) ^')).to.deep.equal(['stats', 'select a | stats']);
    expect(around('select a |  head^ 5')).to.deep.equal(['head', 'select a |  head']);
    expect(around('select a | ^')).to.equal(null);
  });

  it('is nothing in SQL', () => {
    expect(around('select a ^ from t')).to.equal(null);
    expect(around('select a || ^b')).to.equal(null);
    expect(around('^')).to.equal(null);
  });
});
