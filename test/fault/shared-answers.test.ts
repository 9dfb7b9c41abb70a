/** Answers that many share, through faults: a hundred who ask at once, a leader whose worker is killed, a purge beside a refresh, readers at 1 KB/s. */
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const MANY = 100;
const DEADLINE_MS = 60_000;

interface Shown {
  readonly queryId: string;
  readonly state: string;
  readonly phase: string;
}

describe('shared answers through faults', function () {
  this.timeout(240_000);
  let dataDir: string;
  let forkline: Forkline;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-shared-'));
    const { admin } = await testDatabase();
    await admin('drop table if exists shared_rows; create table shared_rows as select 1 as v');
    await admin('grant select on shared_rows to public');
    forkline = await startForkline({
      dataDir,
      cache: { mode: 'on', minMs: 0, staleWhileRevalidateMs: 3_600_000 },
      results: { memoryBytes: 0 },
      sql: { processes: 1, connectionsPerProcess: 4 },
    });
  });
  after(async () => {
    await forkline?.stop();
    await (await testDatabase()).admin('drop table shared_rows');
    await rm(dataDir, { recursive: true, force: true });
  });

  const status = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const slow = (name: string): string =>
    `set cache = 1m; select random() as ${name}, count(*) as n from generate_series(1, 4000000)`;
  const ask = (query: string, queryId?: string): Promise<Answer> =>
    forkline.query(query, queryId === undefined ? {} : { headers: { 'query-id': queryId } });
  const askMany = (query: string): Promise<Answer>[] => Array.from({ length: MANY }, () => ask(query));
  const running = async (): Promise<readonly Shown[]> => {
    const { json } = await forkline.get('/v1/queries');
    return (json as unknown as { queries: Shown[] }).queries.filter(({ state }) => state === 'running');
  };
  const sharing = async (): Promise<number> =>
    (await running()).filter(({ phase }) => phase === 'shared').length;
  const pidOf = async (role: string): Promise<number> =>
    (await forkline.processes()).find((each) => each.role === role)!.pid;

  it('run once in the database when a hundred ask at the same time', async () => {
    const answers = await Promise.all(askMany(slow('asked_at_once')));
    expect(answers.map((answer) => answer.status)).to.deep.equal(Array(MANY).fill(200));
    // Every run gives another random number.
    expect(new Set(answers.map(({ json }) => JSON.stringify(json.rows))).size).to.equal(1);
    expect(answers.filter((answer) => status(answer) === 'forkline; fwd=miss; collapsed').length).to.be.above(
      MANY / 2,
    );
  });

  it('are made by another one when the worker of the first one is killed before the first byte', async () => {
    // The leader must still run when a hundred others have come, on a machine however slow.
    const query =
      'set cache = 1m; select random() as killed_early, pg_sleep(case v when 0 then 20 else 0 end)::text as slept from shared_rows';
    const { admin } = await testDatabase();
    await admin('update shared_rows set v = 0');
    const leader = ask(query, 'killed-early');
    await until(
      async () =>
        (await running()).some(({ queryId, phase }) => queryId === 'killed-early' && phase === 'sql'),
      DEADLINE_MS,
    );
    const followers = askMany(query);
    await until(async () => (await sharing()) === MANY, DEADLINE_MS);
    await admin('update shared_rows set v = 1'); // the next one sleeps no more
    process.kill(await pidOf('sql'), 'SIGKILL');
    const answers = await Promise.all(followers);
    expect((await leader).json).to.include({ code: 'worker-lost' });
    expect(answers.map((answer) => answer.status)).to.deep.equal(Array(MANY).fill(200));
    expect(new Set(answers.map(({ json }) => JSON.stringify(json.rows))).size).to.equal(1);
  });

  it('end with an error that may be tried again when the worker of the first one is killed after the first byte', async () => {
    const query =
      'set cache = 1m; select n, repeat(md5(n::text), 20) as killed_late from generate_series(1, 2000000) n';
    const leader = await begin(query, 'killed-late');
    const followers = Array.from({ length: MANY }, () => lastLine(query));
    await until(async () => (await sharing()) === MANY, DEADLINE_MS);
    process.kill(await pidOf('sql'), 'SIGKILL');
    leader.resume();
    for (const line of await Promise.all(followers)) {
      expect(line).to.have.nested.property('@error.code', 'shared-query-failed');
      expect(line).to.have.nested.property('@error.retryable', true);
    }
    await until(async () => (await ask('select 1 as one')).status === 200, DEADLINE_MS);
  });

  it('that were made anew beside a purge do not count as newer than it', async () => {
    const { admin } = await testDatabase();
    const query =
      'set cache = 1h; select v, (select count(*) from generate_series(1, 3000000)) from shared_rows';
    const change = async (to: number): Promise<void> => {
      await admin(`update shared_rows set v = ${to}`);
      await purge({ tables: ['shared_rows'] });
    };
    const seen: { v: number; ttl: number }[] = [];
    const look = async (): Promise<{ v: number; ttl: number }> => {
      const answer = await ask(query);
      const last = {
        v: (answer.json.rows[0] as { v: number }).v,
        ttl: Number(/ttl=(-?\d+)/.exec(status(answer))?.[1] ?? Number.NaN),
      };
      seen.push(last);
      return last;
    };
    await until(async () => (await look()).ttl > 0, DEADLINE_MS);
    await change(2);
    expect(await look()).to.include({ v: 1 }); // stale, and made anew from now on
    await until(
      async () =>
        (await running()).some(({ queryId, phase }) => queryId.startsWith('refresh-') && phase === 'sql'),
      DEADLINE_MS,
    );
    await change(3);
    seen.length = 0;
    await until(async () => (await look()).ttl > 0, DEADLINE_MS);
    // Before that only stale ones, which say so.
    expect(seen.filter(({ ttl, v }) => ttl > 0 && v !== 3)).to.deep.equal([]);
    expect(seen.at(-1)).to.include({ v: 3 });
  });

  it('are read at 1 KB/s by twenty clients from one file without memory for them, and the file is closed when they leave', async () => {
    const query =
      'set cache = 1h; select n, repeat(md5(n::text), 60) as read_slowly from generate_series(1, 12000) n';
    const path = `/v1/query?format=ndjson&q=${encodeURIComponent(query)}`;
    await forkline.query(query, { format: 'ndjson' });
    await until(
      async () => status(await forkline.query(query, { format: 'ndjson' })).includes('; hit'),
      DEADLINE_MS,
    );
    const server = await pidOf('server');
    await until(() => openResults(server) === 0, DEADLINE_MS);
    const rss = async (): Promise<number> =>
      (await forkline.processes()).find(({ pid }) => pid === server)!.rssBytes ?? 0;
    const before = await rss();
    const readers = await Promise.all(Array.from({ length: 20 }, () => readSlowly(path)));
    await until(() => readers.every(({ bytes }) => bytes >= 2048), DEADLINE_MS);
    // The connection of each buffers some; the 23 MB of the body are for none of them in memory.
    expect((await rss()) - before).to.be.below(150 * 1024 * 1024); // twenty bodies are 460 MB
    expect((await ask('select 5 as others')).status).to.equal(200);
    expect(openResults(server)).to.be.above(0);
    for (const reader of readers) reader.leave();
    await until(() => openResults(server) === 0, DEADLINE_MS);
  });

  /** The number of open files of kept results. */
  function openResults(pid: number): number {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ''; // the file was closed meanwhile
      }
    });
    return links.filter((link) => link.startsWith(join(dataDir, 'results/')) && /[0-9a-f]{48}/.test(link))
      .length;
  }

  async function readSlowly(path: string): Promise<{ readonly bytes: number; leave(): void }> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${forkline.url}${path}`, { agent: false }, resolve).on('error', reject);
    });
    response.on('error', () => {}); // the client leaves in the middle
    response.pause();
    const reader = { bytes: 0, leave: () => {} };
    const timer = setInterval(() => {
      const piece = response.read(1024) as Buffer | null;
      reader.bytes += piece?.length ?? 0;
    }, 1000);
    reader.leave = () => {
      clearInterval(timer);
      response.destroy();
    };
    return reader;
  }

  function begin(query: string, queryId: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
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
      sent.on('error', reject).end(JSON.stringify({ query, format: 'ndjson' }));
    });
  }

  /** Reads an answer in NDJSON to its end, and keeps the last line only. */
  async function lastLine(query: string): Promise<object> {
    const response = await fetch(`${forkline.url}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, format: 'ndjson' }),
    });
    let end = Buffer.alloc(0);
    for await (const piece of response.body!) end = Buffer.concat([end, piece]).subarray(-4096);
    return JSON.parse(end.toString().trimEnd().split('\n').at(-1)!) as object;
  }

  async function purge(body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${forkline.url}/v1/cache/purge`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).to.equal(200);
  }
});
