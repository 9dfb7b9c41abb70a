/** Queries that differ only in what varies from call to call have one shape; others do not. */
import { expect } from 'chai';
import fc from 'fast-check';
import { shapeOf } from '../../../../core/logging/shape.ts';

describe('query shape', () => {
  const cases: readonly [string, string][] = [
    ["SELECT *\n  FROM a -- why\n WHERE x = 'it''s'", 'select * from a where x = ?'],
    ['select * from a where x in (1, -2, 3.5e-3)', 'select * from a where x in(?)'],
    ["select * from a where x in ('b')", 'select * from a where x in(?)'],
    ["insert into t values (1,'a'),(2,'b'), (3,'c')", 'insert into t values(?)'],
    ["select e'it\\'s', $$x$$, $q$a'b$q$ from t /* a /* b */ c */", 'select ? from t'],
    ['select a-1, b - 2 from t', 'select a - ?, b - ? from t'],
    ['select x from t where y between -5 and +5', 'select x from t where y between ? and ?'],
    ['select "Co l", `x` from t1 where a = :who', 'select "Co l", `x` from t1 where a = :who'],
    [
      "select 1 | where d > 90m | eval n = cast('5' as int64) | HEAD 5",
      'select ? | where d > ? | eval n = cast(? as int64) | head ?',
    ],
    [
      'select t\n# a comment\n| stats count() by x\n// another\n| sort x',
      'select t | stats count() by x | sort x',
    ],
    ["a::date >= '2020-01-01'", 'a::date >= ?'],
    ['', ''],
  ];
  for (const [text, shape] of cases) {
    it(JSON.stringify(text), () => expect(shapeOf(text)).to.equal(shape));
  }

  it('keeps nothing of a literal that was cut', () => {
    for (const text of [
      "select 'secr",
      'select $$secr',
      "select e'secr\\",
      'select /* secr',
      'select $tag$secr',
    ])
      expect(shapeOf(text)).not.to.include('secr');
  });

  it('takes any text, says when it is cut, and is not slow', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => shapeOf(text).length <= 500));
    expect(shapeOf('word '.repeat(5000)))
      .to.have.length(500)
      .and.match(/…$/);
    for (const part of ["'", '/*', '(1),', "e'\\", '\n#\n', '1e', '$a$', '-', '\n ', '"', ':a', '$'])
      expect(shapeOf(part.repeat(20_000)).length).to.be.at.most(500);
  });
});
