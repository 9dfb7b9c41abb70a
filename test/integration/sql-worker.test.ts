/**
 * The SQL worker on a real PostgreSQL: its service in this process (so that memory can be looked at), over its real
 * unix socket, and once as the process that the monitor forks.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { PostgresConnection } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { createFrameReader, writeMessage } from '../../core/protocol/frames.ts';
import type { FromChild, ToChild } from '../../core/protocol/monitor.ts';
import type {
  CopyToReply,
  FromSqlWorker,
  RunSqlReply,
  SqlWorkerCalls,
} from '../../core/protocol/sql-worker.ts';
import { WIRE_END, wireFrame } from '../../core/protocol/wire-rows.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import { WorkerSocket } from '../../server/admission/worker-socket.ts';
import { startTestDatabase, testDatabase } from '../support/database.ts';
import { takeInput } from '../support/input-taker.ts';
import { until } from '../support/until.ts';
import { framedStream, int32 } from '../support/wire-rows.ts';

// The worker imports its connectors when it runs: this file must be an ES module as they are, or each side would have a
// QueryError of its own. A file that awaits is one.
const { SqlService } = await import('../../workers/sql/service.ts');

const WAIT_MS = 10_000;
const NO_LIMITS = { capRows: null, maxRows: 1e9, maxBytes: 1e12 };

interface LogLine {
  readonly event: string;
  readonly fields: object;
}

interface Harness extends AsyncDisposable {
  readonly socketPath: string;
  readonly dir: string;
  readonly log: LogLine[];
  open(): Promise<WorkerSocket<SqlWorkerCalls>>;
  /** One call on a socket of its own. */
  run(sql: string, overrides?: object): Promise<{ text: string; reply: RunSqlReply }>;
  refused(sql: string, overrides?: object): Promise<QueryError>;
}

let queries = 0;
const callOf = (sql: string, overrides: object = {}) => ({
  queryId: `q-${queries++}`,
  connection: 'main',
  sql,
  deadlineAt: Date.now() + WAIT_MS,
  parameters: [],
  functions: [],
  answer: { format: 'ndjson', rows: 'arrays', numbers: 'number' } as const,
  limits: NO_LIMITS,
  maxRowBytes: 1e9,
  ...overrides,
});

async function startHarness(
  url: string,
  connectionsPerProcess = 1,
  options: Partial<Omit<PostgresConnection, 'kind' | 'url'>> = {},
): Promise<Harness> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-sql-'));
  const socketPath = join(dir, 'sql.sock');
  const lines: LogLine[] = [];
  const add = (event: string, fields: object = {}): void => void lines.push({ event, fields });
  const service = new SqlService({
    config: {
      ...{ socketPath, stateDir: dir },
      connectionsPerProcess,
      roleIdleMs: 60_000,
      acquireTimeoutMs: 5000,
      connections: { main: { kind: 'postgres', url, ...options } },
    },
    workerId: `sql-tried-${queries++}`,
    log: { debug: add, info: add, warn: add, error: add },
  });
  await service.start();
  const sockets: WorkerSocket<SqlWorkerCalls>[] = [];

  async function open(): Promise<WorkerSocket<SqlWorkerCalls>> {
    const socket = await new Promise<WorkerSocket<SqlWorkerCalls>>((resolve) => {
      const opened: WorkerSocket<SqlWorkerCalls> = new WorkerSocket({
        workerId: 'test',
        socketPath,
        onConnect: () => resolve(opened),
        onClose: () => {},
      });
    });
    sockets.push(socket);
    return socket;
  }

  async function run(sql: string, overrides = {}): Promise<{ text: string; reply: RunSqlReply }> {
    const socket = await open();
    const pieces: Buffer[] = [];
    try {
      const reply = await socket.call({ type: 'run-sql', ...callOf(sql, overrides) }, (bytes) => {
        pieces.push(Buffer.from(bytes));
        return true;
      });
      return { text: Buffer.concat(pieces).toString(), reply };
    } finally {
      socket.close();
    }
  }

  return {
    socketPath,
    dir,
    log: lines,
    open,
    run,
    refused: (sql, overrides) =>
      run(sql, overrides).then(
        ({ text }) => expect.fail(`not refused: ${sql}: ${text}`),
        (error: unknown) => QueryError.from(error),
      ),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      await service.stop(1000);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const BACKENDS = `select pid, state, wait_event, query from pg_stat_activity
  where application_name like 'forkline sql-tried-%' and backend_type = 'client backend'`;

describe('SQL worker', () => {
  let url: string;
  let admin: Awaited<ReturnType<typeof testDatabase>>['admin'];

  before(async function () {
    this.timeout(60_000);
    ({ url, admin } = await testDatabase());
  });

  it('answers every type as JSON that means the same, and null', async () => {
    await using worker = await startHarness(url);
    const { text } = await worker.run('select * from types order by id', {
      answer: { format: 'ndjson', rows: 'objects', numbers: 'string' },
    });
    const [values, extremes, nulls] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values).to.include({ i8: '9007199254740993', n: '12.50', f8: 0.1, y: 'AP8Q', b: true });
    expect(values).to.include({
      ts: '2001-02-03T04:05:06.789',
      tz: '2001-02-03T02:05:06Z',
      v: 'ünï çødé 日本 😀',
    });
    expect(values.t).to.equal('tab\t, "quoted", line\nend');
    expect([values.ai, values.at, values.j]).to.deep.equal([
      ['1', null, '3'],
      ['x,y', null, ''],
      { a: [1, null] },
    ]);
    expect(extremes).to.include({ f4: '-Infinity', f8: 'NaN', n: 'NaN', i8: '-9223372036854775808', y: '' });
    expect(Object.values(nulls).filter((value) => value === null)).to.have.length(
      Object.keys(nulls).length - 1,
    );
  });

  it('cuts at the cap, fails at the limits, and tells a whole answer from a cut one', async () => {
    await using worker = await startHarness(url);
    const rows = (capRows: number | null, maxRows: number, maxBytes = 1e9) => ({
      limits: { capRows, maxRows, maxBytes },
    });
    const sql = 'select n from generate_series(1, 10) n';
    expect((await worker.run(sql, rows(3, 100))).reply).to.include({ rows: 3, complete: false });
    expect((await worker.run(sql, rows(10, 100))).reply).to.include({ rows: 10, complete: true });
    expect((await worker.run(sql, rows(null, 10))).reply).to.include({ rows: 10, complete: true });
    const tooMany = await worker.refused(sql, rows(null, 9));
    expect(tooMany.code).to.equal('result-too-large');
    expect(tooMany.details.limit).to.deep.equal({ name: 'resultRows', value: 9, observed: 10 });
    const tooBig = await worker.refused("select repeat('x', 1000000) a", rows(null, 9, 1000));
    expect(tooBig.details.limit).to.include({ name: 'resultBytes', value: 1000 });
    expect((await worker.run(sql)).reply.rows).to.equal(10);
  });

  for (const [sql, code, position] of [
    ['select 1; select 2', 'multiple-statements', undefined],
    ['select from where', 'sql-syntax', 13],
    ["select '😀', nope from flights", 'unknown-column', 13],
    ['select * from nope', 'sql-error', 15],
    ['select 1 a, 2 a', 'duplicate-column', undefined],
    ['with d as (delete from flights returning 1) select * from d', 'read-only', undefined],
    ['select * into temp x from flights', 'read-only', 1],
    ['select * from pg_authid', 'permission-denied', undefined],
    ['select $1::int', 'missing-parameter', undefined],
  ] as const)
    it(`refuses with ${code}: ${sql}`, async () => {
      await using worker = await startHarness(url);
      const error = await worker.refused(sql);
      expect([error.code, error.details.sqlPosition]).to.deep.equal([code, position]);
    });

  it('says which parameter does not fit', async () => {
    await using worker = await startHarness(url);
    const error = await worker.refused('select $1::text, $2::int', { parameters: ['a', 'b'] });
    expect(error).to.include({ code: 'bad-parameter' });
    expect(error.details.sqlParameter).to.equal(2);
  });

  it('ends a statement at its deadline, also when the statement tries to switch that off', async () => {
    await using worker = await startHarness(url);
    for (const sql of [
      'select pg_sleep(60)',
      // Behind the guard's back: a function of the database's own that sets the timeout.
      'select test_set_timeout(), pg_sleep(60)',
    ]) {
      await admin(`create or replace function test_set_timeout() returns text language sql volatile as
        $$ select set_config('statement_timeout', '0', false) $$`);
      expect((await worker.refused(sql, { deadlineAt: Date.now() + 700 })).code).to.equal(
        'deadline-exceeded',
      );
      expect((await worker.run('show statement_timeout')).text).to.match(/^\["\d+(ms|s)"\]/);
    }
  });

  it('leaves nothing behind in the session', async () => {
    await using worker = await startHarness(url);
    await admin(`create or replace function test_change_session() returns text language plpgsql volatile as $$ begin
      perform set_config('work_mem', '77MB', false);
      perform set_config('default_transaction_read_only', 'off', false);
      perform set_config('timezone', 'Asia/Tokyo', false);
      perform set_config('my.secret', 'left over', false);
      perform pg_advisory_lock(4711);
      execute 'prepare left_over as select 1';
      perform setseed(0.5);
      return 'changed'; end $$`);
    const state = `select (select string_agg(name || '=' || setting, ',' order by name) from pg_settings
        where source = 'session' and name not in ('statement_timeout', 'transaction_read_only')) settings,
      (select count(*) from pg_prepared_statements where name <> '') prepared,
      (select count(*) from pg_cursors where name <> '') cursors,
      (select count(*) from pg_locks where locktype = 'advisory') locks,
      current_setting('my.secret', true) secret, pg_my_temp_schema()::int temp, pg_backend_pid() pid`;
    const before = (await worker.run(state)).text;
    expect((await worker.run('select test_change_session() a')).text).to.equal('["changed"]\n');
    // A custom setting, once it exists, is empty rather than unknown.
    const left = async (): Promise<string> => (await worker.run(state)).text.replace('"",', 'null,');
    expect(await left()).to.equal(before);
    const fails = 'select 1 / (length(a) - 7) b from (select test_change_session() a offset 0) changed';
    expect((await worker.refused(fails)).details.sqlstate, 'division by zero').to.equal('22012');
    expect(await left(), 'after a statement that failed').to.equal(before);
  });

  it('goes on with the same session after each kind of failure', async () => {
    await using worker = await startHarness(url);
    const pid = 'select pg_backend_pid() a';
    const before = (await worker.run(pid)).text;
    const failures = [
      ['select no_such_column', '42703'], // when parsed
      ['select 1/0 a from generate_series(1, 3)', '22012'], // when planned
      ['select 1 / (3 - n) a from generate_series(1, 9) n', '22012'], // with rows sent before
      ["select 'x'::int a", '22P02'],
    ] as const;
    for (const [sql, sqlstate] of failures) {
      expect((await worker.refused(sql)).details.sqlstate, sql).to.equal(sqlstate);
      expect((await worker.run('select 7 a')).text, sql).to.equal('[7]\n');
    }
    expect((await worker.run(pid)).text).to.equal(before);
  });

  it('waits for no notice and no setting that a statement reports', async () => {
    await using worker = await startHarness(url);
    await admin(`create or replace function test_notices() returns int language plpgsql volatile as $$ begin
      raise notice 'one'; perform set_config('timezone', 'Asia/Tokyo', true); raise warning 'two'; return 7; end $$`);
    expect((await worker.run('select test_notices() a')).text).to.equal('[7]\n');
    expect((await worker.run('select 8 a')).text).to.equal('[8]\n');
  });

  it('cancels in the database, on request and when the caller goes away, and only that query', async () => {
    await using worker = await startHarness(url, 2);
    const socket = await worker.open();
    const sleep = callOf('select pg_sleep(61)');
    const sleeping = socket.call({ type: 'run-sql', ...sleep });
    await until(
      async () => (await admin(`${BACKENDS} and query like '%pg_sleep(61)%' and state = 'active'`)).rowCount,
      WAIT_MS,
    );
    socket.cancel(sleep.queryId);
    const error = await sleeping.catch((thrown: unknown) => QueryError.from(thrown));
    expect(error).to.include({ code: 'cancelled' });
    const gone = await worker.open();
    const lost = gone.call({ type: 'run-sql', ...callOf('select pg_sleep(62)') }).catch(() => null);
    await until(
      async () => (await admin(`${BACKENDS} and query like '%pg_sleep(62)%' and state = 'active'`)).rowCount,
      WAIT_MS,
    );
    const other = worker.run('select 1 a from pg_sleep(0.3)');
    gone.close();
    await lost;
    expect((await other).text).to.equal('[1]\n');
    await until(async () => {
      const { rows } = await admin(BACKENDS);
      return rows.length === 2 && rows.every(({ state }) => state === 'idle');
    }, WAIT_MS);
  });

  it('keeps its memory bounded while a reader of 200 MB reads nothing', async function () {
    this.timeout(60_000);
    await using worker = await startHarness(url);
    const socket: Socket = connect(worker.socketPath);
    let received = 0;
    let reply: FromSqlWorker | null = null;
    const feed = createFrameReader({
      onMessage: (message) => {
        reply = message as FromSqlWorker;
      },
      onData: (bytes) => {
        received += bytes.length;
      },
    });
    const call = callOf("select repeat('x', 1000) a from generate_series(1, 200000)", {
      deadlineAt: Date.now() + 60_000,
    });
    const rssBefore = process.memoryUsage().rss;
    writeMessage(socket, { ...call, type: 'run-sql' });
    // Nobody reads: the database's own send blocks, which is the far end of the back-pressure.
    await until(async () => (await admin(`${BACKENDS} and wait_event = 'ClientWrite'`)).rowCount, WAIT_MS);
    expect(process.memoryUsage().rss - rssBefore).to.be.below(32 * 2 ** 20);
    socket.on('data', feed);
    await until(() => reply, 40_000);
    expect(reply).to.have.nested.property('value.rows', 200_000);
    expect(reply).to.have.nested.property('value.bytes', received);
    expect(received).to.equal(200_000 * 1005);
    socket.destroy();
  });

  it('copies rows into an input: null and empty apart, parameters bound, and the reader may stop early', async () => {
    await using worker = await startHarness(url);
    const fifo = join(worker.dir, 'input');
    const copy = async (sql: string, parameters: (string | null)[], most?: number) => {
      const socket = await worker.open();
      const { columns, parameterTypes } = await socket.call({ type: 'describe', ...callOf(sql) });
      const taken = takeInput(fifo, most);
      const reply: CopyToReply = await socket.call({
        type: 'copy-to',
        ...callOf(sql),
        parameters,
        parameterTypes,
        expect: columns,
        fifo,
        maxRowBytes: 1024 * 1024,
      });
      return { reply, bytes: await taken.bytes };
    };
    const values = await copy("select $1::int a, $2::text b, '' c, null::text d, 'x' e -- $1", [
      '5',
      'it\'s "$2"',
    ]);
    const fields = [int32(5), Buffer.from('it\'s "$2"'), Buffer.alloc(0), null, Buffer.from('x')];
    expect(values.bytes).to.deep.equal(framedStream([fields]));
    expect(values.reply).to.include({ rows: 1, bytes: values.bytes.length, readerClosed: false });
    const none = await copy('select 1 a where false', []);
    expect(none.bytes).to.deep.equal(framedStream([]));
    expect(none.reply).to.include({ rows: 0, bytes: none.bytes.length });
    const early = await copy('select * from generate_series(1, 3000000) n', [], 1000);
    expect(early.reply.readerClosed).to.equal(true);
    expect(early.bytes).to.have.length(1000);
    const end = wireFrame(WIRE_END);
    const whole = await copy('select delay from flights', []);
    expect(whole.reply.rows).to.equal(20_000);
    expect(whole.bytes.subarray(-end.length)).to.deep.equal(end);
  });

  it('reports a changed schema before any row, and errors at their place in the query', async () => {
    await using worker = await startHarness(url);
    const socket = await worker.open();
    const fifo = join(worker.dir, 'input');
    const copy = (sql: string, expected: object[]) =>
      socket
        .call({
          type: 'copy-to',
          ...callOf(sql),
          parameterTypes: [],
          expect: expected as never,
          fifo,
          maxRowBytes: 1024,
        })
        .then(
          () => expect.fail('no error'),
          (thrown: unknown) => QueryError.from(thrown),
        );
    expect((await copy('select 1 a', [{ name: 'a', type: nativeType(20) }])).code).to.equal('stale-plan');
    const unknown = await copy('select nope from flights', []);
    expect([unknown.code, unknown.details.sqlPosition]).to.deep.equal(['unknown-column', 8]);
  });

  it('cancels a copy that waits for its reader', async () => {
    await using worker = await startHarness(url);
    const socket = await worker.open();
    const fifo = join(worker.dir, 'input');
    const column = { name: 'a', type: nativeType(23) };
    const call = { ...callOf('select 1 a'), parameterTypes: [], expect: [column], fifo, maxRowBytes: 1024 };
    const waiting = socket
      .call({ type: 'copy-to', ...call })
      .catch((thrown: unknown) => QueryError.from(thrown));
    await until(
      async () => (await admin(`${BACKENDS} and state = 'idle' and query like 'rollback%'`)).rowCount,
      WAIT_MS,
    );
    socket.cancel(call.queryId);
    expect(await waiting).to.include({ code: 'cancelled' });
    expect((await worker.run('select 1 a')).text).to.equal('[1]\n');
  });

  it('refuses a role that may do too much, unless that is meant, and says what a role may still execute', async () => {
    const { adminUrl } = await testDatabase();
    await using refused = await startHarness(adminUrl);
    const error = await refused.refused('select 1 a');
    expect(error.code).to.equal('database-unavailable');
    expect(error.message).to.include('SUPERUSER');
    expect(error.details.hint).to.include('allowPowerfulRole');
    expect(refused.log.map(({ event }) => event)).to.include('database-role-refused');
    await using meant = await startHarness(adminUrl, 1, { allowPowerfulRole: true });
    expect((await meant.run('select 1 a')).text).to.equal('[1]\n');
    expect(meant.log.map(({ event }) => event)).to.include('database-role-too-powerful');
    await using weak = await startHarness(url);
    expect(weak.log.map(({ event }) => event)).to.deep.equal(['database-role-may-still']);
    expect(weak.log[0]!.fields).to.have.property('execute').that.includes('pg_advisory_lock');
  });

  it('runs no SQL that nobody has judged', async () => {
    await using worker = await startHarness(url);
    expect(await worker.refused('select 1 a', { functions: undefined })).to.include({ code: 'internal' });
  });

  it('starts without its database, fails fast, never storms it, and never shows the password', async () => {
    const attempts: number[] = [];
    const closed = createServer((socket) => {
      attempts.push(Date.now());
      socket.destroy();
    });
    closed.listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as { port: number };
    await using worker = await startHarness(`postgresql://someone:s3cr3t@127.0.0.1:${port}/x`, 4);
    const errors = await Promise.all(Array.from({ length: 50 }, () => worker.refused('select 1 a')));
    for (const error of errors) expect(error.code).to.equal('database-unavailable');
    expect(JSON.stringify([worker.log, errors.map((error) => error.toWire())])).to.not.include('s3cr3t');
    // Four at first, then one probe at a time, 250 ms apart and more.
    expect(attempts.length).to.be.below(4 + 4);
    closed.close();
  });

  it('recovers by itself from a database that was killed', async function () {
    this.timeout(60_000);
    const database = await startTestDatabase();
    try {
      await using worker = await startHarness(database.url, 2);
      const running = worker.refused('select pg_sleep(60)');
      await until(async () => (await database.admin(`${BACKENDS} and state = 'active'`)).rowCount, WAIT_MS);
      await database.admin(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'forkline%'`,
      );
      expect((await running).code).to.equal('database-unavailable');
      await until(async () => (await worker.run('select 1 a').catch(() => null))?.text === '[1]\n', WAIT_MS);
      await until(async () => (await database.admin(BACKENDS)).rowCount === 2, WAIT_MS);
    } finally {
      await database.stop();
    }
  });

  it('lives as the process that the monitor forks', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'forkline-sql-'));
    const entry = new URL('../../dist/workers/sql/worker.js', import.meta.url);
    const child = fork(entry, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    try {
      const socketPath = join(dir, 'sql.sock');
      const init: ToChild = {
        type: 'init',
        identity: {
          role: 'sql',
          workerId: 'sql-1',
          slot: 0,
          buildId: 'test',
          runDir: dir,
          logSocket: join(dir, 'log.sock'),
        },
        child: {
          role: 'sql',
          config: {
            ...{ socketPath, stateDir: dirname(socketPath) },
            connectionsPerProcess: 1,
            roleIdleMs: 60_000,
            acquireTimeoutMs: 1000,
            connections: { main: { kind: 'postgres', url } },
          },
        },
        logLevel: 'info',
        redactLiterals: false,
      };
      child.send(init);
      const [ready] = (await once(child, 'message')) as [FromChild];
      expect(ready.type).to.equal('ready');
      const exited = once(child, 'exit');
      child.send({ type: 'stop', graceMs: 500, successor: false } satisfies ToChild);
      expect(await exited).to.deep.equal([0, null]);
    } finally {
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
