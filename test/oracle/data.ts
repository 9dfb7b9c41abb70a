/**
 * Tables for the oracle: one column of each type that a database column can have, filled from pools of values on which
 * engines disagree. `id` is unique, so that any order can be made total.
 */
import type { Client } from 'pg';

export interface DataColumn {
  readonly name: string;
  readonly type: string;
  /** SQL literals of the type; null is added to all of them. */
  readonly values: readonly string[];
}

const text = (...values: readonly string[]): string[] =>
  values.map((value) => `'${value.replaceAll("'", "''")}'`);

const COLUMNS: readonly DataColumn[] = [
  { name: 'i4', type: 'int4', values: ['0', '1', '-1', '7', '42', '-100', '2147483647', '-2147483648'] },
  {
    name: 'i8',
    type: 'int8',
    values: [
      '0',
      '1',
      '-3',
      '10',
      '9223372036854775807',
      '-9223372036854775808',
      '9007199254740993',
      '1000000007',
      // Near 2^60, where a float64 has steps of 256.
      '1152921504606846976',
      '1152921504606846977',
      '-1152921504606846975',
    ],
  },
  { name: 'i2', type: 'int2', values: ['0', '5', '-5', '32767', '-32768'] },
  {
    name: 'f8',
    type: 'float8',
    values: text(
      '0',
      '-0',
      '1',
      '-1',
      '0.1',
      '2.5',
      '-2.5',
      '3.5',
      '1e15',
      '123456789.125',
      '1e300',
      '1e-300',
      'NaN',
      'Infinity',
      '-Infinity',
    ),
  },
  { name: 'f4', type: 'float4', values: text('0', '1.1', '-0.3333', '16777216', 'NaN', 'Infinity') },
  {
    name: 'n',
    type: 'numeric(12,3)',
    values: ['0', '1.5', '-1.5', '2.345', '-2.345', '999999999.999', '0.001'],
  },
  {
    name: 'n38',
    type: 'numeric(38,8)',
    values: ['0', '123456789012345678901234567890.12345678', '-1', '0.00000001'],
  },
  // Thirty digits that cancel out: as floats, their sums would follow from the order of rows.
  {
    name: 'n30',
    type: 'numeric(34,4)',
    values: [
      '123456789012345678901234567890.0001',
      '-123456789012345678901234567890',
      '123456789012345678901234567891',
      '0.5',
      '-7',
    ],
  },
  {
    name: 'u',
    type: 'numeric',
    values: ['0', '1', '12.50', '-0.000000000000000001', '98765432109876543210', '3.3'],
  },
  {
    name: 't',
    type: 'text',
    values: text(
      '',
      ' ',
      'a',
      'A',
      'b',
      'abc',
      'Zz',
      '한글',
      '한국어',
      'é',
      'É',
      'ß',
      'İ',
      'ÿ',
      'a,b',
      '"q"',
      "it's",
      '10',
      '-7',
      '1e3',
      'x\ny',
      '😀',
      '%',
      '_',
      '\\',
      '  pad ',
      'true',
      '2020-01-31',
    ),
  },
  { name: 'v', type: 'varchar(20)', values: text('', 'ab', 'AB', 'ba', '나', 'z  ', '9') },
  { name: 'c', type: 'char(4)', values: text('', 'a', 'ab', 'abcd', '한') },
  // Types and collations whose own equality or order is not that of their characters.
  { name: 'tci', type: 'text COLLATE pg_temp.ci', values: text('a', 'A', 'b', 'B', 'ab', 'É', 'é', ' ', '') },
  {
    name: 'vic',
    type: 'varchar(9) COLLATE "und-x-icu"',
    values: text('a', 'A', 'b', 'Zz', 'É', '한', 'a,b'),
  },
  { name: 'dci', type: 'pg_temp.domain_ci', values: text('a', 'A', 'ß', 'SS', 'b%', 'B%') },
  { name: 'tc', type: 'text COLLATE "C"', values: text('a', 'B', 'b', 'Ä', 'z', '') },
  { name: 'tsv', type: 'text COLLATE "sv-x-icu"', values: text('a', 'ä', 'å', 'z', 'Z', 'ö', 'V', 'w') },
  { name: 'ct', type: 'citext', values: text('a', 'A', 'aB', 'Ab', 'É', 'é', '') },
  { name: 'dct', type: 'pg_temp.domain_citext', values: text('a', 'A', '한', 'b') },
  { name: 'en', type: 'pg_temp.mood', values: text('sad', 'ok', 'Ok', 'happy') },
  { name: 'nm', type: 'name', values: text('a', 'A', 'b_c', '한') },
  { name: 'ch', type: '"char"', values: text('a', 'A', ' ', '') },
  { name: 'dch', type: 'pg_temp.domain_char', values: text('', 'a', 'A', 'abc') },
  { name: 'ip', type: 'inet', values: text('10.0.0.1', '10.0.0.0/8', '::1', '10.0.0.1/32') },
  { name: 'mo', type: 'money', values: text('0', '1.5', '-3') },
  { name: 'tcia', type: 'text[] COLLATE pg_temp.ci', values: text('{a,A}', '{}', '{B,NULL,b}', '{a,b}') },
  { name: 'cha', type: 'char(3)[]', values: text('{a,abc}', '{""}', '{NULL,A}', '[2:3]={a,b}') },
  { name: 'ipa', type: 'inet[]', values: text('{10.0.0.1}', '{}', '{10.0.0.0/8,::1,NULL}') },
  { name: 'moa', type: 'money[]', values: text('{1.5,-3}', '{"1,000.00"}') },
  { name: 'enr', type: 'int4range', values: text('[1,5)', 'empty', '[1,4]') },
  { name: 'b', type: 'bool', values: ['true', 'false'] },
  {
    name: 'd',
    type: 'date',
    values: text('2020-02-29', '2019-12-31', '1970-01-01', '0001-01-01', '9999-12-31', '2021-01-03'),
  },
  {
    name: 'ts',
    type: 'timestamp',
    values: text(
      '2020-02-29 23:59:59.999999',
      '1999-12-31 00:00:00',
      '1969-12-31 23:59:59.5',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59',
      '2021-06-15 12:30:00',
    ),
  },
  {
    name: 'tz',
    type: 'timestamptz',
    values: text(
      '2020-03-29 01:30:00+01',
      '1970-01-01 00:00:00Z',
      '2021-06-15 12:30:00.25+09',
      '1900-01-01 00:00:00Z',
    ),
  },
  // Days of one winter, in which zones begin and end their summer, some of them at midnight; and what is no day.
  {
    name: 'dn',
    type: 'date',
    values: text(
      '2018-11-03',
      '2018-11-04',
      '2019-02-16',
      '2019-02-17',
      '2018-12-31',
      'infinity',
      '-infinity',
    ),
  },
  {
    name: 'tn',
    type: 'timestamp',
    values: text(
      '2018-11-04 00:00:00',
      '2018-11-04 00:59:59.999999',
      '2018-11-03 23:59:60',
      '2019-02-16 23:30:00',
      '2016-12-31 23:59:60',
      '2019-03-31 00:00:00',
      'infinity',
    ),
  },
  {
    name: 'zn',
    type: 'timestamptz',
    values: text(
      '2018-11-04 02:59:59Z',
      '2018-11-04 03:00:00Z',
      '2019-02-17 01:30:00Z',
      '2019-02-17 02:30:00Z',
      '2019-03-30 22:00:00Z',
      '2018-10-20 21:00:00Z',
      '-infinity',
    ),
  },
  {
    name: 'iv',
    type: 'interval',
    values: text('0', '1 day', '-1 day', '1 mon', '1 year 2 mons -3 days 04:05:06'),
  },
  { name: 'tm', type: 'time', values: text('00:00:00', '23:59:59.999999', '12:00:00') },
  {
    name: 'uu',
    type: 'uuid',
    values: text(
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '123e4567-e89b-12d3-a456-426614174000',
    ),
  },
  { name: 'j', type: 'json', values: text('{"a": 1}', '[1, 2]', 'null', '"x"', '{"a":{"b":"c"}}') },
  { name: 'y', type: 'bytea', values: text('\\x', '\\x00ff', '\\x61') },
  { name: 'a', type: 'int4[]', values: text('{}', '{1}', '{3,NULL,1}', '{1,1}') },
  { name: 'fa', type: 'float4[]', values: text('{}', '{0.1,NULL,-2.5}', '{NaN}', '{{1,2},{3,4}}') },
  { name: 'na', type: 'numeric(6,2)[]', values: text('{1.5,0}', '{}', '{NULL}') },
  { name: 'nu', type: 'numeric[]', values: text('{1.50}', '{}') },
  { name: 'ta', type: 'text[]', values: text('{}', '{a}', '{"x,y",NULL,""}', '{한,b}') },
];

/** Types of the session's own that `COLUMNS` have, and an extension; the client may create them. */
export async function createTypes(client: Client): Promise<void> {
  await client.query(`
    CREATE EXTENSION IF NOT EXISTS citext;
    CREATE COLLATION pg_temp.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE DOMAIN pg_temp.domain_ci AS text COLLATE pg_temp.ci;
    CREATE DOMAIN pg_temp.domain_citext AS citext;
    CREATE DOMAIN pg_temp.domain_char AS char(4);
    CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok', 'Ok', 'happy')`);
}

export interface DataSet {
  readonly table: string;
  readonly columns: readonly DataColumn[];
  /** Says that every column with moments has some that lie thousands of years apart. */
  readonly spansAges?: boolean;
}

/** A number from 0 to below `below`. */
export type Draw = (below: number) => number;

/** All columns, and as many rows as the longest pool has values: row n has the n-th of each pool, and the last is null. */
export async function createWholeDataSet(client: Client, table: string): Promise<void> {
  const definition = COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ');
  const count = Math.max(...COLUMNS.map(({ values }) => values.length));
  const line = (row: number): string =>
    [row + 1, ...COLUMNS.map(({ values }) => (row === count ? 'NULL' : values[row % values.length]!))].join(
      ', ',
    );
  const lines = Array.from({ length: count + 1 }, (_, row) => `(${line(row)})`);
  await client.query(`CREATE TEMP TABLE ${table} (id int8 PRIMARY KEY, ${definition})`);
  await client.query(`INSERT INTO ${table} VALUES ${lines.join(', ')}`);
}

/** A temporary table of some columns and rows. */
export async function createDataSet(client: Client, table: string, draw: Draw): Promise<DataSet> {
  // A list of numerics without a size keeps everything in the worker: seldom.
  const columns = COLUMNS.filter(({ name }) => draw(100) < (name === 'nu' ? 4 : 60));
  const kept = columns.length < 3 ? COLUMNS.slice(0, 9) : columns;
  const rows = [0, 1, 5, 12, 30, 30][draw(6)]!;
  const definition = kept.map(({ name, type }) => `${name} ${type}`).join(', ');
  await client.query(
    `DROP TABLE IF EXISTS ${table}; CREATE TEMP TABLE ${table} (id int8 PRIMARY KEY, ${definition})`,
  );
  const value = ({ values }: DataColumn): string => (draw(6) === 0 ? 'NULL' : values[draw(values.length)]!);
  // Few different values, so that there are equal ones.
  const lines = Array.from({ length: rows }, (_, id) => `(${[id + 1, ...kept.map(value)].join(', ')})`);
  if (rows > 0) await client.query(`INSERT INTO ${table} VALUES ${lines.join(', ')}`);
  await client.query(`ANALYZE ${table}`);
  return { table, columns: kept };
}
