/** Tests which paths of users are looked up at all. */
import { expect } from 'chai';
import { looksLikePath, parsePath } from '../../../../connectors/files/user-path.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';

describe('the path of files that a user writes', () => {
  for (const [path, why] of [
    ['', 'it is empty'],
    ['/etc/passwd', 'it is absolute'],
    ['//etc/passwd', 'it is absolute'],
    ['..', 'it holds `..`'],
    ['../x.csv', 'it holds `..`'],
    ['a/../x.csv', 'it holds `..`'],
    ['a/..', 'it holds `..`'],
    ['./../x.csv', 'it holds `..`'],
    ['file:///etc/passwd', 'it begins as a URL'],
    ['file:x.csv', 'it begins as a URL'],
    ['HTTP://h/x.csv', 'it begins as a URL'],
    ['s3://bucket/x.parquet', 'it begins as a URL'],
    ['s3a:x', 'it begins as a URL'],
    ['C:\\x.csv', 'it begins as a URL'],
    ['..\\x.csv', 'it holds `\\`'],
    ['~/x.csv', 'it begins with `~`'],
    ['x.csv?s3_endpoint=evil', 'it holds `?`'],
    ['x.csv#y', 'it holds `#`'],
    ['[.][.]/x.csv', 'it holds `[`'],
    ['{a,b}.csv', 'it holds `{`'],
    ['a\0.csv', 'it holds a control character'],
    ['a\n.csv', 'it holds a control character'],
    ['a\u0085.csv', 'it holds a control character'],
    ['\ud800.csv', 'it holds a control character'],
    [`${'a/'.repeat(65)}x.csv`, 'it has more than 64 parts'],
  ] as const)
    it(`${JSON.stringify(path).slice(0, 40)} is refused: ${why}`, () => {
      expect(() => parsePath(path))
        .to.throw(QueryError, why)
        .with.property('code', 'read-only');
    });

  it('is taken apart, and nothing in it is decoded', () => {
    const names = parsePath('./a//%2e%2e/．．/b.csv').map((part) => part.kind === 'name' && part.name);
    expect(names).to.deep.equal(['a', '%2e%2e', '．．', 'b.csv']);
    const [any, pattern] = parsePath('**/a.*-x(1)*.csv');
    expect(any).to.deep.equal({ kind: 'any' });
    const matched = ['a.1-x(1)2.csv', 'a.-x(1).csv', 'ab1-x(1).csv', 'a.1-x1.csv'].map(
      (name) => pattern?.kind === 'pattern' && pattern.pattern.test(name),
    );
    expect(matched).to.deep.equal([true, true, false, false]);
  });

  it('is told from the name of a table', () => {
    expect(['a/b', 'a.csv', '*', 'x:y', 'a\\b'].map(looksLikePath)).to.deep.equal(Array(5).fill(true));
    expect(['sales', 'sales 2024', '매출'].map(looksLikePath)).to.deep.equal([false, false, false]);
  });
});
