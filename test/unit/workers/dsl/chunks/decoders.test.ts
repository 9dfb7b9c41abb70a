/** Each decoder against the engine's own reading of the same values as text. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import type { WireType } from '../../../../../core/protocol/wire-rows.ts';
import { engineTypeOf, type WireColumn } from '../../../../../workers/dsl/chunks/decoders.ts';
import { randomOf } from '../../../../support/random.ts';
import {
  float64,
  int16,
  int32,
  int64,
  interval,
  numeric,
  type WireField,
  wireStream,
} from '../../../../support/wire-rows.ts';
import { withEngine } from '../support.ts';
import { readWith } from './support.ts';

/** A value as a field, and as SQL of the engine's. */
interface Sample {
  readonly field: WireField;
  readonly sql: string;
}

type Random = () => number;

const MICROS_TO_2000 = 946_684_800_000_000n;
const FIRST_MOMENT = -63_082_281_600_000_000n;
const LAST_MOMENT = 2n ** 63n - 2n - MICROS_TO_2000;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function randomBig(random: Random, bits: number): bigint {
  const words = Array.from({ length: 4 }, () => BigInt(Math.floor(random() * 2 ** 32)));
  const value = words.reduce((sum, word) => (sum << 32n) | word, 0n);
  // Returns numbers of any size: most random numbers are close to the largest.
  return BigInt.asIntN(bits, value >> BigInt(Math.floor(random() * 120)));
}

const integer =
  (bits: number, field: (value: bigint) => Buffer) =>
  (value: bigint): Sample => ({
    field: field(BigInt.asIntN(bits, value)),
    sql: `${quoted(String(value))}::BIGINT`,
  });
const int16Of = integer(16, (value) => int16(Number(value)));
const int32Of = integer(32, (value) => int32(Number(value)));
const int64Of = integer(64, int64);
const uint32Of = (value: bigint): Sample => ({ field: int32(Number(value)), sql: `${value}::BIGINT` });
const floatOf = (value: number): Sample => ({
  field: float64(value),
  sql: `${quoted(floatText(value))}::DOUBLE`,
});
const dateOf = (days: number): Sample => ({
  field: int32(days),
  sql: `DATE '2000-01-01' + ${days}`,
});
const momentOf =
  (type: string) =>
  (micros: bigint): Sample => ({
    field: int64(micros),
    sql: `make_timestamp(${micros + MICROS_TO_2000})::${type}`,
  });
const timestampOf = momentOf('TIMESTAMP');
const instantOf = momentOf('TIMESTAMPTZ');
const timeOf = (micros: bigint): Sample => ({
  field: int64(micros),
  sql: micros === 86_400_000_000n ? `TIME '24:00:00'` : `make_timestamp(${micros})::TIME`,
});
const intervalOf = (months: number, days: number, micros: bigint): Sample => ({
  field: interval(months, days, micros),
  sql: `(to_months(${months}) + to_days(${days}) + to_microseconds(${micros}))`,
});
const uuidOf = (hex: string): Sample => ({ field: Buffer.from(hex, 'hex'), sql: `${quoted(hex)}::UUID` });
const textOf = (text: string): Sample => ({ field: Buffer.from(text), sql: textSql(text) });
const jsonbOf = (text: string): Sample => ({ field: Buffer.from(`\x01${text}`), sql: textSql(text) });
const bytesOf = (bytes: Buffer): Sample => ({ field: bytes, sql: `unhex('${bytes.toString('hex')}')` });
const decimalOf = (text: string): Sample => ({ field: numeric(text), sql: quoted(text) });

/** NUL cannot stand in a statement as it is. */
function textSql(text: string): string {
  return `decode(unhex('${Buffer.from(text).toString('hex')}'))`;
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

const ALPHABETS = ['abcdefgh', '가나다라', 'aé日😀 \n"\'', '\0a'].map((text) => [...text]);

function randomText(random: Random): string {
  const alphabet = ALPHABETS[Math.floor(random() * ALPHABETS.length)]!;
  const lengths = [0, 3, 4, 5, 11, 12, 13, 14, 40, 300];
  const length = lengths[Math.floor(random() * lengths.length)]!;
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
}

function randomDecimal(random: Random, whole: number, fraction: number): string {
  const digits = (most: number): string =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, () =>
      random() < 0.3 ? 0 : Math.floor(random() * 10),
    ).join('');
  const [left, right] = [digits(whole), digits(fraction)];
  return `${random() < 0.5 ? '-' : ''}${left === '' ? '0' : left}${right === '' ? '' : `.${right}`}`;
}

function bigIn(random: Random, from: bigint, to: bigint): bigint {
  return from + (BigInt.asUintN(64, randomBig(random, 64)) % (to - from + 1n));
}

interface Kind {
  readonly column: Omit<WireColumn, 'name'>;
  readonly edges: readonly Sample[];
  random(random: Random): Sample;
}

function kind(
  wire: Exclude<WireType, 'decimal'>,
  edges: readonly Sample[],
  random: (random: Random) => Sample,
): Kind {
  return { column: { wire }, edges, random };
}

function decimalKind(precision: number, scale: number, edges: readonly string[], digitsBehind = scale): Kind {
  return {
    column: { wire: 'decimal', size: { precision, scale } },
    edges: [...edges, '0', '-0', ...(precision > scale ? ['1', '-1'] : [])].map(decimalOf),
    random: (random) => decimalOf(randomDecimal(random, precision - scale, digitsBehind)),
  };
}

const nines = (count: number): string => '9'.repeat(count);

const KINDS: readonly Kind[] = [
  kind(
    'bool',
    [
      { field: Buffer.from([0]), sql: 'false' },
      { field: Buffer.from([1]), sql: 'true' },
    ],
    (random) =>
      random() < 0.5 ? { field: Buffer.from([1]), sql: 'true' } : { field: Buffer.from([0]), sql: 'false' },
  ),
  kind('int16', [-(2n ** 15n), 2n ** 15n - 1n, 0n, -1n].map(int16Of), (random) =>
    int16Of(randomBig(random, 16)),
  ),
  kind('int32', [-(2n ** 31n), 2n ** 31n - 1n, 0n, -1n].map(int32Of), (random) =>
    int32Of(randomBig(random, 32)),
  ),
  kind('uint32', [0n, 2n ** 31n, 2n ** 32n - 1n].map(uint32Of), (random) =>
    uint32Of(BigInt.asUintN(32, randomBig(random, 32))),
  ),
  kind(
    'int64',
    [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 53n + 1n, -(2n ** 32n), 2n ** 32n - 1n].map(int64Of),
    (random) => int64Of(randomBig(random, 64)),
  ),
  kind('float64', [0, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 0.1].map(floatOf), (random) =>
    floatOf((random() - 0.5) * 10 ** Math.floor(random() * 60 - 30)),
  ),
  kind(
    'date',
    [
      { field: int32(2 ** 31 - 1), sql: `DATE 'infinity'` },
      { field: int32(-(2 ** 31)), sql: `DATE '-infinity'` },
      ...[0, -1, -730_119, 2_145_031_948].map(dateOf),
    ],
    (random) => dateOf(Math.floor(random() * 4_000_000 - 730_119)),
  ),
  kind(
    'time',
    [0n, 1n, 86_399_999_999n, 86_400_000_000n, 85_899_345_919n, 85_899_345_920n].map(timeOf),
    (random) => timeOf(bigIn(random, 0n, 86_399_999_999n)),
  ),
  kind(
    'timestamp',
    [
      { field: int64(2n ** 63n - 1n), sql: `TIMESTAMP 'infinity'` },
      { field: int64(-(2n ** 63n)), sql: `TIMESTAMP '-infinity'` },
      ...[0n, -1n, FIRST_MOMENT, LAST_MOMENT, -(2n ** 32n), 2n ** 32n - 1n, -MICROS_TO_2000].map(timestampOf),
    ],
    (random) => timestampOf(bigIn(random, FIRST_MOMENT, LAST_MOMENT)),
  ),
  kind(
    'timestamptz',
    [
      { field: int64(2n ** 63n - 1n), sql: `TIMESTAMPTZ 'infinity'` },
      { field: int64(-(2n ** 63n)), sql: `TIMESTAMPTZ '-infinity'` },
      ...[0n, -1n, FIRST_MOMENT].map(instantOf),
    ],
    (random) => instantOf(bigIn(random, FIRST_MOMENT, FIRST_MOMENT * -2n)),
  ),
  kind(
    'interval',
    [
      intervalOf(0, 0, 0n),
      intervalOf(-14, 3, -14_706_789_000n),
      intervalOf(2 ** 31 - 1, -(2 ** 31), 2n ** 63n - 1n),
      intervalOf(-(2 ** 31), 2 ** 31 - 1, -(2n ** 63n)),
    ],
    (random) =>
      intervalOf(Number(randomBig(random, 32)), Number(randomBig(random, 32)), randomBig(random, 64)),
  ),
  kind(
    'uuid',
    ['0'.repeat(32), 'f'.repeat(32), '7'.padEnd(32, 'f'), '8'.padEnd(32, '0')].map(uuidOf),
    (random) => uuidOf(BigInt.asUintN(128, randomBig(random, 128)).toString(16).padStart(32, '0')),
  ),
  kind(
    'text',
    ['', 'x'.repeat(12), 'x'.repeat(13), '日'.repeat(4), '\0', `x${'日'.repeat(50_000)}`].map(textOf),
    (random) => textOf(randomText(random)),
  ),
  kind('jsonb', ['null', '{"a": [1, null, "long enough to lie elsewhere"]}'].map(jsonbOf), (random) =>
    jsonbOf(JSON.stringify(randomText(random).replaceAll('\0', ''))),
  ),
  kind(
    'bytes',
    [Buffer.alloc(0), Buffer.alloc(12, 0xff), Buffer.alloc(13, 0xff), Buffer.alloc(200_000, 0x80)].map(
      bytesOf,
    ),
    (random) =>
      bytesOf(
        Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256))),
      ),
  ),
  decimalKind(4, 1, ['999.9', '-999.9']),
  decimalKind(4, 4, ['0.9999', '-0.0001']),
  decimalKind(9, 0, [nines(9), `-${nines(9)}`]),
  decimalKind(10, 2, ['99999999.99', '-99999999.99', '9007199254740.99'.slice(-11)]),
  decimalKind(15, 0, [nines(15)]),
  decimalKind(16, 0, [nines(16), '9007199254740993']),
  decimalKind(18, 3, [`${nines(15)}.999`, `-${nines(15)}.999`, '9007199254740.993']),
  decimalKind(19, 0, [nines(19), `-${nines(19)}`]),
  decimalKind(38, 0, [nines(38), `-${nines(38)}`, String(2n ** 64n), String(2n ** 96n), `-${2n ** 96n}`]),
  decimalKind(38, 10, [`${nines(28)}.${nines(10)}`]),
  decimalKind(38, 38, [`0.${nines(38)}`, `-0.${'1'.padStart(38, '0')}`]),
  // A numeric without a size: rounded.
  decimalKind(
    38,
    18,
    [
      '12345678901234567890.123456789012345678',
      '99999999999999999999.9999999999999999994',
      '0.0000000000000000005',
      '0.00000000000000000049999',
      '-0.0000000000000000005',
      '0.0000000000000000015',
      '0.00000000000000000050000000000000000001',
      `0.${'1'.padStart(60, '0')}`,
      '-0.00009999999999999999995',
    ],
    40,
  ),
];

const NULL: Sample = { field: null, sql: 'NULL' };
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 3);

/** 2,048 rows are one chunk; 0, 1 and those around it are where a chunk's end is got wrong. */
const SIZES = [0, 1, 31, 32, 33, 2047, 2048, 2049, 5000];

describe('dsl worker: decoders', function () {
  this.timeout(120_000);

  for (const { column, edges, random } of KINDS) {
    const { wire, size } = column;
    const name = size === undefined ? wire : `${wire}(${size.precision},${size.scale})`;
    it(`reads ${name}: its extremes, nulls, random values, in any number of rows`, () =>
      withEngine(async (connection) => {
        const next = randomOf(wire.length * 7919 + (size?.precision ?? 0) * 97 + (size?.scale ?? 0));
        await compare(connection, column, [...edges, NULL, ...edges, NULL, NULL]);
        for (let round = 0; round < ROUNDS; round++)
          for (const rows of round === 0 ? SIZES : [300 + round]) {
            const nullShare = [0, 0.5, 0.02][round % 3]!;
            const samples = Array.from({ length: rows }, () => (next() < nullShare ? NULL : random(next)));
            await compare(
              connection,
              column,
              samples,
              round % 2 === 0 ? 64 * 1024 : 1 + Math.floor(next() * 3000),
            );
          }
      }));
  }
});

async function compare(
  connection: DuckDBConnection,
  column: Omit<WireColumn, 'name'>,
  samples: readonly Sample[],
  pieceBytes = 64 * 1024,
): Promise<void> {
  const named: WireColumn = { ...column, name: 'v' };
  const type = String(engineTypeOf(named));
  await connection.run(`CREATE OR REPLACE TEMP TABLE expected (i INTEGER, v ${type})`);
  for (let from = 0; from < samples.length; from += 500) {
    const values = samples
      .slice(from, from + 500)
      .map(({ sql }, index) => `(${from + index}, CAST(${sql} AS ${type}))`);
    await connection.run(`INSERT INTO expected VALUES ${values.join(', ')}`);
  }
  const stream = wireStream(samples.map(({ field }, index) => [int32(index), field]));
  const columns: readonly WireColumn[] = [{ name: 'i', wire: 'int32' }, named];
  const counted = `SELECT count(*), count(*) FILTER (e.v IS NOT DISTINCT FROM r.v),
    first(e.v::VARCHAR || ' is read as ' || coalesce(r.v::VARCHAR, 'null')) FILTER (e.v IS DISTINCT FROM r.v)
    FROM ($rows) AS r JOIN expected AS e USING (i)`;
  const [row] = await readWith(connection, columns, stream, { pieceBytes, sql: counted });
  expect(row).to.deep.equal([BigInt(samples.length), BigInt(samples.length), null]);
}
