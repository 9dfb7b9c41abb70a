import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
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
import { columnBatch, vectorOf } from '../../../../connectors/spark/column-batch.ts';
import type { DatabaseColumn } from '../../../../core/protocol/types.ts';
import { WIRE_END, WIRE_HEADER } from '../../../../core/protocol/wire-rows.ts';
import {
  columnOf,
  nativeType,
  type SparkType,
  sparkType,
} from '../../../../language/dialects/spark/types.ts';
import { randomOf } from '../../../support/random.ts';
import { wireColumnOf } from '../../../support/wire-rows.ts';
import { readWith } from '../../workers/dsl/chunks/support.ts';

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

/** Returns the bytes that the connector writes for the stage engine. */
function stream(write: (writer: ByteWriter) => void): Buffer {
  const pieces: Buffer[] = [];
  const writer = new ByteWriter((bytes) => pieces.push(Buffer.from(bytes)));
  writer.copy(WIRE_HEADER, 0, WIRE_HEADER.length);
  write(writer);
  writer.copy(WIRE_END, 0, WIRE_END.length);
  writer.flush();
  return Buffer.concat(pieces);
}

function batchStream(
  batches: readonly RecordBatch[],
  columns: readonly DatabaseColumn[],
  most = 1e9,
): Buffer {
  return stream((writer) => {
    for (const batch of batches) {
      const { rows, write } = columnBatch(batch, columns, writer, most);
      for (let row = 0; row < rows; ) row += write(row);
    }
  });
}

function rowStream(batches: readonly RecordBatch[], columns: readonly DatabaseColumn[]): Buffer {
  return stream((writer) => {
    const wire = new WireRowWriter(columns.map(columnOf), writer);
    for (const batch of batches) {
      const cells = columns.map((one) => readerOf(one, vectorOf(batch, one)));
      for (let row = 0; row < batch.numRows; row++) wire.write(cells.map((cell) => cell(row)));
    }
  });
}

/** Resolves to the rows as the stage engine reads them: by columns, and by values. */
async function bothWays(
  batches: readonly RecordBatch[],
  columns: readonly DatabaseColumn[],
  pieceBytes = 64 * 1024,
): Promise<readonly [unknown[][], unknown[][]]> {
  const wire = columns.map(columnOf).map(wireColumnOf);
  const texts = columns.map(({ name }) => `"${name}"::VARCHAR`).join(', ');
  const options = { pieceBytes, sql: `SELECT ${texts} FROM ($rows)` };
  return [
    await readWith(engine, wire, batchStream(batches, columns), options),
    await readWith(engine, wire, rowStream(batches, columns), options),
  ];
}

async function check(type: SparkType, arrow: DataType, values: readonly unknown[]): Promise<void> {
  const filled = vectorFromArray(values, arrow);
  const some = vectorFromArray([null, ...values, null, ...values], arrow);
  const none = vectorFromArray([null, null], arrow);
  const batches = [some, filled, none, some].map((c) => batchOf({ c }));
  const [asColumns, asRows] = await bothWays(batches, [column('c', type)]);
  expect(asColumns).to.deep.equal(asRows);
  expect(asColumns).to.have.length(5 * values.length + 6);
}

/** 128 bits as Arrow's four words. */
function words(value: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], (by) => Number(BigInt.asUintN(32, value >> by)));
}

function decimals(values: readonly bigint[], scale: number, precision = 38): Vector {
  const data = new Uint32Array(values.length * 4);
  for (const [index, value] of values.entries()) data.set(words(value), index * 4);
  const type = new Decimal(scale, precision, 128);
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

const DATES = ['0001-01-01', '1969-12-31', '1970-01-01', '2000-01-01', '9999-12-31'];

let instance: DuckDBInstance;
let engine: DuckDBConnection;

describe('Columns of Arrow on the wire', function () {
  this.timeout(60_000);

  before(async () => {
    instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    engine = await instance.connect();
    await engine.run(`SET TimeZone = 'UTC'`);
  });
  after(() => {
    engine.closeSync();
    instance.closeSync();
  });

  it('are the same rows as by their values, for each type at its edges', async () => {
    const bits = [true, false, true, true, false, false, true, true, false];
    await check(sparkType('boolean'), new Bool(), bits);
    await check(sparkType('byte'), new Int8(), [-128, -1, 0, 127]);
    await check(sparkType('short'), new Int16(), [-32768, -1, 32767]);
    await check(sparkType('integer'), new Int32(), [-2147483648, -1, 0, 2147483647]);
    const longs = [-(2n ** 63n), -1n, 0n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n];
    await check(sparkType('long'), new Int64(), longs);
    const floats = [1.1, -0.1, 16777216, 3.4028235e38, 1e-45, Number.NaN, Infinity];
    await check(sparkType('float'), new Float32(), floats);
    await check(sparkType('double'), new Float64(), [0, -0, 0.1, 1e300, -1e-300, Number.NaN, -Infinity]);
    const texts = ['', 'a', '한글 😀', 'just twelve.', 'one thirteen.', 'x'.repeat(100_000)];
    await check(sparkType('string'), new Utf8(), texts);
    await check(sparkType('interval'), new Utf8(), texts);
    await check(sparkType('struct'), new Utf8(), ['{"a":1}', '{}']);
    const bytes = [Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(1000, 7)];
    await check(sparkType('binary'), new Binary(), bytes);
    const days = DATES.map((text) => new Date(text));
    await check(sparkType('date'), new DateDay(), days);
    const lists = [[], [1, null, -3]];
    const of = sparkType('integer');
    await check(sparkType('array', { of }), new List(new ArrowField('e', new Int32(), true)), lists);
  });

  it('are the same for decimals of every size and scale', async () => {
    for (let precision = 1; precision <= 38; precision++) {
      const most = 10n ** BigInt(precision) - 1n;
      const edges = [
        0n,
        1n,
        -1n,
        most,
        -most,
        most / 2n,
        -(most / 3n),
        2n ** 32n,
        2n ** 64n - 1n,
        -(2n ** 96n),
      ];
      const values = edges.filter((value) => value <= most && -value <= most);
      for (const scale of [0, Math.floor(precision / 2), precision]) {
        const type = sparkType('decimal', { precision, scale });
        const batch = batchOf({ c: decimals(values, scale, precision) });
        const [asColumns, asRows] = await bothWays([batch], [column('c', type)]);
        expect(asColumns, `decimal(${precision},${scale})`).to.deep.equal(asRows);
      }
    }
  });

  it('are the same for moments from the year 1 to 9999', async () => {
    const day = 86_400_000_000n;
    const [first, end, epoch] = [-719_162n * day, 2_932_897n * day, 10_957n * day];
    const values = [first, first + 1n, -1n, 0n, 1n, epoch - 1n, epoch, epoch + 1n, 2n ** 53n + 1n, end - 1n];
    for (const name of ['timestamp', 'timestamp_ntz'] as const) {
      const columns = [column('c', sparkType(name))];
      const [asColumns, asRows] = await bothWays([batchOf({ c: longs(values) })], columns);
      expect(asColumns).to.deep.equal(asRows);
      for (const value of [first - 1n, end, -(2n ** 63n), 2n ** 63n - 1n])
        expect(() => batchStream([batchOf({ c: longs([value]) })], columns)).to.throw(
          'column c holds a moment outside of the years 1 to 9999',
        );
    }
    const dates = (days: number): RecordBatch => {
      const type = new DateDay();
      const data = makeData({ type, length: 1, nullCount: 0, data: Int32Array.of(days) });
      return batchOf({ c: { type, data: [data] } as never });
    };
    for (const days of [-719_163, 2_932_897])
      expect(() => batchStream([dates(days)], [column('c', sparkType('date'))])).to.throw(
        'column c holds a date outside of the years 1 to 9999',
      );
  });

  it('are the same rows in batches of any size, however the bytes are cut', async () => {
    const random = randomOf(27);
    const columns = [
      column('i', sparkType('integer')),
      column('t', sparkType('string')),
      column('b', sparkType('boolean')),
      column('p', sparkType('decimal', { precision: 12, scale: 2 })),
    ];
    const some = <T>(rows: number, value: () => T): (T | null)[] =>
      Array.from({ length: rows }, () => (random() < 0.2 ? null : value()));
    const batches = [1, 2047, 2048, 2049, 5000, 3, 0, 700].map((rows) =>
      batchOf({
        i: vectorFromArray(
          some(rows, () => Math.floor(random() * 1e6)),
          new Int32(),
        ),
        t: vectorFromArray(
          some(rows, () => 'é'.repeat(Math.floor(random() * (random() < 0.01 ? 9000 : 20)))),
          new Utf8(),
        ),
        b: vectorFromArray(
          some(rows, () => random() < 0.5),
          new Bool(),
        ),
        p: decimals(
          Array.from({ length: rows }, () => BigInt(Math.floor((random() - 0.5) * 1e12))),
          2,
          12,
        ),
      }),
    );
    for (const pieceBytes of [1021, 64 * 1024]) {
      const [asColumns, asRows] = await bothWays(batches, columns, pieceBytes);
      expect(asColumns).to.have.length(batches.reduce((sum, { numRows }) => sum + numRows, 0));
      expect(asColumns).to.deep.equal(asRows);
    }
  });

  it('are cut where their texts are long, and refused where a row is longer than rows may be', async () => {
    const columns = [column('t', sparkType('string'))];
    const texts = Array.from({ length: 40 }, (_, row) => 'x'.repeat(row === 20 ? 3_000_000 : 100_000));
    const batch = batchOf({ t: vectorFromArray(texts, new Utf8()) });
    const wire = columns.map(columnOf).map(wireColumnOf);
    const lengths = await readWith(engine, wire, batchStream([batch], columns), {
      ...{ maxRowBytes: 3_100_000, sql: 'SELECT strlen(t)::INTEGER FROM ($rows)' },
    });
    expect(lengths.flat()).to.deep.equal(texts.map((text) => text.length));
    const tooLong = 'a row that the stages read is longer than 3000005 bytes';
    expect(() => batchStream([batch], columns, 3_000_005)).to.throw(tooLong);
    expect(() => batchStream([batch], columns, 3_000_006)).not.to.throw();
  });

  it('are refused where Arrow has another type than was described', () => {
    const numbers = batchOf({ c: vectorFromArray([1], new Int32()) });
    expect(() => vectorOf(numbers, column('c', sparkType('long')))).to.throw('the columns');
    expect(() => vectorOf(numbers, column('d', sparkType('integer')))).to.throw('the columns');
    expect(() => vectorOf(numbers, column('c', sparkType('struct')))).to.throw('the columns');
    const decimal = batchOf({ c: decimals([1n], 2) });
    for (const size of [
      { precision: 38, scale: 3 },
      { precision: 37, scale: 2 },
    ])
      expect(() => vectorOf(decimal, column('c', sparkType('decimal', size)))).to.throw('the columns');
  });
});
