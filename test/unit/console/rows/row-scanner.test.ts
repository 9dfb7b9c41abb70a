import { expect } from 'chai';
import { RowScanner } from '../../../../console/rows/row-scanner.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('RowScanner', () => {
  it('finds the rows and the members around them', () => {
    const scanner = new RowScanner();
    const text = '{"columns":[1],"rows":[[1,"a"],[2,"]"]],"rowCount":2}\n';
    const { starts, ends, openFrom } = scanner.scan(bytesOf(text), 0);
    expect(starts.map((start, index) => text.slice(start, ends[index]))).to.deep.equal([
      '[1,"a"]',
      '[2,"]"]',
    ]);
    expect(openFrom).to.equal(text.length);
    expect(scanner.rest).to.deep.equal({ columns: [1], rows: [], rowCount: 2 });
  });

  it('asks for all bytes again until the rows begin', () => {
    const scanner = new RowScanner();
    expect(scanner.scan(bytesOf('{"columns":[],"ro'), 0)).to.deep.equal({
      starts: [],
      ends: [],
      openFrom: 0,
    });
    expect(scanner.head).to.equal(null);
  });

  it('takes the key of the rows inside of a text for a text', () => {
    const scanner = new RowScanner();
    const name = JSON.stringify('"rows":[');
    scanner.scan(bytesOf(`{"columns":[{"name":${name}}],"rows":[[1]],"rowCount":1}`), 0);
    expect(scanner.head).to.deep.equal({ columns: [{ name: '"rows":[' }], rows: [] });
    expect(scanner.rest).to.include({ rowCount: 1 });
  });

  it('has no rest before the end', () => {
    const scanner = new RowScanner();
    scanner.scan(bytesOf('{"rows":[[1]],"rowCount":1'), 0);
    expect(scanner.rest).to.equal(null);
  });
});
