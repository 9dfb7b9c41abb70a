/**
 * Rows of packets against the same values written by the kit (connectors/kit), which is the way of every connector that has values:
 * each byte must be the same, in an answer of each format and on the wire.
 */
import { expect } from 'chai';
import { ByteWriter, collectBytes } from '../../../../../connectors/kit/encode/byte-writer.ts';
import {
  createRowEncoder,
  rowLayout,
  type TextAnswer,
} from '../../../../../connectors/kit/encode/row-encoder.ts';
import { RowWriter } from '../../../../../connectors/kit/row-writer.ts';
import type { RowValue } from '../../../../../connectors/kit/value-text.ts';
import { WireRowWriter } from '../../../../../connectors/kit/wire-row-writer.ts';
import { answerEncoder, WireRows } from '../../../../../connectors/mariadb/rows/row-encoders.ts';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../../../../core/protocol/types.ts';
import {
  columnOf,
  FIELD,
  type MariadbType,
  nativeType,
} from '../../../../../language/dialects/mariadb/types.ts';
import { randomOf } from '../../../../support/random.ts';

interface Case {
  readonly type: Partial<MariadbType>;
  /** The bytes of values in a row, and the values. */
  readonly values: readonly (readonly [Buffer, RowValue])[];
}

function fixed(bytes: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(bytes);
  write(buffer);
  return buffer;
}

function lengthed(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  if (bytes.length < 0xfb) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const head =
    bytes.length < 0x10000
      ? fixed(3, (to) => {
          to[0] = 0xfc;
          to.writeUInt16LE(bytes.length, 1);
        })
      : fixed(4, (to) => {
          to[0] = 0xfd;
          to.writeUIntLE(bytes.length, 1, 3);
        });
  return Buffer.concat([head, bytes]);
}

/** The shortest form in which MariaDB sends such a moment. */
function moment(year: number, month: number, day: number, clock: readonly number[] = [], micros = 0): Buffer {
  const length = micros > 0 ? 11 : clock.some((part) => part > 0) ? 7 : 4;
  return fixed(1 + length, (to) => {
    to[0] = length;
    to.writeUInt16LE(year, 1);
    to[3] = month;
    to[4] = day;
    if (length > 4) to.set(clock, 5);
    if (length > 7) to.writeUInt32LE(micros, 8);
  });
}

function time(clock: readonly number[], micros = 0, days = 0, isNegative = false): Buffer {
  const length = micros > 0 ? 12 : clock.some((part) => part > 0) || days > 0 ? 8 : 0;
  return fixed(1 + length, (to) => {
    to[0] = length;
    if (length === 0) return;
    to[1] = Number(isNegative);
    to.writeUInt32LE(days, 2);
    to.set(clock, 6);
    if (length > 8) to.writeUInt32LE(micros, 9);
  });
}

const random = randomOf(24);
const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

const bigints = [0n, 1n, -1n, 2n ** 31n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, -(2n ** 53n)]
  .concat([2n ** 63n - 1n, -(2n ** 63n), 10n ** 18n, -(10n ** 15n), 4_294_967_295n, 999_999_999_999n])
  .map((value) => [fixed(8, (to) => void to.writeBigInt64LE(value)), value] as const);
const unsigneds = [0n, 7n, 2n ** 53n + 1n, 2n ** 64n - 1n, 10n ** 19n].map(
  (value) => [fixed(8, (to) => void to.writeBigUInt64LE(value)), value] as const,
);
const doubles = [0, -0, 0.1, 1 / 3, -1e300, 5e-324, 1e15, 1e-4, 9.99e-5, 123456789012345, 1e21].map(
  (value) => [fixed(8, (to) => void to.writeDoubleLE(value)), value] as const,
);
const floats = [
  [1.1, 1.1],
  [16777216, 16777216],
  [-0.5, -0.5],
] as const;
const DECIMALS = ['0', '0.00', '-0.01', '1', '10000', '-10000.0001', '99999999.99', '0.0000000001'];
const decimals = [...DECIMALS, '12345678901234567890123456789012345678', '1234.5', '-1', '100000000', '0.1'];
const texts = [
  '',
  'a',
  'tab\t "q" \\ \n \u0001',
  '日本 😀',
  'x'.repeat(250),
  'y"'.repeat(40_000),
  'a,b',
  ' ',
];

function randomMoments(): [Buffer, string][] {
  return Array.from({ length: 400 }, () => {
    const [year, month, day] = [between(1, 9999), between(1, 12), between(1, 28)];
    const clock = [between(0, 23), between(0, 59), between(0, 59)];
    const micros = random() < 0.3 ? 0 : random() < 0.5 ? 1000 * between(1, 999) : between(1, 999_999);
    const fraction = micros === 0 ? '' : `.${pad(micros, 6).replace(/0+$/, '')}`;
    const shown = `${pad(year, 4)}-${pad(month)}-${pad(day)} ${clock.map((part) => pad(part)).join(':')}${fraction}`;
    return [moment(year, month, day, clock, micros), shown];
  });
}

const integers = (bytes: 1 | 2 | 4, unsigned: boolean): Case['values'] => {
  const most = unsigned ? 2 ** (8 * bytes) - 1 : 2 ** (8 * bytes - 1) - 1;
  const least = unsigned ? 0 : -most - 1;
  return [least, most, 0, 1, 9, 10, 99, 100, least + 1, most - 1].map((value) => [
    fixed(bytes, (to) => void (unsigned ? to.writeUIntLE(value, 0, bytes) : to.writeIntLE(value, 0, bytes))),
    value,
  ]);
};
const dates = [
  [2000, 2, 29],
  [1, 1, 1],
  [9999, 12, 31],
  [1900, 2, 28],
  [1999, 12, 31],
  [2000, 1, 1],
  [1970, 1, 1],
] as const;

const CASES: Readonly<Record<string, Case>> = {
  tinyint: { type: { field: FIELD.tiny }, values: integers(1, false) },
  'tinyint unsigned': { type: { field: FIELD.tiny, unsigned: true }, values: integers(1, true) },
  smallint: { type: { field: FIELD.short }, values: integers(2, false) },
  'smallint unsigned': { type: { field: FIELD.short, unsigned: true }, values: integers(2, true) },
  int: { type: { field: FIELD.long }, values: integers(4, false) },
  'int unsigned': { type: { field: FIELD.long, unsigned: true }, values: integers(4, true) },
  bigint: { type: { field: FIELD.longlong }, values: bigints },
  'bigint unsigned': { type: { field: FIELD.longlong, unsigned: true }, values: unsigneds },
  float: {
    type: { field: FIELD.float },
    values: floats.map(([sent, value]) => [fixed(4, (to) => void to.writeFloatLE(sent)), value]),
  },
  double: { type: { field: FIELD.double }, values: doubles },
  decimal: {
    type: { field: FIELD.decimal, size: 38, scale: 10 },
    values: decimals.map((digits) => [lengthed(digits), digits]),
  },
  text: { type: {}, values: texts.map((value) => [lengthed(value), value]) },
  bytes: {
    type: { binary: true },
    values: [Buffer.alloc(0), Buffer.from([0, 255, 1]), Buffer.alloc(70_000, 7)].map((value) => [
      lengthed(value),
      value,
    ]),
  },
  uuid: {
    type: { format: 'uuid' },
    values: [[lengthed('123e4567-e89b-12d3-a456-426614174000'), '123e4567-e89b-12d3-a456-426614174000']],
  },
  json: { type: { format: 'json' }, values: [[lengthed('{"a": [1,\n2]}'), '{"a": [1,\n2]}']] },
  bit: { type: { field: FIELD.bit, size: 10 }, values: [[lengthed(Buffer.from([2, 5])), '1000000101']] },
  date: {
    type: { field: FIELD.date },
    values: dates.map(([year, month, day]) => [
      moment(year, month, day),
      `${pad(year, 4)}-${pad(month)}-${pad(day)}`,
    ]),
  },
  datetime: { type: { field: FIELD.datetime }, values: randomMoments() },
  timestamp: {
    type: { field: FIELD.timestamp },
    values: randomMoments().map(([bytes, shown]) => [bytes, `${shown}+00`]),
  },
  time: {
    type: { field: FIELD.time },
    values: [
      [time([0, 0, 0]), '00:00:00'],
      [time([23, 59, 59], 999_999), '23:59:59.999999'],
      [time([1, 2, 3], 500_000), '01:02:03.5'],
    ],
  },
};

const columns: readonly DatabaseColumn[] = Object.entries(CASES).map(([name, { type }]) => ({
  name,
  type: nativeType(type),
}));

/** Rows in which every column goes through its values and a null, each in its own rhythm. */
const rows = Array.from({ length: 421 }, (_, row) =>
  Object.values(CASES).map(({ values }) => {
    const at = row % (values.length + 1);
    return at === values.length ? null : values[at]!;
  }),
);

function packetOf(row: (typeof rows)[number]): Buffer {
  const nulls = Buffer.alloc((row.length + 9) >> 3);
  row.forEach((cell, index) => {
    if (cell === null) nulls[(index + 2) >> 3]! |= 1 << ((index + 2) & 7);
  });
  return Buffer.concat([Buffer.from([0]), nulls, ...row.map((cell) => cell?.[0] ?? Buffer.alloc(0))]);
}

const valuesOf = (row: (typeof rows)[number]): RowValue[] =>
  row.map((cell) => (cell === null ? null : cell[1]));

/** The packets stand somewhere inside of a chunk. */
const BEFORE = 3;
const AFTER = 2;
const packets = rows.map((row) =>
  Buffer.concat([Buffer.alloc(BEFORE, 0xaa), packetOf(row), Buffer.alloc(AFTER, 0xbb)]),
);

describe('rows of MariaDB', () => {
  const formats: readonly TextAnswer[] = [
    { format: 'json', rows: 'objects', numbers: 'number' },
    { format: 'ndjson', rows: 'arrays', numbers: 'string' },
    { format: 'csv', rows: 'objects', numbers: 'number' },
  ];
  for (const options of formats)
    it(`are the same ${options.format} as by way of values`, () => {
      const layout = rowLayout(columns.map(columnOf), options);
      const rowWriter = new RowWriter(columns.map(columnOf));
      const usual = createRowEncoder(layout);
      const direct = answerEncoder(columns, layout, options);
      expect(collectBytes((to) => direct.writeHead(to))).to.deep.equal(
        collectBytes((to) => usual.writeHead(to)),
      );
      rows.forEach((row, index) => {
        const wanted = collectBytes((to) => {
          const rowEnd = rowWriter.write(valuesOf(row));
          usual.writeRow(to, rowWriter.bytes, 0, rowEnd);
        });
        const got = collectBytes((to) =>
          direct.writeRow(to, packets[index]!, BEFORE, packets[index]!.length - AFTER),
        );
        expect(got.toString(), `row ${index}`).to.equal(wanted.toString());
      });
    });

  function onWire(places: readonly number[]): { readonly got: Buffer; readonly wanted: Buffer } {
    const chosen = places.map((place) => columns[place]!);
    const wanted = collectBytes((to) => {
      const wire = new WireRowWriter(chosen.map(columnOf), to);
      wire.begin();
      for (const row of rows) wire.write(places.map((place) => valuesOf(row)[place]!));
      wire.end();
    });
    const got = collectBytes((to) => {
      const wire = new WireRows(to, columns, places);
      wire.begin();
      for (const packet of packets) wire.write(packet, BEFORE, packet.length - AFTER);
      wire.end();
    });
    return { got, wanted };
  }

  for (const [what, places] of [
    ['all columns', columns.map((_, index) => index)],
    ['some of them', columns.flatMap((_, index) => (index % 3 === 1 ? [index] : []))],
    ['some in another order', [9, 4, 19, 0, 11]],
  ] as const)
    it(`are the same on the wire as by way of values: ${what}`, () => {
      const { got, wanted } = onWire(places);
      expect(got.equals(wanted)).to.equal(true);
    });

  const BAD: readonly (readonly [number, Buffer, string])[] = [
    [FIELD.date, Buffer.from([0]), '0000-00-00'],
    [FIELD.date, moment(2024, 0, 10), '2024-00-10'],
    [FIELD.date, moment(0, 1, 10), '0000-01-10'],
    [FIELD.datetime, moment(2023, 2, 29, [1, 2, 3]), '2023-02-29'],
    [FIELD.timestamp, Buffer.from([0]), '0000-00-00'],
    [FIELD.time, time([1, 0, 0], 0, 1), '25:00:00'],
    [FIELD.time, time([1, 2, 3], 0, 0, true), '-01:02:03'],
  ];
  for (const [field, bytes, shown] of BAD)
    it(`are refused for ${shown} in a field ${field}, in answers and on the wire`, () => {
      const column = [{ name: 'when', type: nativeType({ field }) }];
      const packet = packetOf([[bytes, null]]);
      const options = formats[0]!;
      const answer = answerEncoder(column, rowLayout(column.map(columnOf), options), options);
      const wire = new WireRows(new ByteWriter(() => {}), column, [0]);
      for (const write of [
        () => collectBytes((to) => answer.writeRow(to, packet, 0, packet.length)),
        () => wire.write(packet, 0, packet.length),
      ])
        expect(write).to.throw(
          QueryError,
          `column when holds the ${field === FIELD.time ? 'time' : 'date'} ${shown}`,
        );
    });

  it('are refused for what is no JSON, though MariaDB takes it', () => {
    const column = [{ name: 'j', type: nativeType({ format: 'json' }) }];
    const wire = new WireRows(new ByteWriter(() => {}), column, [0]);
    expect(() => wire.write(packetOf([[lengthed('"\\q"'), null]]), 0, 7)).to.throw(QueryError, 'no JSON');
  });
});
