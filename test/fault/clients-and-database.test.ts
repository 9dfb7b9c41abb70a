/** A client that goes away and a database that does: what is left behind is nothing. */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { startTestDatabase, type TestDatabase, testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { activeBackends, answersAgain, codeOf, startLongQuery } from '../support/long-query.ts';
import { skipBecause } from '../support/skip.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 10_000;

describe('faults of clients', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    forkline = await startForkline({
      sql: { processes: 1, connectionsPerProcess: 1 },
      limits: { timeoutMs: 60_000 },
    });
  });
  after(() => forkline.stop());

  const stateOf = async (queryId: string) => (await forkline.get(`/v1/queries/${queryId}`)).json;

  for (const [way, stages] of [
    ['SQL only', ''],
    ['through stages', " | where lower('A') = 'a'"],
  ] as const) {
    it(`fault 16, a client that goes away while its query runs, ${way}: the database stops too, nobody else is cancelled`, async () => {
      const queryId = `gone${stages.length}`;
      const marker = `marker_gone_${stages.length}`;
      const client = new AbortController();
      const gone = forkline.query(`select pg_sleep(50)::text as ${marker}${stages}`, {
        headers: { 'Query-Id': queryId },
        signal: client.signal,
      });
      await until(
        async () => (await activeBackends(database, marker)) === 1,
        DEADLINE_MS,
        'it runs in the database',
      );
      // The next query waits for the only connection: the cancel must not hit it.
      const next = forkline.query("select pg_sleep(0.3)::text as a, 'next' as b");
      client.abort();
      expect(await gone.catch((error: Error) => error.name)).to.equal('AbortError');
      expect((await next).status, (await next).text).to.equal(200);
      await until(
        async () => (await activeBackends(database, marker)) === 0,
        DEADLINE_MS,
        'it ended in the database',
      );
      const { state, error } = await stateOf(queryId);
      expect(state).to.equal('cancelled');
      expect(error).to.include({ code: 'client-gone' });
    });
  }

  it('fault 16, a client that goes away while it waits in the queue leaves the queue', async () => {
    const { answer: first } = await startLongQuery(forkline, 'select pg_sleep(1)::text as a', ['sql']);
    const client = new AbortController();
    const queued = forkline.query('select 1 as a', {
      headers: { 'Query-Id': 'queued' },
      signal: client.signal,
    });
    await until(
      async () => (await forkline.get('/v1/queries/queued')).text.includes('"phase":"queue"'),
      DEADLINE_MS,
    );
    client.abort();
    await queued.catch(() => {});
    await until(async () => (await stateOf('queued')).state === 'cancelled', DEADLINE_MS);
    expect((await first).status).to.equal(200);
  });

  it('a client that stops reading: the server holds little of a large result, others are served, a reader gets all', async () => {
    const text = "select i, repeat('x', 1000) as t from generate_series(1, 300000) as i";
    const serverRss = async () =>
      (await forkline.processes()).find(({ role }) => role === 'server')!.rssBytes!;
    const before = await serverRss();
    const slow = request(`${forkline.url}/v1/query?format=csv`, { method: 'POST' });
    slow.end(text);
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      slow.on('response', resolve).on('error', reject);
    });
    // Nothing is read for now: the whole way back to the database has to stand still.
    const sent = await until(
      async () => {
        const { queries } = (await forkline.get('/v1/queries')).json as unknown as {
          queries: { query: string; bytes: number }[];
        };
        const bytes = queries.find(({ query }) => query === text)?.bytes ?? 0;
        const again = async () =>
          (
            (await forkline.get('/v1/queries')).json as unknown as {
              queries: { query: string; bytes: number }[];
            }
          ).queries.find(({ query }) => query === text)?.bytes;
        return bytes > 0 && bytes === (await again()) && bytes === (await again()) ? bytes : null;
      },
      DEADLINE_MS,
      'the stream stands still',
    );
    expect(sent, 'bytes that left the worker').to.be.below(64 * 1024 * 1024);
    if (process.platform === 'linux')
      expect((await serverRss()) - before, 'growth of the server').to.be.below(64 * 1024 * 1024);
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).to.be.above(300_000 * 1000);
    expect(response.complete).to.equal(true);
    expect(response.trailers['forkline-row-count']).to.equal('300000');
  });
});

describe('faults of the database', function () {
  this.timeout(60_000);

  it('fault 15, down at the start: the server starts, says database-unavailable at once, and recovers by itself', async () => {
    const database = await startTestDatabase();
    const { url } = database;
    try {
      await using forkline = await startForkline({
        connections: { main: { url: url.replace(/:(\d+)\//, ':1/') } },
      });
      const answer = await forkline.query('select 1 as a');
      expect([answer.status, codeOf(answer)]).to.deep.equal([503, 'database-unavailable']);
      expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
      expect(answer.text, 'no secret').to.not.contain(new URL(url).password);
    } finally {
      await database.stop();
    }
  });

  it('fault 15, gone in mid-query and back: a typed error, no secret in the log, then answers again', async () => {
    const database = await startTestDatabase();
    try {
      await using forkline = await startForkline({ connections: { main: { url: database.url } } });
      const running = forkline.query('select pg_sleep(30)::text as a', { headers: { 'Query-Id': 'cut' } });
      await until(async () => (await activeBackends(database, 'pg_sleep')) === 1, DEADLINE_MS);
      // The postmaster takes this as a crash of one backend: it ends all sessions and comes back by itself.
      const { rows } = await database.admin(
        "select pid from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()",
      );
      process.kill(rows[0].pid, 'SIGKILL');
      const failed = await running;
      expect([failed.status, codeOf(failed)]).to.deep.equal([503, 'database-unavailable']);
      await until(
        async () => (await forkline.query('set pushdown = off; select 1 as a | where a = 1')).status === 200,
        15_000,
        'it answers again',
      );
      expect((await forkline.logLines()).join('\n')).to.not.contain(new URL(database.url).password);
    } finally {
      await database.stop();
    }
  });

  it('fault 15, its packets are lost: fails in time, no storm of connections, and recovers by itself', async () => {
    const { url } = await testDatabase();
    const target = new URL(url);
    await using proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
    target.port = String(proxy.port);
    await using forkline = await startForkline({
      connections: { main: { url: target.href } },
      sql: { processes: 1, connectionsPerProcess: 2, acquireTimeoutMs: 1000 },
      limits: { timeoutMs: 3000 },
    });
    const running = await startLongQuery(forkline, 'select pg_sleep(1)::text as a', ['sql']);
    proxy.drop();
    expect(['deadline-exceeded', 'database-unavailable']).to.include(codeOf(await running.answer));
    const before = proxy.connections;
    const answers = await Promise.all(Array.from({ length: 20 }, () => forkline.query('select 1 as a')));
    for (const answer of answers)
      expect(['deadline-exceeded', 'database-unavailable', 'database-overloaded']).to.include(codeOf(answer));
    expect(proxy.connections - before, 'attempts to connect, of 20 queries').to.be.below(20);
    proxy.restore();
    await answersAgain(forkline, 'set pushdown = off; select 1 as a | where a = 1', 30_000);
  });
});

describe('faults of load', function () {
  this.timeout(60_000);

  /** From another client address of this machine. */
  function askFrom(forkline: Forkline, localAddress: string, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: forkline.port,
          path: '/v1/query',
          method: 'POST',
          localAddress,
          agent: false,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const body = JSON.parse(Buffer.concat(chunks).toString()) as { code?: string };
            const retry =
              response.statusCode === 503 ? ` retry-after ${response.headers['retry-after']}` : '';
            resolve(response.statusCode === 200 ? 'ok' : `${body.code}${retry}`);
          });
        },
      );
      asked.on('error', reject);
      asked.end(text);
    });
  }

  it('fault 17, twice the load it can bear with one greedy client: 503 with Retry-After, and nobody starves', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'only Linux has all of 127.0.0.0/8');
    await using forkline = await startForkline({
      sql: { processes: 1, connectionsPerProcess: 2 },
      limits: { queueLength: 8, queueWaitMs: 30_000, perClient: 60 },
    });
    const slow = 'select pg_sleep(0.2)::text as a';
    const outcomes: string[] = [];
    let stopped = false;
    const greedy = Array.from({ length: 30 }, async () => {
      while (!stopped) {
        const outcome = await askFrom(forkline, '127.0.0.2', slow);
        outcomes.push(outcome);
        if (outcome !== 'ok') await delay(100); // far less than Retry-After asks for
      }
    });
    const waiting = async () => {
      const { queries } = (await forkline.get('/v1/queries')).json as unknown as {
        queries: { state: string; phase: string }[];
      };
      return queries.filter(({ state, phase }) => state === 'running' && phase === 'queue').length;
    };
    await until(async () => (await waiting()) === 8, DEADLINE_MS, 'the queue is full');
    // Each of them comes when the queue is full of the greedy one, and all are served.
    for (const client of ['127.0.0.3', '127.0.0.4', '127.0.0.5'])
      expect(await askFrom(forkline, client, slow), client).to.equal('ok');
    stopped = true;
    await Promise.all(greedy);
    expect(outcomes.filter((outcome) => outcome === 'ok').length).to.be.at.least(8);
    const refused = outcomes.filter((outcome) => outcome !== 'ok');
    expect(refused.length, 'the greedy client is refused').to.be.above(0);
    expect(new Set(refused)).to.deep.equal(new Set(['queue-full retry-after 1']));
    expect((await forkline.query('select 1 as a')).status).to.equal(200);
  });
});
