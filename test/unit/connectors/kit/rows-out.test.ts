import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCallControl } from '../../../../connectors/kit/call-control.ts';
import type { ByteSink } from '../../../../connectors/kit/connector.ts';
import type { Row } from '../../../../connectors/kit/row-writer.ts';
import { answerRows, copyRows } from '../../../../connectors/kit/rows-out.ts';
import type { AnswerOptions } from '../../../../core/protocol/answer.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { CopyToCall, RunSqlCall } from '../../../../core/protocol/sql-worker.ts';
import type { Column, ColumnType } from '../../../../core/protocol/types.ts';
import { takeInput } from '../../../support/input-taker.ts';
import { wireColumnOf } from '../../../support/wire-rows.ts';
import { readRowsJson } from '../../workers/dsl/chunks/support.ts';

const scalar = (kind: Exclude<ColumnType['kind'], 'decimal' | 'list'>): ColumnType => ({ kind });
const column = (name: string, type: ColumnType): Column => ({ name, type });
const DECIMAL: ColumnType = { kind: 'decimal', precision: 20, scale: 3 };

const COLUMNS: readonly Column[] = [
  column('b', scalar('bool')),
  column('i', scalar('int64')),
  column('f', scalar('float64')),
  column('s', scalar('string')),
  column('y', scalar('bytes')),
  column('d', DECIMAL),
  column('day', scalar('date')),
  column('clock', scalar('time')),
  column('ts', scalar('timestamp')),
  column('tz', scalar('timestamptz')),
  column('j', scalar('json')),
  column('u', scalar('uuid')),
  column('l', { kind: 'list', of: scalar('string') }),
];
const UUID = '0f14d0ab-9605-4a62-a9e4-5ed26688389b';
const ROWS: readonly Row[] = [
  [
    ...[
      true,
      9223372036854775807n,
      0.1,
      'a "b",\r\nc \\ 한글 😀',
      new Uint8Array([0, 255]),
      '12345678901234567.001',
    ],
    ...['2024-02-29', '10:00:00.5', '2024-02-29 10:00:00', '2024-02-29 10:00:00+00', '{"a": [1, "x"]}', UUID],
    ['a', null, '', 'q"\\,'],
  ],
  [
    ...[false, -9223372036854775808n, 1e15, '', new Uint8Array(0), '-0.001'],
    ...['0001-01-01', '00:00:00', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59+00', 'null', UUID, []],
  ],
  COLUMNS.map(() => null),
];

/** Gives the rows out in batches, and tells how many were taken and whether it was left. */
function batchesOf(rows: readonly Row[], size = 1) {
  const seen = { taken: 0, ended: false };
  async function* batches(): AsyncGenerator<readonly Row[]> {
    try {
      for (let from = 0; from < rows.length; from += size) {
        seen.taken++;
        yield rows.slice(from, from + size);
      }
    } finally {
      seen.ended = true;
    }
  }
  return { batches: batches(), seen };
}

const ANSWER: AnswerOptions = { format: 'json', rows: 'arrays', numbers: 'number' };
const LIMITS = { capRows: null, maxRows: 1000, maxBytes: 10_000_000 };

function callOf(answer: Partial<AnswerOptions> = {}, limits: Partial<RunSqlCall['limits']> = {}): RunSqlCall {
  return {
    ...{ queryId: 'q', connection: 'main', sql: '', functions: [], parameters: [] },
    ...{ answer: { ...ANSWER, ...answer }, limits: { ...LIMITS, ...limits } },
    ...{ maxRowBytes: 1000, deadlineAt: Date.now() + 60_000 },
  };
}

/** Collects what is written; says that it is full as long as `full` is set. */
class Collector implements ByteSink {
  readonly #chunks: Buffer[] = [];
  #onDrain: (() => void) | null = null;
  full = false;

  write(bytes: Buffer, onWritten: () => void): boolean {
    this.#chunks.push(Buffer.from(bytes));
    onWritten();
    return !this.full;
  }

  setOnDrain(callback: (() => void) | null): void {
    this.#onDrain = callback;
  }

  drain(): void {
    this.full = false;
    this.#onDrain?.();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  get isLeft(): boolean {
    return this.#onDrain === null;
  }
}

async function answer(call: RunSqlCall, rows: readonly Row[] = ROWS, columns: readonly Column[] = COLUMNS) {
  const sink = new Collector();
  const control = createCallControl(call.deadlineAt);
  const { batches, seen } = batchesOf(rows);
  try {
    const summary = await answerRows(columns, batches, call, sink, control);
    return { summary, text: sink.text, seen, error: null };
  } catch (thrown) {
    expect(sink.isLeft).to.equal(true);
    return { summary: null, text: sink.text, seen, error: QueryError.from(thrown) };
  } finally {
    control.dispose();
  }
}

const NUMBERS = [column('n', scalar('int64'))];
const numbers = (count: number): readonly Row[] => Array.from({ length: count }, (_, index) => [index]);

describe('rows of values as an answer', () => {
  it('writes every type as JSON, exactly', async () => {
    const { text, summary } = await answer(callOf({ numbers: 'string' }));
    expect(summary).to.deep.include({ rows: 3, complete: true });
    const { columns, rows } = JSON.parse(`${text}]}`) as { columns: Column[]; rows: unknown[][] };
    expect(columns.map(({ type }) => type)).to.include('decimal(20,3)');
    expect(rows[0]).to.deep.equal([
      ...[true, '9223372036854775807', 0.1, 'a "b",\r\nc \\ 한글 😀', 'AP8=', '12345678901234567.001'],
      ...['2024-02-29', '10:00:00.5', '2024-02-29T10:00:00', '2024-02-29T10:00:00Z', { a: [1, 'x'] }, UUID],
      ['a', null, '', 'q"\\,'],
    ]);
    expect(rows[1]!.slice(0, 6)).to.deep.equal([false, '-9223372036854775808', 1e15, '', '', '-0.001']);
    expect(rows[1]!.at(-1)).to.deep.equal([]);
    expect(rows[2]).to.deep.equal(COLUMNS.map(() => null));
    expect((await answer(callOf())).text)
      .to.include('9223372036854775807,')
      .and.include(',1e+15,');
  });

  it('writes NDJSON lines and CSV records', async () => {
    const columns = [column('n', scalar('int64')), column('s', scalar('string'))];
    const rows: Row[] = [
      [1, 'a,b'],
      [null, ''],
      [2n, null],
    ];
    const lines = await answer(callOf({ format: 'ndjson', rows: 'objects' }), rows, columns);
    expect(lines.text).to.equal('{"n":1,"s":"a,b"}\n{"n":null,"s":""}\n{"n":2,"s":null}\n');
    const records = await answer(callOf({ format: 'csv' }), rows, columns);
    expect(records.text).to.equal('n,s\r\n1,"a,b"\r\n,""\r\n2,\r\n');
  });

  it('prints floats as PostgreSQL does', async () => {
    const values = [-0, 1e15, 123456789012345.6, 1.5e300, 1e-4, 1.25e-5, 5e-324, Number.NaN, -Infinity];
    const { text } = await answer(
      callOf({ format: 'csv' }),
      values.map((value) => [value]),
      [column('f', scalar('float64'))],
    );
    expect(text.trim().split('\r\n').slice(1)).to.deep.equal(
      '-0 1e+15 123456789012345.6 1.5e+300 0.0001 1.25e-05 5e-324 NaN -Infinity'.split(' '),
    );
  });

  it('stops at the cap, and refuses what is beyond the limits, without taking more', async () => {
    const capped = await answer(callOf({}, { capRows: 2 }), numbers(10), NUMBERS);
    expect(capped.summary).to.include({ rows: 2, complete: false });
    expect(capped.seen).to.deep.equal({ taken: 3, ended: true });
    const whole = await answer(callOf({}, { capRows: 10 }), numbers(10), NUMBERS);
    expect(whole.summary).to.include({ rows: 10, complete: true });
    const many = await answer(callOf({}, { maxRows: 3 }), numbers(10), NUMBERS);
    expect(many.error!.details.limit).to.deep.equal({ name: 'resultRows', value: 3, observed: 4 });
    expect(many.seen).to.deep.equal({ taken: 4, ended: true });
    const big = await answer(callOf({}, { maxBytes: 70 }), numbers(10_000), NUMBERS);
    expect(big.error!.details.limit).to.include({ name: 'resultBytes', value: 70 });
    const long = await answer(callOf(), [['x'.repeat(2000)]], [column('s', scalar('string'))]);
    expect(long.error!.details.limit).to.include({ name: 'dslRowBytes', value: 1000 });
  });

  it('refuses columns that rows could not tell apart, and what a connector should not have given', async () => {
    const twice = [...NUMBERS, ...NUMBERS];
    expect((await answer(callOf(), [], twice)).error!.code).to.equal('duplicate-column');
    for (const { type } of COLUMNS) {
      const { error } = await answer(callOf(), [[Symbol('no value') as never]], [column('x', type)]);
      expect(error!.code, type.kind).to.equal('internal');
    }
    expect((await answer(callOf(), [[2 ** 53]], NUMBERS)).error!.code).to.equal('internal');
  });

  it('takes nothing more while the reader is behind, and ends when the call is cancelled', async () => {
    const sink = new Collector();
    sink.full = true;
    const call = { ...callOf(), maxRowBytes: 1_000_000 };
    const control = createCallControl(call.deadlineAt);
    const long = Array.from({ length: 20 }, () => ['x'.repeat(200_000)]);
    const { batches, seen } = batchesOf(long);
    const running = answerRows([column('s', scalar('string'))], batches, call, sink, control).catch(
      (thrown: unknown) => thrown,
    );
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    await turns();
    const { taken } = seen;
    expect(taken).to.be.below(5);
    sink.drain();
    sink.full = true;
    await turns();
    expect(seen.taken).to.be.above(taken).and.below(12);
    const reason = new QueryError('cancelled', 'the query was cancelled');
    control.cancellation.cancel(reason);
    expect(await running).to.equal(reason);
    expect(seen.ended).to.equal(true);
    control.dispose();
  });
});

describe('rows of values for the stage engine', () => {
  let dir: string;
  let fifo: string;
  let made = 0;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-rows-'));
  });

  beforeEach(() => {
    fifo = join(dir, `input-${made++}`);
  });

  after(() => rmSync(dir, { recursive: true, force: true }));

  const copyOf = (maxRowBytes = 1_000_000): CopyToCall => ({
    ...{ queryId: 'q', connection: 'main', sql: '', functions: [], parameters: [], parameterTypes: [] },
    ...{ expect: [], fifo, maxRowBytes, deadlineAt: Date.now() + 60_000 },
  });

  /** Copies while `most` bytes are taken, and gives those back. */
  async function copy(rows: readonly Row[], columns: readonly Column[], most?: number, call = copyOf()) {
    const taken = takeInput(fifo, most);
    const control = createCallControl(call.deadlineAt);
    const { batches, seen } = batchesOf(rows, 100);
    const outcome = await copyRows(columns, batches, call, control).catch((thrown: unknown) =>
      QueryError.from(thrown),
    );
    control.dispose();
    if (outcome instanceof QueryError) taken.close(); // a writer may never have come
    return { outcome, seen, bytes: await taken.bytes };
  }

  it('are read by it as they were', async () => {
    const { outcome, bytes } = await copy(ROWS, COLUMNS);
    expect(outcome).to.deep.equal({ rows: 3, bytes: bytes.length, readerClosed: false });
    const rows = await readRowsJson(COLUMNS.map(wireColumnOf), bytes);
    expect(rows[0]).to.deep.equal([
      ...[true, '9223372036854775807', 0.1, 'a "b",\r\nc \\ 한글 😀', '\\x00\\xFF', '12345678901234567.001'],
      ...['2024-02-29', '10:00:00.5', '2024-02-29 10:00:00', '2024-02-29 10:00:00+00', '{"a": [1, "x"]}'],
      ...[UUID, JSON.stringify(['a', null, '', 'q"\\,'])],
    ]);
    expect(rows[1]!.slice(0, 6)).to.deep.equal([false, '-9223372036854775808', 1e15, '', '', '-0.001']);
    expect(rows[2]).to.deep.equal(COLUMNS.map(() => null));
  });

  it('end with a reader that has had enough', async () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => [index, 'x'.repeat(100)]);
    const { outcome, seen } = await copy(rows, [...NUMBERS, column('s', scalar('string'))], 1000);
    expect(outcome).to.include({ readerClosed: true });
    expect(seen.ended).to.equal(true);
    expect(seen.taken).to.be.below(1000);
  });

  it('fail when one is longer than the reader takes, and when the call is cancelled without a reader', async () => {
    const long = await copy([['x'.repeat(200)]], [column('s', scalar('string'))], undefined, copyOf(100));
    expect(long.outcome).to.include({ code: 'bad-value' });
    const control = createCallControl(Date.now() + 60_000);
    const { batches, seen } = batchesOf(numbers(1_000_000), 10_000);
    const waiting = copyRows(NUMBERS, batches, copyOf(), control).catch((thrown: unknown) => thrown);
    const reason = new QueryError('cancelled', 'the query was cancelled');
    setImmediate(() => control.cancellation.cancel(reason));
    expect(await waiting).to.equal(reason);
    expect(seen.ended).to.equal(true);
    control.dispose();
  });
});
