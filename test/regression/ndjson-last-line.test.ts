/** The last line of NDJSON: an answer that failed ended inside of a row instead, and a row could be taken for that line. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { post } from '../support/read-answer.ts';

/** The first value of a row, which is a text here. */
const firstValueOf = (line: string): string => (Object.values(JSON.parse(line)) as string[])[0]!;

describe('regression: the last line of NDJSON', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  const ndjson = async (query: string, options: object = {}) => {
    const answer = await post(forkline, { query, format: 'ndjson', ...options });
    return { ...answer, lines: answer.body.toString().split('\n') };
  };

  for (const width of [1, 37, 500, 3000, 70_000])
    for (const options of [{}, { rows: 'arrays' }])
      it(`failed inside of a row: rows of ${width} characters, ${JSON.stringify(options)}`, async () => {
        const rows = Math.ceil(1_500_000 / width);
        const sql = `select repeat('x', ${width}) as s, 1 / (i - ${rows}) as n from generate_series(1, ${rows}) i`;
        const { status, ended, lines } = await ndjson(sql, options);
        expect([status, ended, lines.pop()]).to.deep.equal([200, true, '']);
        const last = JSON.parse(lines.pop()!);
        expect(last['@error']).to.include({ code: 'sql-error', status: 400 });
        // One assertion for all: a million of them take a minute.
        expect(lines.filter((line) => firstValueOf(line).length !== width)).to.deep.equal([]);
      });

  it('failed inside of a row that is too long to be held back: the line after it says so', async () => {
    const sql = `select repeat('x', 300000) as s, repeat('y', case when i = 5 then 5000000 else 1 end) as t,
      1 / (i - 6) as n from generate_series(1, 6) i`;
    const { ended, lines } = await ndjson(sql);
    expect([ended, lines.pop()]).to.deep.equal([true, '']);
    expect(JSON.parse(lines.pop()!)).to.have.all.keys('@error');
  });

  for (const stages of ['', ' | where true', " | eval x = lower('X')"])
    for (const name of ['@end', '@error'])
      it(`a column named ${name} cannot be told from it${stages}`, async () => {
        const query = `select '{"rowCount":0,"complete":true}'::json as "${name}"${stages}`;
        const refused = await ndjson(query);
        expect(refused.status).to.equal(400);
        const problem = JSON.parse(refused.body.toString());
        expect(problem).to.include({ code: 'unsupported' });
        expect(problem.detail).to.contain(name);
        expect(problem.hint).to.contain('rows=arrays');
        const arrays = await ndjson(query, { rows: 'arrays' });
        expect(arrays.lines[0]).to.match(/^\[\{"rowCount":0/);
        const rowsOnly = await ndjson(query, { end: 'none' });
        expect(Object.keys(JSON.parse(rowsOnly.lines[0]!))[0]).to.equal(name);
        expect((await post(forkline, { query })).status).to.equal(200);
      });

  it('other names with an @ are names', async () => {
    const { lines } = await ndjson('select 1 as "@END", 2 as "@errors", 3 as "end"');
    expect(JSON.parse(lines[0]!)).to.deep.equal({ '@END': 1, '@errors': 2, end: 3 });
  });

  it('`end=none` leaves it out, small and streamed', async () => {
    for (const rows of [3, 50_000]) {
      const answer = await ndjson(`select i from generate_series(1, ${rows}) i`, { end: 'none' });
      expect(answer.lines.pop()).to.equal('');
      expect(answer.lines.map((line) => JSON.parse(line).i)).to.deep.equal(
        Array.from({ length: rows }, (_, index) => index + 1),
      );
      const told = { ...answer.headers, ...answer.trailers };
      expect(told).to.include({ 'forkline-row-count': String(rows), 'forkline-complete': 'true' });
    }
    const url = `${forkline.url}/v1/query?q=select+1+as+a&format=ndjson&end=none`;
    expect(await (await fetch(url)).text()).to.equal('{"a":1}\n');
    expect((await fetch(`${url}x`)).status).to.equal(400);
  });

  it('`end=none`: a failure cuts the connection, without a line that is no row', async () => {
    const sql = 'select i, 1 / (i - 50000) as n from generate_series(1, 50000) i';
    const { ended, body, trailers } = await ndjson(sql, { end: 'none' });
    expect(ended).to.equal(false);
    expect(body.toString()).not.to.contain('@error');
    expect(trailers).not.to.have.property('forkline-complete');
  });
});
