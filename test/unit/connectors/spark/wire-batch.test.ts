import {
  Field as ArrowField,
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  type Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { expect } from 'chai';
import { ByteWriter } from '../../../../connectors/kit/encode/byte-writer.ts';
import { WireRowWriter } from '../../../../connectors/kit/wire-row-writer.ts';
import { readerOf } from '../../../../connectors/spark/arrow-values.ts';
import { vectorOf, wireBatch } from '../../../../connectors/spark/wire-batch.ts';
import type { DatabaseColumn } from '../../../../core/protocol/types.ts';
import {
  columnOf,
  nativeType,
  type SparkType,
  sparkType,
} from '../../../../language/dialects/spark/types.ts';

function column(name: string, type: SparkType): DatabaseColumn {
  return { name, type: nativeType(type) };
}

/** Goes by way of Arrow's stream, as rows from Spark do. */
function batchOf(columns: Readonly<Record<string, Vector>>): RecordBatch {
  const names = Object.keys(columns);
  const fields: Field[] = names.map((name) => new ArrowField(name, columns[name]!.type, true));
  const children = names.map((name) => columns[name]!.data[0]!);
  const length = children[0]!.length;
  const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children });
  const table = new Table(new RecordBatch(new Schema(fields), struct));
  return tableFromIPC(Buffer.from(tableToIPC(table, 'stream'))).batches[0]!;
}

function written(write: (writer: ByteWriter) => void): string {
  const pieces: Buffer[] = [];
  const writer = new ByteWriter((bytes) => pieces.push(Buffer.from(bytes)));
  write(writer);
  writer.flush();
  return Buffer.concat(pieces).toString('hex');
}

/** The rows as they are copied, and as they are written from the values. */
function bothWays(batch: RecordBatch, columns: readonly DatabaseColumn[]): readonly [string, string] {
  const copied = written((writer) => {
    const { rows, write } = wireBatch(batch, columns, writer);
    for (let row = 0; row < rows; row++) write(row);
  });
  const byValue = written((writer) => {
    const wire = new WireRowWriter(columns.map(columnOf), writer);
    const cells = columns.map((one) => readerOf(one, vectorOf(batch, one)));
    for (let row = 0; row < batch.numRows; row++) wire.write(cells.map((cell) => cell(row)));
  });
  return [copied, byValue];
}

function check(type: SparkType, arrow: DataType, values: readonly unknown[]): void {
  const filled = vectorFromArray(values, arrow);
  const some = vectorFromArray([null, ...values, null], arrow);
  for (const vector of [filled, some]) {
    const [copied, byValue] = bothWays(batchOf({ c: vector }), [column('c', type)]);
    expect(copied).to.equal(byValue);
    expect(copied).not.to.equal('');
  }
}

/** 128 bits as Arrow's four words. */
function words(value: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], (by) => Number(BigInt.asUintN(32, value >> by)));
}

function decimals(values: readonly bigint[], scale: number): Vector {
  const data = new Uint32Array(values.length * 4);
  for (const [index, value] of values.entries()) data.set(words(value), index * 4);
  const type = new Decimal(scale, 38, 128);
  return batchOf({
    c: { type, data: [makeData({ type, length: values.length, nullCount: 0, data })] } as never,
  }).getChildAt(0)!;
}

function longs(values: readonly bigint[]): Vector {
  const type = new TimestampMicrosecond();
  return {
    type,
    data: [makeData({ type, length: values.length, nullCount: 0, data: BigInt64Array.from(values) })],
  } as never;
}

describe('Rows of Arrow on the wire', () => {
  it('are the same as by their values, for each type at its edges', () => {
    check(sparkType('boolean'), new Bool(), [true, false, true, true, false, false, true, true, false]);
    check(sparkType('byte'), new Int8(), [-128, 0, 127]);
    check(sparkType('short'), new Int16(), [-32768, -1, 32767]);
    check(sparkType('integer'), new Int32(), [-2147483648, -1, 0, 2147483647]);
    check(sparkType('long'), new Int64(), [-(2n ** 63n), -1n, 0n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n]);
    check(sparkType('float'), new Float32(), [
      1.1,
      -0.1,
      16777216,
      3.4028235e38,
      1e-45,
      Number.NaN,
      Infinity,
    ]);
    check(sparkType('double'), new Float64(), [0, -0, 0.1, 1e300, -1e-300, Number.NaN, -Infinity]);
    check(sparkType('string'), new Utf8(), ['', 'a', '한글 😀', 'x'.repeat(100_000)]);
    check(sparkType('binary'), new Binary(), [Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(1000, 7)]);
    check(
      sparkType('date'),
      new DateDay(),
      ['0001-01-01', '1969-12-31', '1970-01-01', '2000-01-01', '9999-12-31'].map((text) => new Date(text)),
    );
    check(
      sparkType('array', { of: sparkType('integer') }),
      new List(new ArrowField('e', new Int32(), true)),
      [[], [1, null, -3]],
    );
  });

  it('are the same for decimals of every size and scale', () => {
    const most = 10n ** 38n - 1n;
    const values = [0n, 1n, -1n, 9999n, 10_000n, -10_000n, 123_456_789_012_345_678n, most, -most, 10n ** 37n];
    const more = Array.from({ length: 39 }, (_, digits) => 10n ** BigInt(digits) % 10n ** 38n);
    for (let scale = 0; scale <= 38; scale++) {
      const vector = decimals([...values, ...more, 2n ** 32n, 2n ** 64n - 1n, -(2n ** 96n)], scale);
      const type = sparkType('decimal', { precision: 38, scale });
      const [copied, byValue] = bothWays(batchOf({ c: vector }), [column('c', type)]);
      expect(copied, `scale ${scale}`).to.equal(byValue);
    }
  });

  it('are the same for moments from the year 1 to 9999', () => {
    const day = 86_400_000_000n;
    const [first, end, epoch] = [-719_162n * day, 2_932_897n * day, 10_957n * day];
    const values = [first, first + 1n, -1n, 0n, 1n, epoch - 1n, epoch, epoch + 1n, 2n ** 53n + 1n, end - 1n];
    for (const name of ['timestamp', 'timestamp_ntz'] as const) {
      const [copied, byValue] = bothWays(batchOf({ c: longs(values) }), [column('c', sparkType(name))]);
      expect(copied).to.equal(byValue);
      for (const value of [first - 1n, end, -(2n ** 63n), 2n ** 63n - 1n])
        expect(() => bothWays(batchOf({ c: longs([value]) }), [column('c', sparkType(name))])).to.throw(
          'column c holds a moment outside of the years 1 to 9999',
        );
    }
  });

  it('are refused where Arrow has another type than was described', () => {
    const numbers = batchOf({ c: vectorFromArray([1], new Int32()) });
    expect(() => vectorOf(numbers, column('c', sparkType('long')))).to.throw('the columns');
    expect(() => vectorOf(numbers, column('d', sparkType('integer')))).to.throw('the columns');
    const decimal = batchOf({ c: decimals([1n], 2) });
    expect(() => vectorOf(decimal, column('c', sparkType('decimal', { precision: 38, scale: 3 })))).to.throw(
      'the columns',
    );
  });
});
