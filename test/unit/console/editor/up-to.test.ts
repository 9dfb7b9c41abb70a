import { expect } from 'chai';
import { partEnds, textUpTo } from '../../../../console/editor/up-to.ts';

describe('partEnds', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['select 1', ['select 1']],
    ['select 1 | head 1 | sort a', ['select 1 ', 'select 1 | head 1 ', 'select 1 | head 1 | sort a']],
    [
      'select \'a|b\', "c|d", x || y -- | no\n| head 1',
      ['select \'a|b\', "c|d", x || y -- | no\n', 'select \'a|b\', "c|d", x || y -- | no\n| head 1'],
    ],
    [
      'select 1 | join (select 2 | head 1) on a = b',
      ['select 1 ', 'select 1 | join (select 2 | head 1) on a = b'],
    ],
    ['select $$ | $$, $x$ | $x$, `a|b`', ['select $$ | $$, $x$ | $x$, `a|b`']],
    [
      'select 1 /* | /* | */ | */ | head 1',
      ['select 1 /* | /* | */ | */ ', 'select 1 /* | /* | */ | */ | head 1'],
    ],
    [
      'let a = select 1 | head 2; select 2 | head 1;',
      ['let a = select 1 | head 2; select 2 ', 'let a = select 1 | head 2; select 2 | head 1;'],
    ],
    ["select 'never closed | head 1", ["select 'never closed ", "select 'never closed | head 1"]],
    ['', ['']],
  ];
  for (const [text, parts] of cases)
    it(`of ${JSON.stringify(text)}`, () => {
      expect(partEnds(text).map((end) => text.slice(0, end))).to.deep.equal(parts);
    });
});

describe('textUpTo', () => {
  const text = 'select 1 | where a | sort b';
  const upTo = (place: string) => textUpTo(text, text.indexOf(place));
  it('ends with the part in which the cursor stands', () => {
    expect(textUpTo(text, 0)).to.equal('select 1 ');
    expect(upTo('where')).to.equal('select 1 | where a ');
    expect(upTo('| sort')).to.equal('select 1 | where a ');
    expect(upTo('sort')).to.equal(text);
    expect(textUpTo(text, text.length)).to.equal(text);
  });
});
