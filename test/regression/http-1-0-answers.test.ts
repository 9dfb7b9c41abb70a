/** HTTP/1.0, which proxies speak to the servers behind them: every streamed answer was an empty reply, told as a dead worker. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { askRaw, canAskRaw } from '../support/raw-socket.ts';
import { countRows } from '../support/read-answer.ts';

const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet'] as const;

describe('regression: answers over HTTP/1.0 were empty', function () {
  this.timeout(240_000);
  let forkline: Forkline;
  before(async function () {
    if (!canAskRaw()) {
      console.log('      skipped: no bash, which opens the sockets of these tests');
      this.skip();
    }
    forkline = await sharedForkline();
  });

  const ask = (query: string, options: string, headers = '') => {
    const path = `/v1/query?q=${encodeURIComponent(query)}${options}`;
    return askRaw(forkline.port, `GET ${path} HTTP/1.0\r\nHost: 127.0.0.1\r\n${headers}\r\n`);
  };

  const rowsOf = (rows: number) => `select i, 'row ' || i as s from generate_series(1, ${rows}) i`;

  for (const format of FORMATS)
    for (const [rows, stages] of [
      [10, ''],
      [10_000, ''],
      [40_000, ' | eval z = lower(s)'],
      ...(format === 'csv' ? ([[1_000_000, '']] as const) : []),
    ] as const)
      it(`${rows} rows as ${format}${stages}`, async () => {
        const answer = await ask(rowsOf(rows) + stages, `&format=${format}`);
        expect(answer.statusLine).to.match(/^HTTP\/1\.\d 200 /);
        expect(answer.headers).not.to.have.any.keys('transfer-encoding', 'trailer');
        expect(answer.closed).to.equal(true);
        expect(await countRows(format, answer.body, forkline.dir)).to.equal(rows);
      });

  it('is asked to keep the connection, and for chunks', async () => {
    const kept = await ask(rowsOf(40_000), '&format=csv', 'Connection: keep-alive\r\n');
    expect(kept.closed).to.equal(true);
    expect(await countRows('csv', kept.body, forkline.dir)).to.equal(40_000);
    const chunked = await ask(rowsOf(40_000), '&format=csv', 'TE: chunked\r\n');
    expect(chunked.headers['transfer-encoding']).to.equal('chunked');
    expect(chunked.body.toString('latin1')).to.match(/\r\n0\r\n[\s\S]*Forkline-Complete: true\r\n\r\n$/);
  });

  for (const format of FORMATS)
    it(`a failure in mid-stream is seen in ${format}`, async () => {
      const failing = `select 10 / (i - 40000) as n, 'row ' || i as s from generate_series(1, 40000) i`;
      for (const stages of ['', ' | eval z = lower(s)']) {
        const answer = await ask(failing + stages, `&format=${format}`);
        if (!/ 200 /.test(answer.statusLine)) expect(answer.statusLine).to.match(/ 4\d\d |^$/);
        else if (format === 'ndjson') {
          expect(answer.closed).to.equal(true);
          expect(JSON.parse(answer.body.toString().trimEnd().split('\n').at(-1)!)).to.have.all.keys('@error');
        } else expect(answer.closed).to.equal(false);
      }
      const lines = await forkline.logLines();
      expect(lines.filter((line) => line.includes('worker-lost'))).to.deep.equal([]);
    });

  it('NDJSON without its last line is reset when it fails', async () => {
    const failing = 'select 10 / (i - 40000) as n from generate_series(1, 40000) i';
    const answer = await ask(failing, '&format=ndjson&end=none');
    expect(answer.closed).to.equal(false);
    expect(answer.body.toString()).not.to.contain('@error');
  });
});
