/** The DSL worker as a process: its monitor, server and SQL worker are played by loadtest/dsl-process.ts. */

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { getPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { tableFromIPC } from 'apache-arrow';
import { expect } from 'chai';
import { isReaderGone, openInput } from '../../core/process/input-socket.ts';
import type { RunStagesReply } from '../../core/protocol/dsl-worker.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import { writeMessage } from '../../core/protocol/frames.ts';
import type { Column, ColumnType } from '../../core/protocol/types.ts';
import { WIRE_END, WIRE_HEADER } from '../../core/protocol/wire-rows.ts';
import {
  type Answer,
  type DslProcess,
  type InputKinds,
  inputStream,
  stagesCall,
  startDslProcess,
} from '../../loadtest/dsl-process.ts';
import { skipBecause } from '../support/skip.ts';

const MB = 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const NO_INPUT: InputKinds = { x: 'int64' };
const N: InputKinds = { n: 'int64' };
const T: InputKinds = { t: 'string' };
const NT: InputKinds = { n: 'int64', t: 'string' };
const numbersOf = (...values: readonly (number | null)[]): Buffer =>
  inputStream(
    N,
    values.map((value) => [value]),
  );
const textsOf = (...values: readonly string[]): Buffer =>
  inputStream(
    T,
    values.map((value) => [value]),
  );

function column(name: string, kind: Exclude<ColumnType['kind'], 'list' | 'decimal'>): Column {
  return { name, type: { kind } };
}

function rowsOf(answer: Answer): unknown {
  return JSON.parse(`${answer.body.toString()}]}`).rows;
}

function replyOf({ reply }: Answer): RunStagesReply {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
  return reply.value;
}

function errorOf({ reply }: Answer): WireError {
  if (reply.ok) throw new Error('the query did not fail');
  return reply.error;
}

const OPEN_DEADLINE_MS = 15_000;

/** Connects to the first input as a SQL worker does, once the worker takes it; gives up when it never does, so that a failed test leaves no loop behind. */
async function openWriter(path: string): Promise<Socket> {
  const deadline = Date.now() + OPEN_DEADLINE_MS;
  const input = await openInput(path, () => Date.now() > deadline);
  if (input === null) throw new Error('the worker took no input');
  return input.on('error', () => {}); // the worker may close its end first
}

/** Everything that came up to and with the reply. */
async function untilReply(socket: Socket): Promise<string> {
  let text = '';
  while (!text.includes('"type":"reply"')) text += String((await once(socket, 'data'))[0]);
  return text;
}

function rssBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

describe('dsl worker: a query', function () {
  this.timeout(60_000);
  let worker: DslProcess;
  before(async () => {
    worker = await startDslProcess();
  });
  afterEach(() => worker.scrub());

  it('lets everybody else have the CPU first, with all its threads', async () => {
    await worker.run(stagesCall('SELECT x FROM input', NO_INPUT, [column('x', 'int64')]), numbersOf(1));
    const threads = readdirSync(`/proc/${worker.child.pid}/task`).map(Number);
    expect(threads.length).to.be.above(4);
    expect(new Set(threads.map((thread) => getPriority(thread)))).to.deep.equal(new Set([10]));
  });
  after(() => worker[Symbol.asyncDispose]());

  it('reads rows from its pipe, keeps null and empty apart, and answers in order', async () => {
    const call = stagesCall(
      'WITH s1 AS (SELECT * FROM input WHERE n > 1) SELECT n, t FROM s1 ORDER BY n DESC',
      NT,
      [column('n', 'int64'), column('t', 'string')],
    );
    const answer = await worker.run(
      call,
      inputStream(NT, [
        [1, 'a'],
        [2, null],
        [3, ''],
        [4, 'q"\r\n, '],
      ]),
    );
    expect(rowsOf(answer)).to.deep.equal([
      { n: 4, t: 'q"\r\n, ' },
      { n: 3, t: '' },
      { n: 2, t: null },
    ]);
    expect(replyOf(answer)).to.include({ rows: 3, complete: true, inputRows: 4, bytes: answer.body.length });
  });

  it('keeps rows of one null column', async () => {
    const call = stagesCall('SELECT n FROM input', N, [column('n', 'int64')]);
    expect(rowsOf(await worker.run(call, numbersOf(null, 1, null)))).to.deep.equal([
      { n: null },
      { n: 1 },
      { n: null },
    ]);
  });

  it('reads an input twice by keeping it, and then knows how many rows it had', async () => {
    const sql = 'SELECT n, (SELECT sum(n) FROM input)::BIGINT AS total FROM input ORDER BY n';
    const call = stagesCall(sql, N, [column('n', 'int64'), column('total', 'int64')]);
    const answer = await worker.run(
      { ...call, plan: { ...call.plan, inputs: [{ ...call.plan.inputs[0]!, scans: 2 }] } },
      numbersOf(1, 2),
    );
    expect(rowsOf(answer)).to.deep.equal([
      { n: 1, total: 3 },
      { n: 2, total: 3 },
    ]);
    expect(replyOf(answer).inputRows).to.equal(2);
  });

  it('reads several inputs side by side, whichever it wants first, and keeps those that are read twice', async () => {
    const sql =
      'SELECT input.n AS n, input2.t AS t, (SELECT count(*) FROM input2) AS total FROM input JOIN input2 USING (n) ORDER BY n';
    const columns = [column('n', 'int64'), column('t', 'string'), column('total', 'int64')];
    const call = stagesCall(sql, N, columns);
    const text = { name: 't', wire: 'text', expression: null } as const;
    const number = { name: 'n', wire: 'int64', expression: null } as const;
    const inputs = [call.plan.inputs[0]!, { name: 'input2', columns: [number, text], scans: 2 }];
    const many = inputStream(
      N,
      Array.from({ length: 200_000 }, (_, n) => [n]),
    );
    const answer = await worker.run(
      { ...call, plan: { ...call.plan, inputs } },
      many,
      inputStream(NT, [
        [7, 'seven'],
        [199_999, 'last'],
        [-1, 'none'],
      ]),
    );
    expect(rowsOf(answer)).to.deep.equal([
      { n: 7, t: 'seven', total: 3 },
      { n: 199_999, t: 'last', total: 3 },
    ]);
  });

  it('a cancel frees it while it waits for inputs that never come', async () => {
    const call = stagesCall('SELECT n FROM input UNION ALL SELECT n FROM input2', N, [column('n', 'int64')]);
    const inputs = ['input', 'input2'].map((name) => ({ ...call.plan.inputs[0]!, name }));
    const running = worker.run({ ...call, plan: { ...call.plan, inputs } });
    (await openWriter(worker.config.fifoPath)).destroy();
    worker.cancel(call.queryId);
    expect(errorOf(await running).code).to.equal('cancelled');
  });

  it('describes the SQL of a user over columns of any types, without running it', async () => {
    const relations = [
      {
        name: 'input',
        columns: [
          { name: 'a "b"', engineType: 'DECIMAL(10,2)' },
          { name: 'l', engineType: 'BIGINT[]' },
        ],
      },
    ];
    const call = { queryId: 'd', connection: 'main', relations, deadlineAt: Date.now() + 60_000 };
    const sql = 'SELECT "a ""b""" AS x, md5(\'q\') AS m, l FROM input -- done';
    const described = await worker.describe({ ...call, sql });
    expect(described).to.deep.include({
      ok: true,
      value: {
        columns: [
          { name: 'x', engineType: 'DECIMAL(10,2)' },
          { name: 'm', engineType: 'VARCHAR' },
          { name: 'l', engineType: 'BIGINT[]' },
        ],
      },
    });
    await worker.scrub();
    const refused = await worker.describe({ ...call, sql: 'SELECT 1) AS x; DROP TABLE input; SELECT (2' });
    expect(refused.ok).to.equal(false);
  });

  it('binds parameters by kind and applies expressions of the input', async () => {
    const call = stagesCall('SELECT b, $1 AS s, $2 + 1 AS n, $3 AS f, $4 AS z FROM input', {}, [
      column('b', 'bytes'),
      column('s', 'string'),
      column('n', 'int64'),
      column('f', 'float64'),
      column('z', 'bool'),
    ]);
    const plan = {
      ...call.plan,
      inputs: [
        {
          name: 'input',
          columns: [{ name: 'b', wire: 'text' as const, expression: `unhex(substr("b", 3))` }],
          scans: 1,
        },
      ],
      parameters: (['string', 'int64', 'float64', 'bool'] as const).map((kind) => ({ name: kind, kind })),
    };
    const answer = await worker.run(
      { ...call, plan, parameters: ["it's", 41, 0.5, true] },
      textsOf('\\x01ff'),
    );
    expect(rowsOf(answer)).to.deep.equal([{ b: 'Af8=', s: "it's", n: 42, f: 0.5, z: true }]);
  });

  it('answers columns without rows', async () => {
    const call = stagesCall('SELECT n FROM input', N, [column('n', 'int64')]);
    const answer = await worker.run(call, numbersOf());
    expect(answer.body.toString()).to.equal('{"columns":[{"name":"n","type":"int64"}],"rows":[');
  });

  it('refuses a second query before it is scrubbed', async () => {
    const call = stagesCall('SELECT 1 AS n', NO_INPUT, [column('n', 'int64')]);
    replyOf(await worker.run(call));
    expect(errorOf(await worker.run(call)).code).to.equal('internal');
  });

  it('sends Arrow that reads back', async () => {
    const type: ColumnType = { kind: 'decimal', precision: null, scale: null };
    const columns = [column('i', 'int64'), column('s', 'string'), { name: 'd', type }, column('b', 'bool')];
    const sql = `SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'a string over twelve bytes ' || i END AS s,
      (i / 4)::DECIMAL(20, 4) AS d, i % 2 = 0 AS b FROM range(200000) AS r(i) ORDER BY i`;
    const answer = await worker.run(
      stagesCall(sql, NO_INPUT, columns, { answer: { format: 'arrow', rows: 'objects', numbers: 'number' } }),
    );
    const table = tableFromIPC(answer.body);
    expect(replyOf(answer).rows).to.equal(200_000);
    expect(table.numRows).to.equal(200_000);
    expect(table.schema.fields.map((field) => String(field.type))).to.deep.equal([
      'Int64',
      'Utf8',
      'Decimal[20e+4]',
      'Bool',
    ]);
    const row = table.get(150_001)?.toJSON();
    expect(row).to.include({ i: 150_001n, s: 'a string over twelve bytes 150001', b: false });
    expect(String(row?.d)).to.equal('375002500');
    expect(table.get(3)?.s).to.equal(null);
  });

  it('sends a Parquet file that leaves nothing on disk', async () => {
    const call = stagesCall('SELECT i FROM range(100000) AS r(i)', NO_INPUT, [column('i', 'int64')], {
      answer: { format: 'parquet', rows: 'objects', numbers: 'number' },
    });
    const answer = await worker.run(call);
    expect(replyOf(answer)).to.include({ rows: 100_000, bytes: answer.body.length });
    expect(answer.body.subarray(0, 4).toString()).to.equal('PAR1');
    expect(answer.body.subarray(-4).toString()).to.equal('PAR1');
    expect(readdirSync(worker.config.spillDir)).to.deep.equal([]);
  });

  it('ends its input early, so that the writer need not write it all', async () => {
    const call = stagesCall('SELECT n FROM input LIMIT 2', N, [column('n', 'int64')]);
    const row = numbersOf(1).subarray(WIRE_HEADER.length, -WIRE_END.length);
    const rows = Buffer.concat([WIRE_HEADER, Buffer.alloc(row.length * MB * 2, row)]);
    const running = worker.run(call);
    const input = await openWriter(worker.config.fifoPath);
    let written = 0;
    const writing = (async () => {
      for (; written < rows.length; written += PIECE_BYTES)
        if (!input.write(rows.subarray(written, written + PIECE_BYTES))) await once(input, 'drain');
      return 'all written';
    })().catch((thrown: Error) => isReaderGone(thrown));
    expect(rowsOf(await running)).to.deep.equal([{ n: 1 }, { n: 1 }]);
    expect(await writing).to.equal(true);
    expect(written).to.be.lessThan(8 * MB);
  });
});

describe('dsl worker: limits and errors', function () {
  this.timeout(60_000);
  let worker: DslProcess;
  before(async () => {
    worker = await startDslProcess({ config: { memoryBytes: 64 * MB, spillBytes: 8 * MB } });
  });
  afterEach(() => worker.scrub());
  after(() => worker[Symbol.asyncDispose]());

  const numbers = (count: number): string => `SELECT i AS n FROM range(${count}) AS r(i)`;
  const n = [column('n', 'int64')];
  const limits = { capRows: null, maxRows: 1000, maxBytes: 100_000 };

  it('cuts at the cap of the client and says so', async () => {
    const at = (capRows: number): Promise<Answer> =>
      worker.run(stagesCall(numbers(3), NO_INPUT, n, { limits: { ...limits, capRows } }));
    const cut = await at(2);
    expect([rowsOf(cut), replyOf(cut).complete]).to.deep.equal([[{ n: 0 }, { n: 1 }], false]);
    await worker.scrub();
    const whole = await at(3);
    expect([replyOf(whole).rows, replyOf(whole).complete]).to.deep.equal([3, true]);
  });

  it('fails past the limits of rows and bytes, and names them', async () => {
    const rows = errorOf(await worker.run(stagesCall(numbers(1001), NO_INPUT, n, { limits })));
    expect(rows.limit).to.deep.equal({ name: 'resultRows', value: 1000, observed: 1001 });
    await worker.scrub();
    const bytes = errorOf(
      await worker.run(stagesCall(numbers(10_000_000), NO_INPUT, n, { limits: { ...limits, maxRows: 1e9 } })),
    );
    expect(bytes.code).to.equal('result-too-large');
    expect(bytes.limit).to.include({ name: 'resultBytes', value: 100_000 });
  });

  it('names the memory limit', async () => {
    const sql = `SELECT length(list(md5(i::VARCHAR))::VARCHAR) AS n FROM range(5000000) AS r(i)`;
    const error = errorOf(await worker.run(stagesCall(sql, NO_INPUT, n)));
    expect(error.code).to.equal('memory-exceeded');
    expect(error.limit).to.deep.equal({ name: 'dslMemoryBytes', value: 64 * MB });
  });

  it('names the spill limit', async () => {
    const sql = `SELECT n FROM (SELECT i AS n, md5(i::VARCHAR) AS m FROM range(5000000) AS r(i) ORDER BY m)`;
    const error = errorOf(await worker.run(stagesCall(sql, NO_INPUT, n)));
    expect(error.code).to.equal('spill-exceeded');
    expect(error.limit).to.deep.equal({ name: 'dslSpillBytes', value: 8 * MB });
  });

  it('says which value of which column is bad', async () => {
    const days: InputKinds = { d: 'timestamp' };
    const ancient = errorOf(
      await worker.run(
        stagesCall('SELECT d AS n FROM input', days, [column('n', 'timestamp')]),
        inputStream(days, [['2000-01-01 00:00:00'], ['0044-03-15 12:00:00 BC']]),
      ),
    );
    expect(ancient).to.include({
      code: 'bad-value',
      message: `column d: '0044-03-15 12:00:00 BC' is not a valid timestamp`,
      hint: 'cast it in the SQL: `column::text`',
    });
    await worker.scrub();
    const cast = stagesCall('SELECT t::BIGINT AS n FROM input', T, n);
    expect(errorOf(await worker.run(cast, textsOf('1', 'yy')))).to.include({
      code: 'bad-value',
      message: `column t: 'yy' is not a valid int64`,
    });
    await worker.scrub();
    const sum = stagesCall('SELECT n + 9223372036854775807 AS n FROM input', N, n);
    const overflow = errorOf(await worker.run(sum, numbersOf(1)));
    expect(overflow.code).to.equal('bad-value');
    expect(overflow.message).to.match(/Overflow in addition/);
  });

  it('fails a row that is longer than its limit', async () => {
    const call = stagesCall('SELECT length(t) AS n FROM input', T, n);
    const answer = await worker.run(call, textsOf('x'.repeat(1.5 * MB)));
    expect(errorOf(answer).limit).to.deep.equal({ name: 'dslRowBytes', value: MB });
    await worker.scrub();
    const wider = { ...call, maxRowBytes: 8 * MB };
    const fits = await worker.run(wider, textsOf('x'.repeat(7 * MB)));
    expect(rowsOf(fits)).to.deep.equal([{ n: 7 * MB }]);
  });

  it('lets a statement reach no file', async () => {
    const sql = `SELECT count(*) AS n FROM read_text('/etc/hostname')`;
    const error = errorOf(await worker.run(stagesCall(sql, NO_INPUT, n)));
    expect(error.code).to.equal('read-only');
  });
});

describe('dsl worker: ends a query', function () {
  this.timeout(60_000);
  const n = [column('n', 'int64')];
  const endless = stagesCall(
    'SELECT count(*) AS n FROM range(100000000000) AS r(i) WHERE hash(i) = 1',
    NO_INPUT,
    n,
  );
  const reading = stagesCall('SELECT n FROM input', N, n);

  it('that computes, at its deadline', async () => {
    await using worker = await startDslProcess();
    const answer = await worker.run({ ...endless, deadlineAt: Date.now() + 200 });
    expect(errorOf(answer).code).to.equal('deadline-exceeded');
  });

  it('whose writer never comes', async () => {
    await using worker = await startDslProcess();
    const answer = await worker.run({ ...reading, deadlineAt: Date.now() + 200 });
    expect(errorOf(answer).code).to.equal('deadline-exceeded');
  });

  it('that is cancelled before the engine has opened its pipes', async () => {
    await using worker = await startDslProcess();
    for (let round = 0; round < 10; round++) {
      const running = worker.run(reading);
      worker.cancel('q1');
      expect(errorOf(await running).code).to.equal('cancelled');
      await worker.scrub();
    }
    expect(rowsOf(await worker.run(reading, numbersOf(5)))).to.deep.equal([{ n: 5 }]);
  });

  it('whose writer came and is stuck', async () => {
    await using worker = await startDslProcess();
    const running = worker.run(reading);
    const input = await openWriter(worker.config.fifoPath);
    input.write(numbersOf(1, 2).subarray(0, -WIRE_END.length));
    worker.cancel('q1');
    expect(errorOf(await running).code).to.equal('cancelled');
    input.end();
    await worker.scrub();
    expect(rowsOf(await worker.run(reading, numbersOf(5)))).to.deep.equal([{ n: 5 }]);
  });

  it('whose writer is gone in mid-row, and gives no answer out of half of the rows', async () => {
    await using worker = await startDslProcess();
    const some = numbersOf(1, 2, 3);
    const counting = stagesCall('SELECT count(*) AS n FROM input', N, n);
    for (const cut of [
      WIRE_HEADER.length - 3,
      some.length - WIRE_END.length - 5,
      some.length - WIRE_END.length,
    ]) {
      const running = worker.run({ ...counting, deadlineAt: Date.now() + 700 });
      const input = await openWriter(worker.config.fifoPath);
      input.write(some.subarray(0, cut));
      input.end();
      expect(errorOf(await running).code, `after ${cut} bytes`).to.equal('deadline-exceeded');
      await worker.scrub();
    }
    expect(rowsOf(await worker.run(counting, some))).to.deep.equal([{ n: 3 }]);
  });

  it('in the middle of a chunk, cancelled or at its deadline, and reads the next one from its beginning', async () => {
    await using worker = await startDslProcess();
    const many = inputStream(
      N,
      Array.from({ length: 3000 }, (_, index) => [index]),
    );
    const half = many.subarray(0, Math.floor(many.length / 2) + 3);
    for (const end of ['cancelled', 'deadline-exceeded'] as const) {
      const deadlineAt = end === 'cancelled' ? reading.deadlineAt : Date.now() + 500;
      const running = worker.run({ ...reading, deadlineAt });
      const input = await openWriter(worker.config.fifoPath);
      input.write(half);
      if (end === 'cancelled') worker.cancel('q1');
      expect(errorOf(await running).code).to.equal(end);
      input.end();
      await worker.scrub();
    }
    expect(rowsOf(await worker.run(reading, many))).to.have.length(3000);
  });

  it('whose reader is stuck', async () => {
    await using worker = await startDslProcess();
    let seen = 0;
    await using slow = await startDslProcess({
      onData: (bytes) => {
        seen += bytes.length;
        slow.socket.pause();
      },
    });
    const call = stagesCall('SELECT i AS n FROM range(100000000) AS r(i)', NO_INPUT, n, {
      deadlineAt: Date.now() + 500,
    });
    const running = slow.run(call);
    // The reply comes behind the bytes that are under way: it can be read once the deadline has passed.
    await worker.run({ ...endless, deadlineAt: Date.now() + 1000 });
    slow.socket.removeAllListeners('pause').resume();
    slow.socket.pause = () => slow.socket;
    expect(errorOf(await running).code).to.equal('deadline-exceeded');
    expect(seen).to.be.lessThan(4 * MB);
  });

  it('and exits with 3 when the server has gone', async () => {
    await using worker = await startDslProcess();
    const running = worker.run(endless).catch((error: Error) => error.message);
    worker.cancel('another query');
    worker.socket.end();
    worker.socket.destroySoon();
    expect(await running).to.match(/closed its socket/);
    expect(await worker.exit()).to.equal(3);
  });

  it('and ends with its monitor, also while the engine is blocked where no exit can reach it', async () => {
    await using worker = await startDslProcess();
    worker.run(reading).catch(() => {}); // nobody answers it any more
    // Once its input can be written, the engine waits for rows.
    const input = await openWriter(worker.config.fifoPath);
    worker.child.disconnect();
    await worker.exit();
    input.end();
    expect(worker.child.exitCode ?? worker.child.signalCode).to.equal('SIGKILL');
  });

  it('and stops within its grace', async () => {
    await using worker = await startDslProcess();
    const running = worker.run(reading);
    const input = await openWriter(worker.config.fifoPath);
    worker.child.send({ type: 'stop', graceMs: 100, successor: false });
    expect(errorOf(await running).code).to.equal('cancelled');
    input.end();
    expect(await worker.exit()).to.equal(0);
    expect(existsSync(worker.config.fifoPath)).to.equal(false);
  });

  it('and scrubs itself for the next server when one died between its reply and the scrub', async () => {
    await using worker = await startDslProcess();
    const call = stagesCall('SELECT 1::BIGINT AS a', NO_INPUT, [column('a', 'int64')]);
    replyOf(await worker.run(call));
    worker.socket.destroy();
    const next = connect(worker.config.socketPath);
    writeMessage(next, { type: 'run-stages', ...call, queryId: 'next' });
    const frames = await untilReply(next);
    expect(frames).to.include('"queryId":"next"').and.to.include('"ok":true');
    next.destroy();
  });

  it('and serves a server that connects anew while idle', async () => {
    await using worker = await startDslProcess();
    const again = connect(worker.config.socketPath);
    await once(again, 'connect');
    await once(worker.socket, 'close');
    writeMessage(again, { type: 'scrub', queryId: 's' });
    const [bytes] = await once(again, 'data');
    expect(String(bytes)).to.match(/"ok":true/);
    again.destroy();
  });
});

describe('dsl worker: memory', function () {
  this.timeout(120_000);

  it('does not grow with a large answer and a slow reader', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'memory is read from the /proc of Linux');
    let bytes = 0;
    let most = 0;
    await using worker = await startDslProcess({
      config: { memoryBytes: 256 * MB },
      onData(piece) {
        const before = bytes >> 22;
        bytes += piece.length;
        if (bytes >> 22 === before) return;
        // Every 4 MB the reader rests, and whatever the worker produced meanwhile must wait with it.
        worker.socket.pause();
        most = Math.max(most, rssBytes(worker.child.pid!));
        setImmediate(() => worker.socket.resume());
      },
    });
    const start = rssBytes(worker.child.pid!);
    const sql = `SELECT i AS n, 'a text of some length ' || i AS t FROM range(5000000) AS r(i)`;
    const answer = await worker.run(stagesCall(sql, NO_INPUT, [column('n', 'int64'), column('t', 'string')]));
    expect(replyOf(answer).rows).to.equal(5_000_000);
    expect(bytes, 'far more than it may hold').to.be.above(200 * MB);
    expect(replyOf(answer).bytes).to.equal(bytes);
    expect(most - start).to.be.lessThan(128 * MB);
  });

  it('holds a source back that is faster than the stages', async function () {
    if (process.platform !== 'linux') skipBecause(this, 'memory is read from the /proc of Linux');
    await using worker = await startDslProcess({ config: { memoryBytes: 64 * MB } });
    // 200 MB, which the stages take longer to compute with than to read.
    const row = inputStream(NT, [[7, 'y'.repeat(998)]]).subarray(WIRE_HEADER.length, -WIRE_END.length);
    const rows = Buffer.concat([WIRE_HEADER, Buffer.alloc(row.length * 200_000, row), WIRE_END]);
    const sql = `SELECT count(DISTINCT md5(t || n)) AS n FROM (SELECT n, t FROM input WHERE md5(repeat(t, 3)) <> '')`;
    const start = rssBytes(worker.child.pid!);
    let most = 0;
    let done = false;
    const watching = (async () => {
      while (!done) {
        most = Math.max(most, rssBytes(worker.child.pid!));
        await pause(5);
      }
    })();
    const answer = await worker.run(stagesCall(sql, NT, [column('n', 'int64')]), rows);
    done = true;
    await watching;
    expect(rowsOf(answer)).to.deep.equal([{ n: 1 }]);
    expect(most - start).to.be.lessThan(96 * MB);
  });

  it('takes a value of 60 MB', async () => {
    await using worker = await startDslProcess();
    const value = 'z'.repeat(60 * MB);
    const call = stagesCall('SELECT n, length(t) AS t FROM input', NT, [
      column('n', 'int64'),
      column('t', 'int64'),
    ]);
    const rows = inputStream(NT, [
      [1, 'short'],
      [2, value],
      [3, null],
    ]);
    const answer = await worker.run({ ...call, maxRowBytes: 64 * MB }, rows);
    expect(rowsOf(answer)).to.deep.equal([
      { n: 1, t: 5 },
      { n: 2, t: 60 * MB },
      { n: 3, t: null },
    ]);
  });

  it('takes an input larger than its memory', async () => {
    await using worker = await startDslProcess({ config: { memoryBytes: 64 * MB } });
    const row = inputStream(NT, [[7, 'y'.repeat(998)]]).subarray(WIRE_HEADER.length, -WIRE_END.length);
    const rows = Buffer.concat([WIRE_HEADER, Buffer.alloc(row.length * 200_000, row), WIRE_END]);
    const sql = 'SELECT sum(n)::BIGINT AS n, max(length(t)) AS t FROM input';
    const call = stagesCall(sql, NT, [column('n', 'int64'), column('t', 'int64')]);
    expect(rowsOf(await worker.run(call, rows))).to.deep.equal([{ n: 1_400_000, t: 998 }]);
  });
});
