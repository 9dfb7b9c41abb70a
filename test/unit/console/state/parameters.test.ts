import { expect } from 'chai';
import { parametersOf, parameterText, parameterValue } from '../../../../console/state/parameters.ts';

describe('parametersOf', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['select :a, :b, :a', ['a', 'b']],
    ['select :값 + :größe_2', ['값', 'größe_2']],
    ["select ':no', \":no\", `:no`, 'it''s :no' -- :no\n, :yes", ['yes']],
    ['select 1::int, a::text[1:2] /* :no */ , $$ :no $$, $t$ :no $t$', []],
    ['select x[1 :n], time 12:30', ['n']],
    ['', []],
  ];
  for (const [query, names] of cases)
    it(`finds ${names.join(', ') || 'none'} in ${query}`, () => {
      expect(parametersOf(query)).to.deep.equal(names);
    });
});

describe('parameterValue', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['41', 41],
    ['-1.5', -1.5],
    ['9007199254740993', '9007199254740993'],
    ['0012', '0012'],
    ['true', true],
    ['null', null],
    ['"12"', '12'],
    ['[1, "a"]', [1, 'a']],
    ['["a', '["a'],
    ['', ''],
    ['word', 'word'],
  ];
  for (const [text, value] of cases)
    it(`reads ${JSON.stringify(text)}`, () => {
      expect(parameterValue(text)).to.deep.equal(value);
    });
});

describe('parameterText', () => {
  for (const value of [1, -1.5, true, null, 'word', '12', 'true', '', '"', '[1', [1, 'a'], '0012'])
    it(`is read as ${JSON.stringify(value)} again`, () => {
      expect(parameterValue(parameterText(value))).to.deep.equal(value);
    });
});
