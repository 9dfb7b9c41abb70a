/**
 * The cache of answers on a whole Forkline: what is kept and what is not, what a request may ask of it, changes of the data, and
 * many who ask the same at once. Queries with `random()` show whether an answer was computed anew.
 */
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Answer, FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { countRows, post } from '../support/read-answer.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const RULES = {
  rules: [
    {
      query: "select random() as revalidated, 'a' as x",
      maxAge: '0s',
      staleWhileRevalidate: '1h',
      evenVolatile: true,
    },
    { query: "select random() as tagged, 'a' as x", maxAge: '1h', evenVolatile: true, tags: ['some'] },
    { query: 'select 1 as never_kept', keep: 'never' },
    { query: 'select random() as warm', maxAge: '1h', evenVolatile: true, warmEvery: '1s' },
  ],
};

interface Stats {
  readonly queryId: string;
  readonly cache: object;
}

describe('the cache of answers', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let store: StoreDatabase;
  const sqliteFile = join(tmpdir(), `forkline-cache-${process.pid}.sqlite`);

  before(async () => {
    const rulesFile = join(tmpdir(), `forkline-cache-rules-${process.pid}.json`);
    await writeFile(rulesFile, JSON.stringify(RULES));
    const { admin } = await testDatabase();
    await admin('create table if not exists cached_rows as select 1 as n');
    await admin('grant select on cached_rows to public');
    await admin('create or replace view cached_view as select n from cached_rows');
    await admin('grant select on cached_view to public');
    store = await storeDatabase();
    await writeSqliteFile(sqliteFile, 'create table t as select 1 as v');
    const { url } = await testDatabase();
    forkline = await startForkline({
      ...FEW_PROCESSES,
      connections: { main: { url }, file: { kind: 'sqlite', path: sqliteFile } },
      cache: { mode: 'on', minMs: 0, rulesFile },
      store: { url: store.url },
    });
  });
  after(async () => {
    await forkline?.stop();
    await store?.[Symbol.asyncDispose]();
    await rm(sqliteFile, { force: true });
  });

  const cacheStatus = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const metric = async (name: string): Promise<number> => {
    const { text } = await forkline.get('/metrics');
    return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  };

  it('sends the answer of a query again, with its age, and runs it once', async () => {
    const query = 'select count(*) as first_time from flights';
    const first = await forkline.query(query);
    const second = await forkline.query(query);
    expect(cacheStatus(first)).to.equal('forkline; fwd=miss');
    expect(cacheStatus(second)).to.match(/^forkline; hit; ttl=\d+$/);
    expect(second.headers.get('age')).to.match(/^\d+$/);
    expect(second.headers.get('cache-control')).to.equal('private, no-cache');
    expect(second.headers.get('vary')).to.equal('Accept, Accept-Encoding, Authorization, Origin');
    expect(second.json.rows).to.deep.equal(first.json.rows);
    expect((second.json.stats as Stats).queryId).to.equal(second.headers.get('query-id'));
    expect((second.json.stats as Stats).queryId).not.to.equal((first.json.stats as Stats).queryId);
    expect((second.json.stats as Stats).cache).to.include({ status: 'hit' });
  });

  it('keeps each format as it is, and ends it anew', async () => {
    const dir = join(forkline.dataDir, '..');
    for (const format of ['json', 'ndjson', 'csv', 'arrow', 'parquet']) {
      const body = { query: `select date, delay, origin from flights where origin <> '${format}'`, format };
      const first = await post(forkline, body);
      const second = await post(forkline, body);
      expect(second.headers['cache-status'], format).to.match(/^forkline; hit/);
      expect(await countRows(format, second.body, dir)).to.equal(await countRows(format, first.body, dir));
      expect(second.body.length, format).to.be.greaterThan(1000);
      if (format !== 'json') expect(second.body.equals(first.body), format).to.equal(true);
    }
  });

  it('sends a compressed answer to clients that take gzip, and the same bytes to others', async () => {
    const query = 'select date, delay, origin from flights order by date, delay, origin';
    await forkline.query(query, { format: 'csv' });
    await until(async () => {
      const answer = await forkline.query(query, { format: 'csv' }); // fetch takes gzip, and unpacks it
      return answer.headers.get('content-encoding') === 'gzip';
    }, 10_000);
    const packed = await forkline.query(query, { format: 'csv' });
    const plain = await post(forkline, { query, format: 'csv' });
    expect(plain.headers['content-encoding']).to.equal(undefined);
    expect(packed.text).to.equal(plain.body.toString());
  });

  it('keeps no answer of a query that may give another one each time, unless the query says so', async () => {
    const value = async (query: string) => (await forkline.query(query)).json.rows[0] as { r: number };
    expect((await value('select random() as r')).r).not.to.equal((await value('select random() as r')).r);
    const own = 'set cache = 10m; select random() as r';
    expect((await value(own)).r).to.equal((await value(own)).r);
    const stage = 'select n from generate_series(1, 1000) n | sample 1 | eval r = n';
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => forkline.query(stage)));
    expect(answers.map(cacheStatus)).to.satisfy((all: string[]) => all.every((one) => !one.includes('hit')));
  });

  it('keeps nothing that the query or a rule forbids', async () => {
    for (const query of ['set cache = off; select 1 as own_wish', 'select 1 as never_kept']) {
      await forkline.query(query);
      const second = await forkline.query(query);
      expect(cacheStatus(second), query).to.equal('forkline; fwd=miss');
      expect(second.headers.get('cache-control')).to.equal('no-store');
    }
  });

  it('does as Cache-Control of the request says', async () => {
    const query = 'set cache = 10m; select random() as r';
    const ask = (control: string, text = query) =>
      forkline.query(text, { headers: { 'cache-control': control } });
    const kept = (await forkline.query(query)).json.rows;
    expect((await forkline.query(query)).json.rows).to.deep.equal(kept);
    const anew = await ask('no-cache');
    expect(cacheStatus(anew)).to.match(/^forkline; fwd=request/);
    expect(anew.json.rows).not.to.deep.equal(kept);
    expect((await forkline.query(query)).json.rows).to.deep.equal(anew.json.rows);
    const unkept = await ask('no-store');
    expect(cacheStatus(unkept)).to.equal('forkline; fwd=bypass');
    expect(unkept.headers.get('cache-control')).to.equal('no-store');
    expect((await forkline.query(query)).json.rows).to.deep.equal(anew.json.rows);
    const young = await ask('max-age=0');
    expect(young.json.rows).not.to.deep.equal(anew.json.rows);
    expect((await ask('only-if-cached')).json.rows).to.deep.equal(young.json.rows);
    const absent = await ask('only-if-cached', 'set cache = 10m; select random() as not_there');
    expect(absent.status).to.equal(504);
    expect(absent.json).to.include({ code: 'not-cached' });
  });

  it('answers 304 to a GET whose client has the answer, and never to a POST', async () => {
    const path = `/v1/query?q=${encodeURIComponent('select count(*) as tagged_rows from airports')}`;
    await forkline.get(path);
    const second = await forkline.get(path);
    const tag = second.headers.get('etag');
    expect(tag).to.match(/^W\/"[^"]+"$/);
    expect(await getIf(path, `"other", ${tag}`)).to.deep.equal({ status: 304, bytes: 0 });
    expect((await getIf(path, '"other"')).status).to.equal(200);
    const posted = await forkline.query('select count(*) as tagged_rows from airports', {
      headers: { 'if-none-match': tag! },
    });
    expect(posted.status).to.equal(200);
    expect(posted.headers.get('etag')).to.equal(null);
  });

  it('runs a query again when one of its tables is said to have changed, a view over it too', async () => {
    const { admin } = await testDatabase();
    const rows = async (query: string) => (await forkline.query(query)).json.rows;
    const queries = ['select max(n) as m from cached_rows', 'select max(n) as through_view from cached_view'];
    const before = await Promise.all(queries.map(rows));
    await admin('update cached_rows set n = n + 1');
    expect(await Promise.all(queries.map(rows))).to.deep.equal(before);
    const other = await purge({ tables: ['airports'] });
    expect(other.status).to.equal(200);
    expect(await Promise.all(queries.map(rows))).to.deep.equal(before);
    const purged = await purge({ tables: ['public.cached_rows'] });
    expect((await purged.json()) as object).to.deep.equal({ entries: 2 });
    expect(await Promise.all(queries.map(rows))).not.to.deep.equal(before);
  });

  it('runs a query over a SQLite file again when the file has changed', async () => {
    const ask = (): Promise<Answer> => forkline.query('@file select v from t');
    const isKept = async (): Promise<Answer | null> => {
      const answer = await ask();
      return cacheStatus(answer).includes('; hit') ? answer : null;
    };
    expect((await until(isKept, 10_000)).json.rows).to.deep.equal([{ v: 1 }]);
    await writeSqliteFile(sqliteFile, 'create table t as select 2 as v');
    const changed = await ask();
    expect(cacheStatus(changed)).to.match(/fwd=stale/);
    expect(changed.json.rows).to.deep.equal([{ v: 2 }]);
    expect((await until(isKept, 10_000)).json.rows).to.deep.equal([{ v: 2 }]);
  });

  it('drops entries by tag, by shape, by connection and all of them', async () => {
    const query = (letter: string) => `select random() as tagged, '${letter}' as x`;
    const changes: object[] = [
      { tags: ['some'] },
      { shape: query('z') },
      { connection: 'main' },
      { everything: true, remove: true },
    ];
    for (const change of changes) {
      const first = (await forkline.query(query('b'))).json.rows;
      expect((await forkline.query(query('b'))).json.rows).to.deep.equal(first);
      expect((await purge(change)).status).to.equal(200);
      expect((await forkline.query(query('b'))).json.rows, JSON.stringify(change)).not.to.deep.equal(first);
    }
    const mistake = await purge({ table: 'flights' });
    expect(mistake.status).to.equal(400);
    await mistake.text();
    const nothing = await purge({});
    expect(nothing.status).to.equal(400);
    await nothing.text();
  });

  it('sends a stale answer while it is made anew once in the background', async () => {
    const query = "select random() as revalidated, 'a' as x";
    const first = (await forkline.query(query)).json.rows;
    const second = await forkline.query(query);
    expect(second.json.rows).to.deep.equal(first);
    expect(cacheStatus(second)).to.match(/^forkline; hit; ttl=-\d+; detail=revalidating$/);
    await until(async () => {
      const { rows } = (await forkline.query(query)).json;
      return JSON.stringify(rows) !== JSON.stringify(first);
    }, 10_000);
  });

  it('runs a query once that many ask at the same time, whatever the limit of one client', async () => {
    const query = 'set cache = 1m; select random() as r, count(*) as n from generate_series(1, 1500000)';
    const shared = await metric('forkline_cache_hits_total{result="shared"}');
    const answers = await Promise.all(Array.from({ length: 100 }, () => forkline.query(query)));
    const values = new Set(answers.map(({ json }) => JSON.stringify(json.rows)));
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
    expect([...values]).to.have.length(1);
    expect(answers.filter((answer) => cacheStatus(answer).includes('collapsed'))).to.have.length(99);
    expect(await metric('forkline_cache_hits_total{result="shared"}')).to.equal(shared + 99);
  });

  it('streams a large answer to all who ask for it while it is made', async () => {
    const query =
      'set cache = 1m; select n, random() as r, repeat(md5(n::text), 8) as t from generate_series(1, 20000) n';
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => forkline.query(query, { format: 'ndjson' })),
    );
    expect(new Set(answers.map(({ text }) => text)).size).to.equal(1);
    expect(answers[0]!.text.length).to.be.greaterThan(5_000_000);
    expect(answers.filter((answer) => cacheStatus(answer).includes('collapsed')).length).to.be.greaterThan(0);
  });

  it('lets another one run the query when the first one leaves before its first byte', async () => {
    const query =
      'set cache = 1m; select random() as handed_over, count(*) as n from generate_series(1, 3000000)';
    const leader = new AbortController();
    const first = forkline.query(query, { signal: leader.signal, headers: { 'query-id': 'leaves-early' } });
    await runs('leaves-early');
    const others = [1, 2, 3].map((n) => forkline.query(query, { headers: { 'query-id': `stays-${n}` } }));
    await until(async () => (await phases()).filter((phase) => phase === 'shared').length === 3, 10_000);
    leader.abort();
    await first.catch(() => {});
    const answers = await Promise.all(others);
    expect(
      new Set(answers.map(({ status, json }) => `${status} ${JSON.stringify(json.rows)}`)).size,
    ).to.equal(1);
    expect(answers[0]!.status).to.equal(200);
    expect(await metric('forkline_cache_hand_overs_total')).to.be.greaterThan(0);
  });

  it('ends those who follow with an error that may be tried again when the first one ends after its first byte', async () => {
    const query =
      'set cache = 1m; select n, repeat(md5(n::text), 20) as t, count(*) over (rows 200 preceding) as c from generate_series(1, 400000) n';
    const body = JSON.stringify({ query, format: 'ndjson' });
    const leader = await begin(body, 'cut-in-the-middle');
    const follower = post(forkline, { query, format: 'ndjson' });
    await until(async () => (await phases()).includes('shared'), 10_000);
    await fetch(`${forkline.url}/v1/queries/cut-in-the-middle`, { method: 'DELETE' }).then((answer) =>
      answer.text(),
    );
    leader.resume();
    const answer = await follower;
    const last = answer.body.toString().trimEnd().split('\n').at(-1)!;
    expect(JSON.parse(last)).to.have.nested.property('@error.code', 'shared-query-failed');
    expect(JSON.parse(last)).to.have.nested.property('@error.retryable', true);
  });

  it('gives the error of a query to the one who asked it, and lets others run it for themselves', async () => {
    const query =
      'select 1 / (n - n) as by_zero, (select count(*) from generate_series(1, 500000)) from cached_rows';
    const answers = await Promise.all([1, 2, 3].map(() => forkline.query(query)));
    expect(answers.map(({ json }) => (json as unknown as { code: string }).code)).to.deep.equal(
      Array(3).fill('sql-error'),
    );
    const ids = answers.map(({ json }) => (json as unknown as { queryId: string }).queryId);
    expect(new Set(ids).size).to.equal(3);
  });

  it('keeps the answer of a rule warm', async () => {
    const ask = () =>
      forkline.query('select random() as warm', { headers: { 'cache-control': 'only-if-cached' } });
    await until(async () => (await ask()).status === 200, 10_000);
    const first = (await ask()).json.rows;
    await until(async () => JSON.stringify((await ask()).json.rows) !== JSON.stringify(first), 10_000);
  });

  it('keeps the rows of a model warm that says how often, until it says so no more', async () => {
    const send = async (method: string, path: string, body?: object, more: object = {}): Promise<Response> =>
      await fetch(`${forkline.url}${path}`, {
        ...{ method, headers: { 'content-type': 'application/json', ...more } },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const model = { name: 'warm_model', query: 'select random() as r', connection: 'main' };
    const warm = { ...model, cache: { keep: '1h', refresh: '1s' } };
    const made = await send('POST', '/v1/models', warm);
    expect(made.status, await made.text()).to.equal(201);
    const seen = new Set<string>();
    await until(async () => {
      const rows = await send('GET', '/v1/models/warm_model/rows', undefined, {
        'cache-control': 'only-if-cached',
      });
      const text = await rows.text();
      // Nobody runs it but the schedule.
      if (rows.status === 200) seen.add(text.replace(/"stats".*/s, ''));
      return seen.size >= 2;
    }, 30_000);
    const calmed = await send(
      'PUT',
      '/v1/models/warm_model',
      { ...model, cache: { keep: '1h' } },
      {
        'if-match': '*',
      },
    );
    expect(calmed.status, await calmed.text()).to.equal(200);
  });

  it('shows what is kept, and what it has counted', async () => {
    const query = 'select count(*) as shown from flights';
    await forkline.query(query);
    await forkline.query(query);
    const { json } = await forkline.get('/v1/cache');
    const shown = json as unknown as {
      entries: { query: string; tables: string[]; hits: number; state: string }[];
      hits: { fresh: number };
    };
    const entry = shown.entries.find((each) => each.query === query);
    expect(entry).to.deep.include({ query, tables: ['public.flights'], hits: 1, state: 'fresh' });
    expect(shown.hits.fresh).to.be.greaterThan(0);
  });

  it('is shown, purged and advised by the command', async () => {
    const command = async (...args: string[]) =>
      (await run(process.execPath, [COMMAND, 'cache', ...args, '--url', forkline.url])).stdout;
    const query = "select random() as tagged, 'command' as x";
    const value = async () => JSON.stringify((await forkline.query(query)).json.rows);
    const purges = [
      ['--tag', 'some'],
      ['--shape', query],
      ['--connection', 'main'],
      ['--all', '--remove'],
    ];
    for (const [index, options] of purges.entries()) {
      const first = await value();
      expect(await value()).to.equal(first);
      if (index === 0)
        expect(await command('ls'))
          .to.include("'command' as x")
          .and.to.include(' saved\n');
      expect(await command('purge', ...options)).to.match(
        /^[1-9]\d* answers? (?:is|are) not sent any more\n$/,
      );
      expect(await value(), options.join(' ')).not.to.equal(first);
    }
    const counted = 'select n as counted_by_command from cached_rows';
    await forkline.query(counted);
    await command('purge', '--table', 'cached_rows');
    expect(cacheStatus(await forkline.query(counted))).to.equal('forkline; fwd=stale; stored');
    const { entries } = JSON.parse(await command('ls', '--json')) as { entries: { query: string }[] };
    expect(entries.map((entry) => entry.query)).to.include(counted);
    const slow = 'set cache = off; select pg_sleep(0.15)::text as advised';
    for (let n = 0; n < 2; n++) await forkline.query(slow);
    // The log is written a moment later.
    await until(async () => (await command('advise')).includes('as advised'), 10_000);
    const { advice } = JSON.parse(await command('advise', '--json')) as {
      advice: { shape: string; count: number; wouldSaveMs: number }[];
    };
    const advised = advice.find(({ shape }) => shape.includes('as advised'));
    expect(advised?.count).to.equal(2);
    expect(advised?.wouldSaveMs).to.be.within(100, 60_000);
  });

  it('takes schedules of models with times, and refuses those that never come', async () => {
    const save = async (name: string, refresh: string): Promise<{ status: number; text: string }> => {
      const body = { name, query: 'select 1 as one', connection: 'main', cache: { keep: '1h', refresh } };
      const saved = await fetch(`${forkline.url}/v1/models`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      });
      return { status: saved.status, text: await saved.text() };
    };
    for (const [name, refresh] of [
      ['at_times', '0 6 * * 1-5 Asia/Seoul'],
      ['again_and_again', 'every 10m'],
    ] as const) {
      const { status, text } = await save(name, refresh);
      expect(status, text).to.equal(201);
      const { json } = await forkline.get(`/v1/models/${name}`);
      expect(json).to.have.nested.property('definition.cache.refresh', refresh);
    }
    for (const refresh of ['0 0 31 2 *', '0 6 * * * Nowhere/City', 'soon']) {
      const { status, text } = await save('never', refresh);
      expect(status, refresh).to.equal(422);
      expect(text).to.include('cache.refresh is a time such as 10m, or five fields of cron');
    }
  });

  /** A GET with If-None-Match; fetch would add `Cache-Control: no-cache` to it. */
  function getIf(path: string, tag: string): Promise<{ status: number; bytes: number }> {
    return new Promise((resolve, reject) => {
      const headers = { 'if-none-match': tag };
      const sent = request(`${forkline.url}${path}`, { headers, agent: false }, (response) => {
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
      });
      sent.on('error', reject).end();
    });
  }

  function purge(body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${forkline.url}/v1/cache/purge`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async function phases(): Promise<string[]> {
    const { json } = await forkline.get('/v1/queries');
    const { queries } = json as unknown as { queries: { state: string; phase: string }[] };
    return queries.filter(({ state }) => state === 'running').map(({ phase }) => phase);
  }

  async function runs(queryId: string): Promise<void> {
    await until(async () => {
      const { json } = await forkline.get(`/v1/queries/${queryId}`);
      return (json as unknown as { phase: string }).phase === 'sql';
    }, 10_000);
  }

  /** Resolves to a response of which the head has come and nothing more is read. */
  function begin(body: string, queryId: string) {
    return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'query-id': queryId };
      const sent = request(
        `${forkline.url}/v1/query`,
        { method: 'POST', headers, agent: false },
        (response) => {
          response.on('error', () => {}); // the server cuts the connection
          response.pause();
          resolve(response);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }
});
