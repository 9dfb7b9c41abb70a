/** Directories that are columns. */
import { expect } from 'chai';
import { partitionOf, partitionType, refuseAmbiguous } from '../../../../connectors/files/hive.ts';

describe('a directory name=value', () => {
  for (const [directory, key, value] of [
    ['y=2024', 'y', '2024'],
    ['c=', 'c', ''],
    ['c=a=b', 'c', 'a=b'],
    ['c=a%3Db%2Fc', 'c', 'a=b/c'],
    ['city=%EC%84%9C%EC%9A%B8', 'city', '서울'],
    ['city=서울', 'city', '서울'],
    ['%EB%8F%84=x', '도', 'x'],
    ['c=__HIVE_DEFAULT_PARTITION__', 'c', null],
    ['c=100%', 'c', '100%'],
    ['c=%zz', 'c', '%zz'],
  ] as const)
    it(`${directory} is ${key}: ${String(value)}`, () => {
      expect(partitionOf(directory)).to.deep.equal({ key, value });
    });

  it('is none without a name or a =', () => {
    expect([partitionOf('2024'), partitionOf('=x')]).to.deep.equal([null, null]);
  });

  it('has the narrowest type that all values have', () => {
    const types = (values: (string | null)[]): string | null => partitionType(values);
    expect(types(['1', '02', '-3', null])).to.equal('BIGINT');
    expect(types(['2024-01-01', null])).to.equal('DATE');
    expect(types(['2024-02-30'])).to.equal('VARCHAR');
    expect(types(['1', '2024-01-01'])).to.equal('VARCHAR');
    expect(types(['1234567890123456789'])).to.equal('VARCHAR');
    expect(types([''])).to.equal('VARCHAR');
    expect(types([null])).to.equal(null);
  });

  it('of the text null is refused: the engine and Spark read it differently', () => {
    expect(() => refuseAmbiguous({ key: 'c', value: 'NULL' }, 'c=NULL')).to.throw(
      /may mean null or the text NULL/,
    );
    expect(() => refuseAmbiguous({ key: 'c', value: null }, 'c=__HIVE_DEFAULT_PARTITION__')).not.to.throw();
  });
});
