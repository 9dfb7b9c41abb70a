/** Rows of the wire that come as columns: broken ones, and those that the connector of no database sends. */
import { expect } from 'chai';
import { BatchForm, WIRE_END, WIRE_HEADER } from '../../../../../core/protocol/wire-rows.ts';
import type { WireColumn } from '../../../../../workers/dsl/chunks/decoders.ts';
import { randomOf } from '../../../../support/random.ts';
import { int16, int32, int64, wireRow } from '../../../../support/wire-rows.ts';
import { MAX_ROW_BYTES, readFailure, readRows } from './support.ts';

const COLUMNS: readonly WireColumn[] = [
  { name: 'i', wire: 'int64' },
  { name: 't', wire: 'text' },
  { name: 'd', wire: 'decimal', size: { precision: 9, scale: 2 } },
  { name: 'b', wire: 'bool' },
];

function little32(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => int32(value).reverse()));
}

function int128(value: bigint): Buffer {
  return Buffer.concat([int64(value).reverse(), int64(value >> 64n).reverse()]);
}

const head = (form: number, validity?: number): Buffer =>
  validity === undefined ? Buffer.from([form, 0]) : Buffer.from([form, 1, validity]);

/** The texts in two pieces that are no texts by themselves. */
function texts(...pieces: readonly Buffer[]): Buffer {
  let end = 0;
  const offsets = [0, ...pieces.map((piece) => (end += piece.length))];
  return Buffer.concat([head(BatchForm.texts), little32(...offsets), ...pieces]);
}

function batch(rows: number, ...columns: readonly Buffer[]): Buffer {
  const body = Buffer.concat(columns);
  return Buffer.concat([int16(-2), little32(rows, body.length), body]);
}

const stream = (...parts: readonly Buffer[]): Buffer => Buffer.concat([WIRE_HEADER, ...parts, WIRE_END]);

const GOOD = batch(
  3,
  Buffer.concat([head(BatchForm.int32), little32(1, -2, 3)]),
  texts(Buffer.from('short'), Buffer.alloc(0), Buffer.from('a text that is longer than twelve bytes, 日本')),
  Buffer.concat([head(BatchForm.int128, 0b101), int128(125n), int128(2n ** 100n), int128(-7n)]),
  Buffer.concat([head(BatchForm.bits), Buffer.from([0b110])]),
);

const failureOf = (bytes: Uint8Array, columns = COLUMNS, maxRowBytes = MAX_ROW_BYTES): string =>
  readFailure(bytes, columns, maxRowBytes);

const one = (wire: WireColumn['wire'], rows: number, column: Buffer): string =>
  failureOf(stream(batch(rows, column)), [{ name: 'v', wire }]);

describe('dsl worker: rows that come as columns', function () {
  this.timeout(60_000);

  it('are read between rows that come one by one, wherever the bytes are cut', async () => {
    const row = wireRow([int64(9n), Buffer.from('row'), null, Buffer.from([1])]);
    const bytes = stream(row, GOOD, GOOD, row, GOOD);
    const batchRows = [
      [1n, 'short', '1.25', false],
      [-2n, '', null, true],
      [3n, 'a text that is longer than twelve bytes, 日本', '-0.07', true],
    ];
    const own = [9n, 'row', null, true];
    for (const pieceBytes of [1, 7, 100, bytes.length])
      expect(
        await readRows(COLUMNS, bytes, { pieceBytes, sql: 'SELECT i, t, d::VARCHAR, b FROM ($rows)' }),
      ).to.deep.equal([own, ...batchRows, ...batchRows, own, ...batchRows]);
    expect(await readRows(COLUMNS, bytes, { sql: 'SELECT count(*) FROM ($rows)' })).to.deep.equal([[11n]]);
  });

  it('are never read outside of their bytes: each broken stream is an error or rows, and the process lives', () => {
    const random = randomOf(16);
    const bytes = stream(GOOD, GOOD, GOOD);
    let errors = 0;
    for (let round = 0; round < 20_000; round++) {
      const broken = Buffer.from(bytes);
      for (let change = 0; change <= round % 3; change++)
        broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256);
      if (failureOf(broken) !== 'no error') errors++;
    }
    expect(errors).to.be.greaterThan(5000);
    for (let length = 0; length < bytes.length; length++)
      expect(failureOf(bytes.subarray(0, length)), `${length} bytes`).to.match(/stop before their end/);
  });

  it('are refused with what is wrong with them', () => {
    const long = [{ name: 'i', wire: 'int64' }] as const;
    const longs = Buffer.concat([head(BatchForm.eightBytes), int64(1n)]);
    expect(one('int64', 0, longs)).to.match(/a batch of 0 rows/);
    expect(one('int64', 2049, longs)).to.match(/a batch of 2049 rows/);
    expect(one('int64', 2, longs)).to.match(/a column of a batch that is cut/);
    expect(failureOf(stream(batch(1)), long)).to.match(/a batch without all columns/);
    expect(failureOf(stream(batch(1, longs, longs)), long)).to.match(/bytes behind the columns of a batch/);
    expect(failureOf(Buffer.concat([WIRE_HEADER, int16(-2), little32(1, -1)]), long)).to.match(
      /a batch of -1 bytes/,
    );
    expect(failureOf(Buffer.concat([WIRE_HEADER, int16(-2), little32(1, 2_000_000)]), long)).to.match(
      /^bad-value: a row that the stages read is longer than 1048576 bytes/,
    );
    expect(one('int64', 1, head(99))).to.match(/a column of form 99/);
    expect(one('float64', 1, Buffer.concat([head(BatchForm.int32), little32(1)]))).to.match(
      /form 4 in column v/,
    );
    for (const wire of ['time', 'uuid', 'interval', 'jsonb', 'int16'] as const)
      expect(one(wire, 1, longs), wire).to.match(/form 5 in column v/);
    const wide = Buffer.concat([head(BatchForm.int128), int128(2n ** 31n)]);
    const size = { precision: 9, scale: 2 };
    expect(failureOf(stream(batch(1, wide)), [{ name: 'v', wire: 'decimal', size }])).to.match(
      /a decimal of too many digits in column v/,
    );
  });

  it('are refused where a text is no text, also where all texts together are', () => {
    const [first, second] = [Buffer.from([...Buffer.from('ab'), 0xe3]), Buffer.from([0x81, 0x82])];
    const refused = /^bad-value: column v: .* is not a valid text in UTF-8/s;
    expect(one('text', 2, texts(first, second))).to.match(refused);
    expect(one('text', 3, texts(first, Buffer.alloc(0), second))).to.match(refused);
    expect(one('text', 1, texts(Buffer.from([0xff])))).to.match(refused);
    expect(one('text', 1, texts(Buffer.concat([first, second])))).to.equal('no error');
    expect(one('bytes', 2, texts(first, second))).to.equal('no error');
    const hidden = Buffer.concat([
      Buffer.from([BatchForm.texts, 1, 0b01]),
      little32(0, first.length, first.length + second.length),
      ...[first, second],
    ]);
    expect(one('text', 2, hidden)).to.match(refused);
    const offsets = (...places: readonly number[]): Buffer =>
      Buffer.concat([head(BatchForm.texts), little32(...places), Buffer.from('abcd')]);
    expect(one('text', 2, offsets(0, 5, 4))).to.match(/a text from 0 to 5/);
    expect(one('text', 2, offsets(0, -1, 4))).to.match(/a text from 0 to -1/);
    expect(one('text', 2, offsets(1, 2, 4))).to.match(/texts from byte 1 on/);
    expect(one('text', 1, offsets(0, -4))).to.match(/texts of -4 bytes/);
  });
});
