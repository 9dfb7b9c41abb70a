import { expect } from 'chai';
import { separatedBy } from '../../../../server/legacy/separated.ts';

async function separated(separator: string, csv: string, size: number): Promise<string> {
  async function* pieces(): AsyncGenerator<Buffer> {
    const bytes = Buffer.from(csv);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const out: Buffer[] = [];
  for await (const piece of separatedBy(separator, pieces())) out.push(Buffer.from(piece));
  return Buffer.concat(out).toString();
}

describe('CSV with another separator', () => {
  const csv = 'a,"b,c",d\r\n;,"x;y",\r\n"q ""1"", 2",,"\r\n"\r\n,;;,é;\r\n';
  const wanted = 'a;"b,c";d\r\n";";"x;y";\r\n"q ""1"", 2";;"\r\n"\r\n;";;";"é;"\r\n';

  it('has it between the fields, and fields with it between quotes, cut anywhere', async () => {
    for (const size of [1, 2, 3, 5, 1000])
      expect(await separated(';', csv, size), String(size)).to.equal(wanted);
  });

  it('may be a tab', async () => {
    expect(await separated('\t', '1,2\r\n"a\tb",c\td\r\n', 4)).to.equal('1\t2\r\n"a\tb"\t"c\td"\r\n');
  });
});
