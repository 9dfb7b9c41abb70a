import { expect } from 'chai';
import type { Lexical } from '../../../../language/dialects/lexical.ts';
import { USUAL_SOURCE } from '../../../../language/dialects/registry.ts';
import { mayFail, mayFilter } from '../../../../language/source/facts.ts';

describe('facts of a SQL text', () => {
  const { lexical } = USUAL_SOURCE;
  const ticks: Lexical = { ...lexical, nameQuotes: '`' };
  const brackets: Lexical = { ...lexical, bracketNames: true };
  const escapes: Lexical = { ...lexical, backslashEscapes: true };

  it('nothing fails in names as the dialect quotes them', () => {
    const plain = ['select "a-b" from t', 'select `a-b` from t', 'select [a-b] from t'] as const;
    const failing = (rules: Lexical): boolean[] => plain.map((sql) => mayFail(sql, rules));
    expect(failing(lexical)).to.deep.equal([false, false, true]);
    expect(failing(ticks)).to.deep.equal([true, false, true]);
    expect(failing(brackets)).to.deep.equal([false, false, false]);
  });

  it('a text goes on behind a quote that is escaped', () => {
    const sql = String.raw`select 'a\' from t where 1/a = 2 -- '`;
    expect(mayFail(sql, escapes)).to.equal(true);
    const hidden = String.raw`select 'a\', b, '1/'`;
    expect([mayFail(hidden, lexical), mayFail(hidden, escapes)]).to.deep.equal([false, true]);
  });

  it('a whole table has no condition, however its name is quoted', () => {
    const tables = ['select * from "a b"', 'select * from "ab"', 'select * from `ab`', 'select * from [ab]'];
    const filters = (rules: Lexical): boolean[] => tables.map((sql) => mayFilter(sql, rules));
    expect(filters(lexical)).to.deep.equal([true, false, false, true]);
    expect(filters(ticks)).to.deep.equal([true, true, false, true]);
    expect(filters(brackets)).to.deep.equal([true, false, false, false]);
    expect(mayFilter('select distinct a from t', lexical)).to.equal(true);
    expect(mayFilter('select a from t where a', lexical)).to.equal(true);
  });
});
