/** The first line of a CSV file. */
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { readCsvHead } from '../../../../connectors/files/csv-head.ts';

describe('the first line of a CSV file', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-csv-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const head = async (content: string | Uint8Array, name = 'x.csv', delimiter = ',') => {
    writeFileSync(join(dir, name), content);
    return readCsvHead(createReadStream(join(dir, name)), name, delimiter);
  };

  it('has fields, plain and quoted, and an end', async () => {
    expect(await head('a,b\n1,2\n')).to.deep.equal({ fields: ['a', 'b'], newLine: '\n' });
    expect(await head('\uFEFFa,"b ""x"", y"\r\n1,2')).to.deep.equal({
      fields: ['a', 'b "x", y'],
      newLine: '\r\n',
    });
    expect(await head('a\tb', 'x.tsv', '\t')).to.deep.equal({ fields: ['a', 'b'], newLine: '\n' });
    expect(await head('"a\nb",c\n')).to.deep.equal({ fields: ['a\nb', 'c'], newLine: '\n' });
    expect(await head(gzipSync('도시,b\n'), 'x.csv.gz')).to.deep.equal({
      fields: ['도시', 'b'],
      newLine: '\n',
    });
    expect(await head('')).to.deep.equal({ fields: [''], newLine: '\n' });
  });

  it('is found when a character or a line end stands across two blocks', async () => {
    const long = '가'.repeat(30_000);
    expect((await head(`${long},b\r\n`)).fields).to.deep.equal([long, 'b']);
    const { newLine } = await head(`${'a'.repeat(65_535)}\r\nx`);
    expect(newLine).to.equal('\r\n');
  });

  for (const [content, message] of [
    ['"a,b\n1,2\n', 'x.csv is no CSV: a quote in its first line is not closed'],
    ['"a"b,c\n', 'x.csv is no CSV: text follows a closing quote in its first line'],
    ['a,b\r1,2', 'x.csv is no CSV: its lines end with a carriage return alone'],
    [Buffer.from([0x61, 0xbc, 0xad, 0x0a]), 'x.csv is not encoded as UTF-8'],
    ['a'.repeat(1_100_000), 'x.csv is no CSV: its first line has more than 1048576 bytes'],
  ] as const)
    it(`is refused: ${message}`, async () => {
      const error = await head(content).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error?.message).to.equal(message);
    });
});
