import { expect } from 'chai';
import { rowsOf } from '../../../../server/jobs/parts.ts';

async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function part(text: string, size: number, format: 'csv' | 'ndjson', offset: number, limit: number) {
  const found: Buffer[] = [];
  for await (const piece of rowsOf(pieces(text, size), format, { offset, limit })) found.push(piece);
  return Buffer.concat(found).toString();
}

describe('parts of a result', () => {
  const rows = ['1,a\r\n', '2,"b\r\n""c"""\r\n', '3,\r\n', '4,é\r\n'];
  const csv = `n,t\r\n${rows.join('')}`;
  const ndjson = rows.map((_, n) => `{"n":${n},"t":"\\n"}\n`);

  it('have the header and the rows from the offset on, wherever the bytes are divided', async () => {
    for (const size of [1, 2, 3, 7, 1000])
      for (let offset = 0; offset <= rows.length; offset++)
        for (let limit = 1; limit <= rows.length + 1; limit++) {
          const from = rows.slice(offset, offset + limit).join('');
          expect(await part(csv, size, 'csv', offset, limit)).to.equal(`n,t\r\n${from}`);
          const lines = ndjson.slice(offset, offset + limit).join('');
          expect(await part(ndjson.join(''), size, 'ndjson', offset, limit)).to.equal(lines);
        }
  });
});
