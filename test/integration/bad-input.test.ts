/** Answers to wrong requests: status, code, the place in the query, and a hint how to mend it. */
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';

interface Case {
  readonly what: string;
  readonly query: string;
  readonly status: number;
  readonly code: string;
  /** The characters of the query that the position must mark. */
  readonly at?: string;
  /** A word that the hint or the detail must have. */
  readonly says?: string | RegExp;
  readonly params?: Record<string, string | number | boolean | null>;
  readonly body?: Record<string, unknown>;
}

const CASES: readonly Case[] = [
  { what: 'an empty query', query: '', status: 400, code: 'empty-query', says: 'select' },
  { what: 'white space and comments only', query: ' -- nothing\n', status: 400, code: 'empty-query' },
  {
    what: 'an unterminated string in the SQL',
    query: "select 'abc | head 1",
    status: 400,
    code: 'unterminated-string',
    at: "'",
  },
  {
    what: 'an unterminated string in a stage',
    query: "select 1 as a | where a = 'x",
    status: 400,
    code: 'unterminated-string',
    at: "'",
  },
  {
    what: 'an unknown stage',
    query: 'select 1 as a | hed 5',
    status: 400,
    code: 'unknown-stage',
    at: 'hed',
    says: 'head',
  },
  {
    what: 'an unknown column in a stage',
    query: 'select origin, delay from flights\n| where dela > 0',
    status: 400,
    code: 'unknown-column',
    at: 'dela',
    says: 'delay',
  },
  {
    what: 'an unknown column in the SQL',
    query: 'select dela from flights',
    status: 400,
    code: 'unknown-column',
    at: 'dela',
    says: 'delay',
  },
  {
    what: 'a wrong type',
    query: "select origin, delay from flights | where delay > 'a lot'",
    status: 400,
    code: 'wrong-type',
    says: 'int64',
  },
  {
    what: 'text plus number',
    query: 'select origin, delay from flights | eval x = origin + 1',
    status: 400,
    code: 'wrong-type',
    says: /\|\||cast/,
  },
  {
    what: 'an aggregate in where',
    query: 'select delay from flights | where avg(delay) > 1',
    status: 400,
    code: 'misplaced-aggregate',
    at: 'avg',
    says: 'stats',
  },
  {
    what: '= null',
    query: 'select delay from flights | where delay = null',
    status: 400,
    code: 'wrong-type',
    says: 'is null',
  },
  { what: 'two statements', query: 'select 1; select 2', status: 400, code: 'multiple-statements' },
  {
    what: 'a write',
    query: "insert into flights values (now(), 1, 1, 'a', 'b')",
    status: 403,
    code: 'read-only',
    at: 'insert',
  },
  {
    what: 'a write in a CTE',
    query: 'with gone as (delete from flights returning 1) select * from gone',
    status: 403,
    code: 'read-only',
  },
  {
    what: 'a function that reads server files',
    query: "select pg_read_file('/etc/passwd')",
    status: 403,
    code: 'read-only',
    says: 'pg_read_file',
  },
  {
    what: 'a SQL syntax error',
    query: 'select origin,\n  delay fro flights\n| head 1',
    status: 400,
    code: 'sql-syntax',
    at: 'flights',
  },
  {
    what: 'a SQL syntax error without stages',
    query: 'selec 1',
    status: 400,
    code: 'syntax',
    at: 'selec',
    says: 'did you mean `select`',
  },
  {
    what: 'an unknown table',
    query: 'select * from flihgts | head 1',
    status: 400,
    code: 'sql-error',
    at: 'flihgts',
  },
  {
    what: 'an unknown connection',
    query: 'select 1',
    status: 404,
    code: 'unknown-connection',
    says: 'main',
    body: { connection: 'crm' },
  },
  {
    what: 'an unknown connection in the query',
    query: '@crm select 1',
    status: 404,
    code: 'unknown-connection',
    says: 'main',
    at: '@crm',
  },
  { what: 'an unknown format', query: 'select 1', status: 406, code: 'not-acceptable', says: 'parquet' },
  {
    what: 'a missing parameter',
    query: 'select :n::int as n',
    status: 400,
    code: 'missing-parameter',
    at: ':n',
  },
  {
    what: 'a missing parameter in a stage',
    query: 'select 1 as a | where a = :n',
    status: 400,
    code: 'missing-parameter',
    at: ':n',
  },
  {
    what: 'a parameter nobody asked for',
    query: 'select 1 as a',
    status: 400,
    code: 'unknown-parameter',
    params: { n: 1 },
    says: 'n',
  },
  {
    what: 'a parameter of the wrong type',
    query: 'select * from flights where delay > :n',
    status: 400,
    code: 'bad-parameter',
    params: { n: 'many' },
  },
  {
    what: 'a parameter of the wrong type before stages',
    query: 'select * from flights where delay > :n | head 1',
    status: 400,
    code: 'bad-parameter',
    params: { n: 'many' },
  },
  {
    what: 'a parameter of the wrong type in a stage',
    query: 'select delay from flights | where delay > :n',
    status: 400,
    code: 'bad-parameter',
    at: ':n',
    params: { n: 'many' },
  },
  {
    what: 'duplicate column names',
    query: 'select 1 as a, 2 as a',
    status: 400,
    code: 'duplicate-column',
    says: 'as',
  },
  {
    what: 'duplicate column names before stages',
    query: 'select 1 as a, 2 as a | head 1',
    status: 400,
    code: 'duplicate-column',
    says: 'as',
  },
  {
    what: 'a division by zero in the SQL',
    query: 'select 1 / (delay - delay) from flights where delay is not null',
    status: 400,
    code: 'sql-error',
    says: 'division',
  },
  {
    what: 'pushdown that cannot be',
    query: 'select 1 as a | sample 1',
    status: 400,
    code: 'not-pushable',
    body: { pushdown: 'require' },
  },
];

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly queryId?: string;
  readonly retryable: boolean;
  readonly position?: { line: number; column: number; excerpt: string };
  readonly limit?: { name: string; value: number; observed?: number };
}

function problemOf(answer: Answer): Problem {
  expect(answer.headers.get('content-type'), answer.text).to.match(/^application\/problem\+json/);
  return JSON.parse(answer.text) as Problem;
}

/** The text of the query from the reported place on. */
function textAt(query: string, { line, column }: { line: number; column: number }): string {
  return [...query.split('\n')[line - 1]!].slice(column - 1).join('');
}

describe('bad input', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({
      limits: { resultRows: 1000, resultBytes: 200_000, timeoutMs: 3000, perClient: 3 },
    });
  });
  after(() => forkline.stop());

  for (const { what, query, status, code, at, says, params, body } of CASES) {
    it(`${what}: ${status} ${code}`, async () => {
      const format = code === 'not-acceptable' ? 'xml' : 'json';
      const answer =
        format === 'xml'
          ? await forkline.get(`/v1/query?q=${encodeURIComponent(query)}&format=xml`)
          : await forkline.query(query, { ...(params && { params }), ...(body && { body }) });
      const problem = problemOf(answer);
      expect({ status: answer.status, code: problem.code }, answer.text).to.deep.equal({ status, code });
      expect(problem.status).to.equal(status);
      if (at !== undefined) {
        expect(problem.position, answer.text).to.not.equal(undefined);
        expect(textAt(query, problem.position!), answer.text).to.match(new RegExp(`^${escapeRegExp(at)}`));
        expect(problem.position!.excerpt).to.contain('^');
      }
      if (says !== undefined)
        expect(`${problem.detail} ${problem.hint ?? ''}`).to.match(
          says instanceof RegExp ? says : new RegExp(escapeRegExp(says)),
        );
    });
  }

  it('10 MB of text: 413 with the limit, and the server lives', async () => {
    const response = await fetch(`${forkline.url}/v1/query`, {
      method: 'POST',
      body: `select 1 -- ${'x'.repeat(10_000_000)}`,
    }).catch((error: Error) => error);
    // A client that is still sending may see the connection closed before it reads the answer.
    if (response instanceof Response) {
      expect(response.status).to.equal(413);
      expect(await response.json()).to.deep.include({ code: 'query-too-large' });
    }
    expect((await forkline.query('select 1 as a')).status).to.equal(200);
  });

  it('a query text a little over the limit: 413 with both numbers', async () => {
    const answer = await forkline.query(`select '${'x'.repeat(1024 * 1024)}' as a`);
    const problem = problemOf(answer);
    expect(problem.code).to.equal('query-too-large');
    expect(problem.limit).to.deep.include({ name: 'queryBytes', value: 1024 * 1024 });
  });

  it('a body too long that does not say its length: 413 as soon as that is known', async () => {
    const piece = new Uint8Array(256 * 1024).fill(0x20);
    let pieces = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => (pieces++ < 16 ? controller.enqueue(piece) : controller.close()),
    });
    const response = await fetch(`${forkline.url}/v1/query`, { method: 'POST', body, duplex: 'half' }).catch(
      (error: Error) => error, // the answer may be lost when the connection closes under what is still being sent
    );
    if (response instanceof Response) expect(response.status).to.equal(413);
    else expect(response.message).to.equal('fetch failed');
    expect((await forkline.query('select 1 as one')).status).to.equal(200);
  });

  it('a compressed body is a query; one that is not what it says, or in no known way: 400, 415', async () => {
    const send = (body: Uint8Array<ArrayBuffer>, encoding: string) =>
      fetch(`${forkline.url}/v1/query`, { method: 'POST', body, headers: { 'Content-Encoding': encoding } });
    const packed = await send(new Uint8Array(gzipSync('select 1 as one')), 'gzip');
    expect(await packed.json()).to.deep.include({ rows: [{ one: 1 }] });
    expect((await send(new Uint8Array(9), 'gzip')).status).to.equal(400);
    expect((await send(new Uint8Array(9), 'zip')).status).to.equal(415);
  });

  for (const [way, stages] of [
    ['SQL only', ''],
    ['through stages', " | where lower('A') = 'a'"],
  ]) {
    it(`a result over resultRows, ${way}: 422 with the limit, no rows`, async () => {
      const problem = problemOf(await forkline.query(`select 1 as a from generate_series(1, 1001)${stages}`));
      expect(problem).to.include({ status: 422, code: 'result-too-large', retryable: false });
      expect(problem.limit).to.include({ name: 'resultRows', value: 1000 });
      const exact = await forkline.query(`select 1 as a from generate_series(1, 1000)${stages}`);
      expect(exact.json.rowCount, 'the limit itself is allowed').to.equal(1000);
    });

    it(`a result over resultBytes, ${way}: 422 with the limit`, async () => {
      const problem = problemOf(
        await forkline.query(`select repeat('x', 1000) as a from generate_series(1, 500)${stages}`),
      );
      expect(problem).to.include({ status: 422, code: 'result-too-large' });
      expect(problem.limit).to.include({ name: 'resultBytes', value: 200_000 });
    });

    it(`a query that takes too long, ${way}: 504 with the limit`, async () => {
      const answer = await forkline.query(`select pg_sleep(60)::text as a${stages}`, {
        body: { limits: { timeoutMs: 700 } },
      });
      const problem = problemOf(answer);
      expect(problem, answer.text).to.include({ status: 504, code: 'deadline-exceeded' });
      expect(problem.limit).to.include({ name: 'timeoutMs', value: 700 });
      expect((await forkline.query('select 1 as a')).status).to.equal(200);
    });
  }

  it('a value that does not fit while stages run: 422 that names it', async () => {
    const answer = await forkline.query('select 9223372036854775807::int8 as a | eval b = a + 1');
    expect(problemOf(answer), answer.text).to.include({ status: 422, code: 'bad-value' });
  });

  it('more queries of one client than perClient: 429 with Retry-After', async () => {
    const sleeps = Array.from({ length: 3 }, () => forkline.query('select pg_sleep(0.5)::text as a'));
    const ids = async () =>
      ((await forkline.get('/v1/queries')).json.queries as { state: string }[]).filter(
        ({ state }) => state === 'running',
      );
    while ((await ids()).length < 3);
    const refused = await forkline.query('select 1 as a');
    const problem = problemOf(refused);
    expect(problem).to.include({ status: 429, code: 'too-many-queries', retryable: true });
    expect(problem.limit).to.deep.equal({ name: 'perClient', value: 3, observed: 3 });
    expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
    for (const answer of await Promise.all(sleeps)) expect(answer.status).to.equal(200);
  });

  it('a query id twice at once: 409', async () => {
    const headers = { 'Query-Id': 'twice' };
    const first = forkline.query('select pg_sleep(0.5)::text as a', { headers });
    while ((await forkline.get('/v1/queries/twice')).status === 404);
    expect(problemOf(await forkline.query('select 1 as a', { headers }))).to.include({
      status: 409,
      code: 'duplicate-query-id',
    });
    expect((await first).headers.get('query-id')).to.equal('twice');
  });

  it('paths and methods that do not exist: 404, 405 with Allow', async () => {
    expect(problemOf(await forkline.get('/v2/query'))).to.include({ status: 404, code: 'not-found' });
    const response = await fetch(`${forkline.url}/v1/limits`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
    expect(problemOf(await forkline.get('/v1/queries/nobody'))).to.include({
      status: 404,
      code: 'not-found',
    });
  });
});

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
