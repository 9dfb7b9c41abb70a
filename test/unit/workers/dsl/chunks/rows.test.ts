/** Rows of the wire as they arrive: cut anywhere, late, broken, too long, or more than anybody wants. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import { WIRE_END, WIRE_HEADER, type WireType, wireFrame } from '../../../../../core/protocol/wire-rows.ts';
import type { WireColumn } from '../../../../../workers/dsl/chunks/decoders.ts';
import { inputRows, registerInputFunction } from '../../../../../workers/dsl/chunks/input-function.ts';
import { RowReader } from '../../../../../workers/dsl/chunks/row-reader.ts';
import { RowSource } from '../../../../../workers/dsl/chunks/row-source.ts';
import { randomOf } from '../../../../support/random.ts';
import {
  float64,
  framedStream,
  int16,
  int32,
  int64,
  interval,
  numeric,
  type WireField,
  wireRow,
  wireStream,
} from '../../../../support/wire-rows.ts';
import { withEngine } from '../support.ts';
import { MAX_ROW_BYTES, readFailure, readRows } from './support.ts';

const COLUMNS: readonly WireColumn[] = [
  { name: 'i', wire: 'int32' },
  { name: 't', wire: 'text' },
  { name: 'd', wire: 'decimal', size: { precision: 38, scale: 2 } },
];

const ROWS: readonly WireField[][] = [
  [int32(1), Buffer.from('short'), numeric('1.25')],
  [int32(-2), null, numeric('-123456789012345678901234567890.01')],
  [null, Buffer.from('a text that is longer than twelve bytes, 日本'), null],
  [int32(4), Buffer.alloc(0), numeric('0')],
];

const READ = [
  [1, 'short', '1.25'],
  [-2, null, '-123456789012345678901234567890.01'],
  [null, 'a text that is longer than twelve bytes, 日本', null],
  [4, '', '0.00'],
];

/** Both forms in which rows come. */
const STREAMS: readonly ((rows: readonly (readonly WireField[])[]) => Buffer)[] = [wireStream, framedStream];

const SELECT = 'SELECT i::INTEGER, t, d::VARCHAR FROM ($rows)';
const ONE: readonly WireColumn[] = [{ name: 'v', wire: 'int32' }];

const failureOf = (bytes: Uint8Array, columns = COLUMNS, maxRowBytes = MAX_ROW_BYTES): string =>
  readFailure(bytes, columns, maxRowBytes);

describe('dsl worker: rows of the wire', function () {
  this.timeout(60_000);

  it('reads the same rows wherever the stream is cut', async () => {
    for (const stream of STREAMS.map((make) => make(ROWS)))
      for (let cut = 1; cut < stream.length; cut++) readCutAt(stream, cut);

    function readCutAt(stream: Buffer, cut: number): void {
      const reader = new RowReader({ columns: COLUMNS.length, maxRowBytes: MAX_ROW_BYTES });
      const read: (string | null)[] = [];
      const pieces = [stream.subarray(0, cut), stream.subarray(cut)];
      for (const piece of pieces) {
        reader.push(piece);
        for (let fields = reader.next(2); fields.rows > 0; fields = reader.next(2))
          for (let row = 0; row < fields.rows; row++) {
            const at = 2048 + row; // the second column
            const length = fields.lengths[at]!;
            const start = fields.starts[at]!;
            read.push(length < 0 ? null : Buffer.from(fields.bytes.slice(start, start + length)).toString());
          }
      }
      expect(read, `cut at ${cut}`).to.deep.equal(READ.map(([, text]) => text));
      expect(reader.ended).to.equal(true);
    }
  });

  it('decodes rows that come byte by byte, or all at once', async () => {
    for (const stream of STREAMS.map((make) => make(ROWS)))
      for (const pieceBytes of [1, 2, 3, 7, 50, stream.length])
        expect(await readRows(COLUMNS, stream, { pieceBytes, sql: SELECT })).to.deep.equal(READ);
  });

  it('reads streams without rows, and frames that hold a header and a row, or several rows', async () => {
    for (const stream of STREAMS.map((make) => make([])))
      expect(await readRows(COLUMNS, stream, { sql: SELECT })).to.deep.equal([]);
    const [first, ...others] = ROWS.map(wireRow);
    const stream = Buffer.concat(
      [Buffer.concat([WIRE_HEADER, first!]), Buffer.concat(others), WIRE_END].map(wireFrame),
    );
    for (const pieceBytes of [1, 11, stream.length])
      expect(await readRows(COLUMNS, stream, { pieceBytes, sql: SELECT })).to.deep.equal(READ);
  });

  it('reads many rows in the memory that it gives out, however full that becomes', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => [
      int32(index),
      index % 1000 === 500 ? Buffer.alloc(100_000, 'z') : Buffer.from(`row ${index}`),
      null,
    ]);
    const sum = 'SELECT count(*), sum(i)::BIGINT, sum(strlen(t))::BIGINT FROM ($rows)';
    const expected = [[5000n, 12_497_500n, BigInt(rows.reduce((all, [, text]) => all + text!.length, 0))]];
    for (const stream of STREAMS.map((make) => make(rows)))
      for (const pieceBytes of [1000, 64 * 1024, stream.length])
        expect(await readRows(COLUMNS, stream, { pieceBytes, sql: sum })).to.deep.equal(expected);
  });

  it('gives all bytes of a whole stream, as they stay when more memory is asked for', () => {
    for (const stream of STREAMS.map((make) => make(ROWS))) {
      const reader = new RowReader({ columns: COLUMNS.length, maxRowBytes: MAX_ROW_BYTES });
      for (let at = 0; at < stream.length; at++) {
        expect(reader.wholeStream).to.equal(null);
        reader.push(stream.subarray(at, at + 1));
      }
      const whole = reader.wholeStream;
      reader.room().fill(0xff);
      expect(Buffer.from(whole!)).to.deep.equal(stream);
    }
  });

  it('takes columns in the order and number in which the engine asks for them', async () => {
    const stream = wireStream(ROWS);
    expect(
      await readRows(COLUMNS, stream, { sql: 'SELECT d::VARCHAR, i::INTEGER FROM ($rows)' }),
    ).to.deep.equal(READ.map(([i, , d]) => [d, i]));
    expect(await readRows(COLUMNS, stream, { sql: 'SELECT count(*) FROM ($rows)' })).to.deep.equal([[4n]]);
  });

  it('a row of a megabyte, between short ones, needs no second attempt', async () => {
    const long = Buffer.alloc(MAX_ROW_BYTES - 100, 'y');
    const texts = ['a', long.toString(), 'b'];
    const stream = wireStream(texts.map((text) => [Buffer.from(text)]));
    const columns: readonly WireColumn[] = [{ name: 't', wire: 'text' }];
    expect(
      await readRows(columns, stream, { pieceBytes: 1000, sql: 'SELECT strlen(t) FROM ($rows)' }),
    ).to.deep.equal(texts.map((text) => [BigInt(text.length)]));
  });

  it('refuses a row that is longer than rows may be, before all of it is there', () => {
    const row = wireRow([int32(1), Buffer.alloc(5000, 'x'), null]);
    const begun = Buffer.concat([WIRE_HEADER, row.subarray(0, 30)]);
    const refused = 'bad-value: a row that the stages read is longer than 4096 bytes';
    expect(failureOf(begun, COLUMNS, 4096)).to.equal(refused);
    expect(failureOf(Buffer.concat([WIRE_HEADER, row, WIRE_END]), COLUMNS, 4096)).to.equal(refused);
    expect(failureOf(Buffer.concat([WIRE_HEADER, row, WIRE_END]), COLUMNS, row.length)).to.equal('no error');
  });

  it('takes rows that stop before their end for an error, wherever they stop', () => {
    for (const stream of STREAMS.map((make) => make(ROWS))) {
      for (let length = 0; length < stream.length; length++)
        expect(failureOf(stream.subarray(0, length)), `${length} bytes`).to.match(
          /^internal: .*stop before their end/,
        );
      expect(failureOf(stream)).to.equal('no error');
    }
  });

  it('never reads outside of a broken stream: each is an error or rows, and the process lives', () => {
    const random = randomOf(15);
    const streams = STREAMS.map((make) => make([...ROWS, ...ROWS, ...ROWS]));
    let errors = 0;
    for (let round = 0; round < 20_000; round++) {
      const broken = Buffer.from(streams[round % 2]!);
      for (let change = 0; change <= round % 3; change++)
        broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256);
      if (failureOf(broken) !== 'no error') errors++;
    }
    expect(errors).to.be.greaterThan(5000);
  });

  it('tells broken streams from good ones', () => {
    const row = (...fields: WireField[]): Buffer => Buffer.concat([WIRE_HEADER, wireRow(fields), WIRE_END]);
    const wrong: readonly [Buffer, RegExp][] = [
      [Buffer.from('not binary rows at all'), /no header/],
      [Buffer.concat([WIRE_HEADER.subarray(0, 15), int32(-5), WIRE_END]), /header of a wrong length/],
      [row(int32(1)), /a row of 1 fields instead of 3/],
      [Buffer.concat([WIRE_HEADER, int16(3), int32(-2)]), /a field of length -2/],
      [row(int16(1), null, null), /2 bytes in column i/],
      [row(int32(1), null, int16(0)), /2 bytes in column d/],
      [row(int32(1), null, Buffer.concat([numeric('1.5'), int16(0)])), /12 bytes|14 bytes in column d/],
      [row(int32(1), null, Buffer.concat([1, 0, 0, 0, 20_000].map(int16))), /a digit of 20000/],
      [Buffer.concat([wireStream(ROWS), Buffer.from('x')]), /behind the end/],
      [Buffer.concat([framedStream(ROWS), Buffer.from('x')]), /behind the end/],
      [Buffer.concat([wireFrame(WIRE_HEADER.subarray(0, 15)), int32(0)]), /longer than its frame/],
      [Buffer.concat([wireFrame(WIRE_HEADER), wireRow(ROWS[0]!)]), /a row outside of a frame/],
      [Buffer.concat([wireFrame(WIRE_HEADER), wireFrame(int16(3)), wireRow(ROWS[0]!)]), /./],
      [
        Buffer.concat([
          wireFrame(WIRE_HEADER),
          wireFrame(wireRow(ROWS[0]!).subarray(0, 20)),
          Buffer.alloc(99),
        ]),
        /longer than its frame|of length/,
      ],
    ];
    for (const [stream, message] of wrong) expect(failureOf(stream)).to.match(message);
    const one = (wire: WireType, field: Buffer): string => failureOf(row(field), [{ name: 'v', wire }]);
    expect(one('bool', Buffer.from([2]))).to.match(/a boolean of 2/);
    expect(one('time', int64(86_400_000_001n))).to.match(/outside of the day/);
    expect(one('time', int64(-1n))).to.match(/outside of the day/);
    expect(one('jsonb', Buffer.from('\x02{}'))).to.match(/jsonb of version 2/);
    expect(one('jsonb', Buffer.alloc(0))).to.match(/0 bytes in column v/);
    for (const text of [
      [0xff],
      [0xc3],
      [...Buffer.alloc(20, 'x'), 0xe3, 0x81],
      [...Buffer.alloc(500, 'x'), 0x80],
    ])
      expect(one('text', Buffer.from(text))).to.match(
        /^bad-value: column v: .* is not a valid text in UTF-8/s,
      );
  });

  it('names the column, the value and the way out where the stages have no value for one', () => {
    const one = (wire: WireType, field: Buffer, size?: WireColumn['size']): string =>
      failureOf(Buffer.concat([WIRE_HEADER, wireRow([field]), WIRE_END]), [
        { name: 'v', wire, ...(size && { size }) },
      ]).replace('bad-value: ', '');
    const day = 86_400_000_000n;
    expect(one('date', int32(-730_120))).to.equal(
      'column v holds a date before Christ; cast it to text in the SQL',
    );
    expect(one('timestamptz', int64(-730_120n * day))).to.equal(
      'column v holds a moment before Christ; cast it to text in the SQL',
    );
    expect(one('timestamp', int64(-746_117n * day))).to.equal(
      "column v: '0044-03-15 00:00:00 BC' is not a valid timestamp",
    );
    expect(one('timestamp', int64(9_223_465_939_200_000_000n - 946_684_800_000_000n))).to.equal(
      "column v: '294250-01-01 00:00:00' is not a valid timestamp",
    );
    const infinite = 2 ** 31 - 1;
    expect(one('interval', interval(infinite, infinite, 2n ** 63n - 1n))).to.equal(
      "column v: 'infinity' is not a valid interval",
    );
    expect(one('interval', interval(-(2 ** 31), -(2 ** 31), -(2n ** 63n)))).to.equal(
      "column v: '-infinity' is not a valid interval",
    );
    const unsized = { precision: 38, scale: 18 };
    for (const text of [
      'NaN',
      'Infinity',
      '-Infinity',
      '123456789012345678901',
      '99999999999999999999.9999999999999999995',
      '-123456789012345678901.123450000',
    ])
      expect(one('decimal', numeric(text), unsized)).to.equal(`column v: '${text}' is not a valid decimal`);
    expect(one('float64', float64(Number.NaN))).to.equal('no error');
  });
});

describe('dsl worker: rows on their way to the engine', function () {
  this.timeout(60_000);

  it('holds back part of a chunk while more rows may come, but not the last ones, nor those before an error', () => {
    const sourceWith = (bytes: Uint8Array): RowSource => {
      const source = new RowSource({ columns: ONE, maxRowBytes: MAX_ROW_BYTES, onRoom: () => {} });
      source.open([0]);
      source.push(bytes);
      return source;
    };
    const rowsOf = (source: RowSource, least: number): number | string | null => {
      const taken = source.take(least);
      return typeof taken === 'object' && taken !== null ? taken.rows : taken;
    };
    const many = Array.from({ length: 3000 }, (_, index) => [int32(index)]);
    const begun = wireStream(many).subarray(0, -WIRE_END.length);
    const waiting = sourceWith(begun);
    expect(rowsOf(waiting, 2048)).to.equal(2048);
    expect(rowsOf(waiting, 2048)).to.equal(null);
    expect(rowsOf(waiting, 1)).to.equal(952);
    expect(rowsOf(waiting, 1)).to.equal(null);
    const ended = sourceWith(wireStream(many));
    expect([1, 2, 3].map(() => rowsOf(ended, 2048))).to.deep.equal([2048, 952, 'ended']);
    const broken = sourceWith(begun);
    broken.push(int16(9));
    expect([1, 2].map(() => rowsOf(broken, 2048))).to.deep.equal([2048, 952]);
    expect(() => broken.take(2048)).to.throw('a row of 9 fields');
  });

  it('waits for rows that come late, without showing the engine a row in their place', () =>
    withEngine(async (connection) => {
      const source = new RowSource({ columns: ONE, maxRowBytes: MAX_ROW_BYTES, onRoom: () => {} });
      registerInputFunction(connection, () => source);
      // Another row than the true ones would be counted, or raise the error.
      const reading = connection.runAndReadAll(
        `SELECT count(*), sum(v), count(*) FILTER (v IS NULL) FROM (${inputRows(ONE, 0)})
         WHERE CASE WHEN v IS NULL THEN error('a row of nulls') ELSE v > 0 END`,
      );
      const stream = wireStream([1, 2, 3].map((value) => [int32(value)]));
      for (const byte of stream) {
        await sleep(2);
        source.push(Buffer.from([byte]));
      }
      source.end();
      expect((await reading).getRows()).to.deep.equal([[3n, 6n, 0n]]);
    }));

  it('holds a few chunks and no more, and the engine stops when it has enough', () =>
    withEngine(async (connection) => {
      let asked = 0;
      const source = new RowSource({ columns: ONE, maxRowBytes: MAX_ROW_BYTES, onRoom: () => void asked++ });
      registerInputFunction(connection, () => source);
      const piece = Buffer.concat(Array.from({ length: 5000 }, (_, index) => wireRow([int32(index)])));
      source.push(WIRE_HEADER);
      const reading = connection.runAndReadAll(`SELECT v FROM (${inputRows(ONE, 0)}) LIMIT 3`);
      let pushed = 0;
      while (asked === 0) await sleep(1);
      for (; !source.isFull; pushed++) source.push(piece);
      expect(pushed).to.be.lessThan(20);
      expect((await reading).getRows()).to.deep.equal([[0n], [1n], [2n]]);
    }));

  it('gives the engine the error of a source, and ends with it', () =>
    withEngine(async (connection) => {
      const source = new RowSource({ columns: ONE, maxRowBytes: MAX_ROW_BYTES, onRoom: () => {} });
      registerInputFunction(connection, () => source);
      const reading = connection.run(`SELECT count(*) FROM (${inputRows(ONE, 0)})`).catch(String);
      source.push(WIRE_HEADER);
      await sleep(5);
      source.fail(new QueryError('cancelled', 'the query was cancelled'));
      expect(await reading).to.match(/the query was cancelled/);
    }));

  it('an interrupt ends a query that waits for rows', () =>
    withEngine(async (connection) => {
      const source = new RowSource({ columns: ONE, maxRowBytes: MAX_ROW_BYTES, onRoom: () => {} });
      registerInputFunction(connection, () => source);
      const reading = connection.run(`SELECT count(*) FROM (${inputRows(ONE, 0)})`).catch(String);
      source.push(WIRE_HEADER);
      await sleep(5);
      connection.interrupt();
      expect(await reading).to.match(/INTERRUPT/);
    }));
});
