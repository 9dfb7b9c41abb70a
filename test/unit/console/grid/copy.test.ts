import { expect } from 'chai';
import { copyText } from '../../../../console/grid/copy.ts';

const COLUMNS = [
  { name: 'n', type: 'int64' },
  { name: 'a "b", c', type: 'string' },
];
const ROWS = [
  ['9007199254740993', 'x,y\n"z"'],
  [null, ''],
  ['NaN', '<b>|\\'],
];

describe('copyText', () => {
  it('writes CSV that tells an empty text from null', () => {
    expect(copyText('csv', COLUMNS, ROWS)).to.equal(
      'n,"a ""b"", c"\r\n9007199254740993,"x,y\n""z"""\r\n,""\r\nNaN,<b>|\\\r\n',
    );
  });

  it('writes JSON with all digits of numbers', () => {
    const text = copyText('json', COLUMNS, ROWS);
    expect(text).to.contain('"n": 9007199254740993,');
    expect(JSON.parse(text)).to.deep.equal([
      { n: Number('9007199254740993'), 'a "b", c': 'x,y\n"z"' },
      { n: null, 'a "b", c': '' },
      { n: 'NaN', 'a "b", c': '<b>|\\' },
    ]);
    expect(JSON.parse(copyText('json', COLUMNS, []))).to.deep.equal([]);
  });

  it('writes Markdown whose cells stay cells', () => {
    expect(copyText('markdown', COLUMNS, ROWS)).to.equal(
      '| n | a "b", c |\n| ---: | --- |\n| 9007199254740993 | x,y "z" |\n|  |  |\n| NaN | &lt;b>\\|\\\\ |\n',
    );
  });

  it('writes the names alone of no rows', () => {
    expect(copyText('csv', COLUMNS, [])).to.equal('n,"a ""b"", c"\r\n');
  });
});
