/** Support for programs and browsers that read an answer by its address: HEAD, a file name, a path for each format. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { pythonWith, runPython } from '../support/pyarrow.ts';
import { requestText, sendRaw } from '../support/raw-http.ts';

const FORMATS = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
};
/** Differ from answer to answer, or belong to a body. */
const VARYING = [
  'date',
  'connection',
  'keep-alive',
  'query-id',
  'traceresponse',
  'server-timing',
  'content-length',
  'transfer-encoding',
];
const OF_THE_END = ['forkline-row-count', 'forkline-complete', 'trailer'];

describe('answers by address', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  const SEARCH = '?q=select+1+as+a';

  function fixedHeaders(headers: Headers): Record<string, string> {
    return Object.fromEntries([...headers].filter(([name]) => ![...VARYING, ...OF_THE_END].includes(name)));
  }

  for (const [format, type] of Object.entries(FORMATS)) {
    it(`/v1/query.${format} is the query in that format, with a file name`, async () => {
      const response = await fetch(`${forkline.url}/v1/query.${format}${SEARCH}`);
      const { headers } = response;
      expect([response.status, headers.get('content-type')]).to.deep.equal([200, type]);
      expect(headers.get('accept-ranges')).to.equal('none');
      const way = format === 'json' ? 'inline' : 'attachment';
      expect(headers.get('content-disposition')).to.equal(`${way}; filename="query.${format}"`);
      const posted = await fetch(`${forkline.url}/v1/query.${format}`, {
        method: 'POST',
        body: 'select 1 as a',
      });
      expect([posted.status, posted.headers.get('content-type')]).to.deep.equal([200, type]);
      const byOption = await fetch(`${forkline.url}/v1/query${SEARCH}&format=${format}`);
      const [bytes, expected] = await Promise.all([posted.arrayBuffer(), byOption.arrayBuffer()]);
      if (format !== 'json' && format !== 'parquet')
        expect(Buffer.from(bytes).equals(Buffer.from(expected)), format).to.equal(true);
      await response.arrayBuffer();
    });

    it(`HEAD of ${format} has the headers of its GET`, async () => {
      for (const path of [`/v1/query.${format}${SEARCH}`, `/v1/query${SEARCH}&format=${format}`]) {
        const head = await fetch(forkline.url + path, { method: 'HEAD' });
        const got = await fetch(forkline.url + path);
        await got.arrayBuffer();
        expect([head.status, await head.text()]).to.deep.equal([200, '']);
        expect(fixedHeaders(head.headers)).to.deep.equal(fixedHeaders(got.headers));
      }
    });
  }

  it('pandas and polars read them, as docs/formats.md says', async function () {
    this.timeout(240_000);
    const python = pythonWith('pandas', 'polars', 'pyarrow');
    if (python === null) {
      console.log('      skipped: no python3 with pandas, polars and pyarrow (FORKLINE_PYARROW names one)');
      this.skip();
    }
    const base = JSON.stringify(`${forkline.url}/v1/query`);
    const found = runPython(python, `BASE = ${base}\n${READ_BY_ADDRESS}`) as Record<string, unknown>;
    for (const reader of Object.keys(found)) expect(found[reader], reader).to.deep.equal(READ);
    expect(Object.keys(found)).to.have.lengthOf(7);
  });

  it('HEAD of a wrong query says so, and one that would take a minute does not run', async () => {
    const status = async (query: string) =>
      (await fetch(`${forkline.url}/v1/query?q=${encodeURIComponent(query)}`, { method: 'HEAD' })).status;
    expect(await status('select 1 | hed 5')).to.equal(400);
    expect(await status('@nowhere select 1')).to.equal(404);
    expect((await fetch(`${forkline.url}/v1/query`, { method: 'HEAD' })).status).to.equal(400);
    expect(await status('select pg_sleep(300)::text as a')).to.equal(200);
  });

  it('a failure is a problem document, and no file to save', async () => {
    const response = await fetch(`${forkline.url}/v1/query.csv?q=selec`);
    expect([response.status, response.headers.get('content-disposition')]).to.deep.equal([400, null]);
    expect(response.headers.get('content-type')).to.match(/^application\/problem\+json/);
  });

  it('a connection goes on after HEAD', async () => {
    const head = requestText(`HEAD /v1/query.csv${SEARCH} HTTP/1.1`, [['Host', 'localhost']]);
    const both = `${head.replace('Connection: close\r\n', '')}${requestText('GET /livez HTTP/1.1', [['Host', 'localhost']])}`;
    const { status, body } = await sendRaw(forkline.port, both);
    expect(status).to.equal(200);
    expect(body).to.contain('"status":"live"');
  });

  it('HEAD works wherever GET does, and Allow lists what is allowed', async () => {
    const paths = ['/docs', '/openapi.json', '/metrics', '/livez', '/readyz', '/v1/queries', '/v1/processes'];
    for (const path of [...paths, '/v1/logs', '/v1/logs/summary', '/v1/limits', `/v1/explain${SEARCH}`]) {
      const head = await fetch(forkline.url + path, { method: 'HEAD' });
      const got = await fetch(forkline.url + path);
      await got.text();
      expect([head.status, head.headers.get('content-type')], path).to.deep.equal([
        200,
        got.headers.get('content-type'),
      ]);
    }
    const every = [
      ...paths,
      '/v1/logs',
      '/v1/logs/summary',
      '/v1/limits',
      '/v1/explain',
      '/v1/format',
      '/v1/complete',
    ];
    for (const path of [...every, '/v1/query', '/v1/query.csv', '/v1/queries/x', '/']) {
      const options = await fetch(forkline.url + path, { method: 'OPTIONS' });
      expect(options.status, path).to.equal(204);
      const allowed = options.headers.get('allow')!.split(', ');
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS']) {
        const response = await fetch(forkline.url + path, { method, redirect: 'manual' });
        await response.arrayBuffer();
        expect(response.status !== 405, `${method} ${path}: ${response.status}`).to.equal(
          allowed.includes(method),
        );
        if (response.status === 405) expect(response.headers.get('allow')).to.equal(allowed.join(', '));
      }
    }
  });
});

/** The rows and columns that each reader finds, and the sum of the first. */
const READ = [60_000, ['i', 's'], 1_800_030_000];
const READ_BY_ADDRESS = `
import json
import pandas, polars
from urllib.parse import urlencode
from urllib.request import urlopen
SQL = "select i, 'row ' || i as s from generate_series(1, 60000) i"
url = lambda format, **options: f'{BASE}.{format}?' + urlencode({'q': SQL, **options})
tables = {
  'pandas csv': pandas.read_csv(url('csv')),
  'pandas ndjson': pandas.read_json(url('ndjson', end='none'), lines=True),
  'pandas parquet': pandas.read_parquet(url('parquet')),
  'polars csv': polars.read_csv(urlopen(url('csv'))),
  'polars ndjson': polars.read_ndjson(urlopen(url('ndjson', end='none'))),
  'polars arrow': polars.read_ipc_stream(url('arrow')),
  'polars parquet': polars.read_parquet(urlopen(url('parquet'))),
}
print(json.dumps({name: [len(table), list(table.columns), int(table['i'].sum())] for name, table in tables.items()}))
`;
