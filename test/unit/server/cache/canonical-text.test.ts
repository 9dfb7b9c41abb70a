import { expect } from 'chai';
import { canonicalText } from '../../../../server/cache/canonical-text.ts';

const same = (a: string, b: string, dialect: 'postgres' | 'mariadb' | 'sqlite' = 'postgres') =>
  canonicalText(a, dialect) === canonicalText(b, dialect);

describe('the text of a query in its key', () => {
  it('leaves out layout that makes no difference', () => {
    expect(same('select 1', '  select\n\t1 ')).to.equal(true);
    expect(same("select 'a'  as x | head 1", "select 'a' as x | head 1")).to.equal(true);
  });

  it('keeps every letter that may make one', () => {
    for (const [a, b] of [
      ["select 'a b'", "select 'a  b'"],
      ['select "a b"', 'select "a  b"'],
      ["select 'it''s  b'", "select 'it''s b'"],
      ["select 'a'\n'b'", "select 'a' 'b'"],
      ['select 1 -- a\n, 2', 'select 1 -- a , 2'],
      ['select $$a  b$$', 'select $$a b$$'],
      ["select E'\\'a  b'", "select E'\\'a b'"],
      ['select n from t | eval x = a +  1', 'select n from t | eval x = a + 1'],
      ['select n from t | stats sum(a  + b)', 'select n from t | stats sum(a + b)'],
      ['@other select  1', '@other select 1'],
      ['select 1 /* a\n*/', 'select 1 /* a */'],
      ['select current_query()  as q', 'select current_query() as q'],
      ["select ' | '  as a", "select ' |  ' as a"],
      ['select A', 'select a'],
    ] as const)
      expect(same(a, b), `${a} and ${b}`).to.equal(false);
  });

  it('keeps all layout where columns are named by it', () => {
    expect(same('select 1 +  1', 'select 1 + 1', 'mariadb')).to.equal(false);
    expect(same('select 1 +  1', 'select 1 + 1', 'sqlite')).to.equal(false);
  });
});
