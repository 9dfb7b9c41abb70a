/** Results of jobs in every format, each made of the rows that were kept, and the same as the answer of the query itself. */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { queryParquet, readArrow } from '../support/read-answer.ts';
import { until } from '../support/until.ts';

const TYPES = [
  ...[
    'true',
    '9007199254740993',
    '0.1::float8',
    "'NaN'::float8",
    '1e15::float8',
    '-12345678.90::numeric(10,2)',
  ],
  ...[
    '1.500::numeric',
    "''::text",
    `E'a\\t"b",\\r\\n\\\\ é'`,
    String.raw`'\x00ff'::bytea`,
    "date '2001-02-03'",
  ],
  ...["time '04:05:06.789'", "timestamp '2001-02-03 04:05:06.5'", "timestamptz '2001-02-03 04:05:06+00'"],
  ...[
    "interval '2 months 1 day'",
    "interval '-3 days +04:05:06'",
    `E'{"a":\\t1.10}'::json`,
    'array[1, null, 3]',
  ],
  ...[
    "array['a,b', 'NULL', null, '']",
    'array[1.50, 123456789012345678.25]::numeric(20,2)[]',
    'array[1.50]::numeric[]',
  ],
  ...["array[0.1, 'NaN'::float8]", String.raw`array['\x00ff'::bytea]`, "array[interval '2 months']"],
  ...["array[date '2001-02-03', null]", "array[timestamptz '2001-02-03 04:05:06+00']", 'array[true, null]'],
  "'823e4567-e89b-12d3-a456-426614174000'::uuid",
];
/** Values that Arrow and Parquet have none for. */
const TEXT_ONLY = [
  ...[
    "'infinity'::date",
    "date '0044-03-15 BC'",
    "timestamp '0044-03-15 10:00:00 BC'",
    "'infinity'::timestamptz",
  ],
  ...[
    "'NaN'::numeric",
    `array['{"a": 1}'::json]`,
    "'null'::json",
    "'Infinity'::numeric",
    'array[array[1,2],array[3,4]]',
  ],
];
const columns = (values: readonly string[]): string =>
  values.map((value, index) => `${value} as c${index}`).join(', ');
const QUERIES: readonly string[] = [
  `select ${columns(TYPES)} union all select ${TYPES.map(() => 'null').join(', ')}`,
  'select n, n + 1 as "N ""1"", x", case when n % 3 = 0 then null else repeat(chr(34), n % 5) end as t from generate_series(1, 3000) n | eval m = n * 1.5 | sort n',
  'select 1 as one where false',
];
const FORMS = [
  'json',
  'ndjson',
  'csv',
  'json&rows=arrays',
  'ndjson&numbers=string',
  'ndjson&end=none',
  'json&numbers=string',
];

interface JobJson {
  readonly id: string;
  readonly state: string;
}

describe('formats of jobs', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let dataDir: string;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-formats-'));
    forkline = await startForkline({
      dataDir,
      jobs: { mode: 'on' },
      results: { memoryBytes: 0, maxEntryBytes: 30_000_000 },
      limits: { resultRows: 2_000_000 },
    });
  });
  after(async () => {
    await forkline?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const at = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${forkline.url}${path}`, { headers });
  const bytes = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
  const jobFor = async (query: string, more: object = {}): Promise<string> => {
    const response = await fetch(`${forkline.url}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'respond-async' },
      body: JSON.stringify({ query, ...more }),
    });
    const { id } = (await response.json()) as JobJson;
    const ended = await until(async () => {
      const job = (await (await at(`/v1/jobs/${id}`)).json()) as JobJson;
      return job.state === 'running' ? null : job;
    }, 20_000);
    expect(ended, JSON.stringify(ended)).to.include({ state: 'finished' });
    return id;
  };
  const result = (id: string, form: string): Promise<Response> => at(`/v1/jobs/${id}/result?format=${form}`);
  const direct = async (query: string, form: string): Promise<Buffer> =>
    bytes(await at(`/v1/query?q=${encodeURIComponent(query)}&format=${form}`));
  /** The text without what belongs to one answer. */
  const rowsOf = (text: Buffer): string => text.toString().replace(/"stats":.*/, '');
  const entries = async (): Promise<number> =>
    (await readdir(join(dataDir, 'results'))).filter((name) => /^[0-9a-f]{48}$/.test(name)).length;
  const open = (id: string, form: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const url = `${forkline.url}/v1/jobs/${id}/result?format=${form}`;
      get(url, { agent: false }, resolve).on('error', reject);
    });
  const code = async (response: Response): Promise<string> =>
    ((await response.json()) as { code: string }).code;

  it('are the same as the answers of the query itself, asked for again and again', async () => {
    for (const query of QUERIES) {
      const id = await jobFor(query, { format: 'parquet' });
      for (const form of FORMS) {
        const want = rowsOf(await direct(query, form));
        for (const _ of [1, 2]) expect(rowsOf(await bytes(await result(id, form))), form).to.equal(want);
      }
      const arrow = await bytes(await result(id, 'arrow'));
      const wanted = readArrow(await direct(query, 'arrow'));
      expect(String(readArrow(arrow).schema)).to.equal(String(wanted.schema));
      expect(JSON.stringify(readArrow(arrow).toArray(), big)).to.equal(JSON.stringify(wanted.toArray(), big));
      // Without a wish it comes in the format that the query asked for.
      const parquet = await bytes(await at(`/v1/jobs/${id}/result`));
      const read = (body: Buffer, sql: string) => queryParquet(body, dataDir, sql);
      for (const sql of ['DESCRIBE SELECT * FROM $', 'SELECT * FROM $'])
        expect(JSON.stringify(await read(parquet, sql), big)).to.equal(
          JSON.stringify(await read(await direct(query, 'parquet'), sql), big),
        );
    }
  });

  it('have the values that Arrow and Parquet lack as text, and say so in those', async () => {
    const query = `select ${columns(TEXT_ONLY)}`;
    const id = await jobFor(query);
    for (const form of FORMS)
      expect(rowsOf(await bytes(await result(id, form))), form).to.equal(rowsOf(await direct(query, form)));
    for (const [value, error] of [
      ["'infinity'::date", 'bad-value'],
      ["'NaN'::numeric", 'bad-value'],
      [`array['{}'::json]`, 'unsupported'],
    ]) {
      const one = await jobFor(`select ${value} as v`);
      for (const form of ['arrow', 'parquet']) {
        const refused = await result(one, form);
        expect(await code(refused), `${value} as ${form}`).to.equal(error);
        expect(refused.status).to.be.within(400, 499);
      }
    }
    const empty = await jobFor('select from generate_series(1, 3)');
    for (const form of ['json', 'ndjson', 'ndjson&rows=arrays'])
      expect(rowsOf(await bytes(await result(empty, form)))).to.equal(
        rowsOf(await direct('select from generate_series(1, 3)', form)),
      );
    expect(await code(await result(empty, 'arrow'))).to.equal('unsupported');
  });

  it('are chosen by Accept too, and refused by name when there is none such', async () => {
    const id = await jobFor('select 7 as seven', { format: 'ndjson' });
    const typeOf = async (accept: string): Promise<string | null> =>
      (await at(`/v1/jobs/${id}/result`, { accept })).headers.get('content-type');
    expect(await typeOf('text/csv')).to.match(/^text\/csv/);
    expect(await typeOf('*/*')).to.match(/^application\/x-ndjson/);
    expect(await typeOf('text/html, */*;q=0.5')).to.match(/^application\/x-ndjson/);
    expect((await at(`/v1/jobs/${id}/result`, { accept: 'image/png' })).status).to.equal(406);
    expect((await result(id, 'xml')).status).to.equal(406);
    expect(await code(await result(id, 'json&rows=lines'))).to.equal('bad-request');
  });

  it('come in parts of rows in every format', async () => {
    const id = await jobFor('select n from generate_series(1, 1000) n');
    const part = async (form: string, offset: number) =>
      bytes(await at(`/v1/jobs/${id}/result?format=${form}&offset=${offset}&limit=300`));
    const json = JSON.parse((await part('json', 900)).toString()) as {
      rows: { n: number }[];
      rowCount: number;
    };
    expect(json.rowCount).to.equal(100);
    expect(json.rows[0]).to.deep.equal({ n: 901 });
    expect((await part('ndjson', 300)).toString().split('\n')[0]).to.equal('{"n":301}');
    expect(readArrow(await part('arrow', 300)).numRows).to.equal(300);
    expect(
      await queryParquet(await part('parquet', 600), dataDir, 'SELECT min(n), count(*) FROM $'),
    ).to.deep.equal([['601', '300']]);
    const response = await at(`/v1/jobs/${id}/result?format=json&offset=0&limit=300`);
    expect(response.headers.get('link')).to.include('offset=300');
    await response.arrayBuffer();
  });

  it('are made once for all who ask, kept until the job is removed, and made anew when damaged', async () => {
    const before = await entries();
    const id = await jobFor('select n, md5(n::text) as m from generate_series(1, 50000) n');
    expect(await entries()).to.equal(before + 1);
    const all = await Promise.all(
      [1, 2, 3, 4, 5].map(async () => rowsOf(await bytes(await result(id, 'json')))),
    );
    expect(new Set(all).size).to.equal(1);
    await until(async () => (await entries()) === before + 2, 5000);
    const again = await at(`/v1/jobs/${id}/result?format=json`, { 'accept-encoding': 'identity' });
    expect(Number(again.headers.get('content-length'))).to.equal((await bytes(again)).length);
    for (const name of (await readdir(join(dataDir, 'results'))).filter((each) =>
      /^[0-9a-f]{48}$/.test(each),
    )) {
      const path = join(dataDir, 'results', name);
      const file = await readFile(path);
      if (!file.subarray(0, 12).toString().startsWith('{"columns"')) continue;
      file[40]! ^= 1;
      await writeFile(path, file);
    }
    expect(rowsOf(await bytes(await result(id, 'json')))).to.equal(all[0]);
    expect((await fetch(`${forkline.url}/v1/jobs/${id}`, { method: 'DELETE' })).status).to.equal(204);
    await until(async () => (await entries()) === before, 5000);
  });

  it('are made at their own pace, however slowly a client reads', async () => {
    const before = await entries();
    const id = await jobFor('select n, repeat(md5(n::text), 3) as m from generate_series(1, 60000) n');
    const slow = await open(id, 'json');
    slow.pause();
    // The copy is whole, and its worker free, although hardly anything of it was read.
    await until(async () => (await entries()) === before + 2, 20_000);
    const again = await at(`/v1/jobs/${id}/result?format=json`, { 'accept-encoding': 'identity' });
    const whole = await bytes(again);
    let read = 0;
    slow.on('data', (piece: Buffer) => {
      read += piece.length;
    });
    const ended = new Promise((resolve, reject) => slow.on('end', resolve).on('error', reject));
    slow.resume();
    await ended;
    expect(read).to.equal(whole.length);
    expect(whole.length).to.be.greaterThan(6_000_000);
  });

  it('stream with little memory when they are too large to be kept, and end with a client that leaves', async () => {
    const id = await jobFor('select n, repeat(md5(n::text), 3) as m from generate_series(1, 250000) n');
    const server = async () => (await forkline.processes()).find(({ role }) => role === 'server')!;
    const partsNow = async (): Promise<string[]> =>
      (await readdir(join(dataDir, 'results'))).filter((name) => name.endsWith('.part'));
    const whole = await bytes(await result(id, 'ndjson'));
    expect(whole.length).to.be.greaterThan(25_000_000);
    expect(JSON.parse(whole.toString('utf8', whole.lastIndexOf(0x0a, -2))).toString()).to.be.a('string');
    expect(await partsNow()).to.deep.equal([]);
    const leaving = await open(id, 'json&rows=arrays');
    leaving.destroy();
    const running = async (): Promise<number> => {
      const { queries } = (await (await at('/v1/queries')).json()) as { queries: { state: string }[] };
      return queries.filter(({ state }) => state === 'running').length;
    };
    await until(async () => (await running()) === 0, 20_000);
    expect((await server()).rssBytes).to.be.lessThan(500 * 1024 * 1024);
    expect((await forkline.query('select 1 as one | eval two = 2')).status).to.equal(200);
  });
});

function big(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
