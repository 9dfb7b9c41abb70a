/**
 * Every type on its way from PostgreSQL into the stage engine. test/fixtures/language/postgres-copy.bin is what a
 * PostgreSQL wrote with `COPY (...) TO STDOUT (FORMAT binary)`: three rows of ordinary, extreme and null values, with the
 * columns as the plans ask for them.
 */
import { readFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { typeName } from '../../../core/protocol/types.ts';
import { inputColumn, quoteName } from '../../../language/dialects/duckdb/sql.ts';
import { POSTGRES } from '../../../language/dialects/postgres/source.ts';
import { columnType, nativeType } from '../../../language/dialects/postgres/types.ts';
import { inputSelect } from '../../../workers/dsl/inputs.ts';
import { giveInputs } from '../../support/engine-inputs.ts';
import { planOf } from './run-plan.ts';

const ROWS = readFileSync(new URL('../../fixtures/language/postgres-copy.bin', import.meta.url));

type Case = readonly [
  name: string,
  oid: number,
  typmod: number,
  type: string,
  first: unknown,
  second: unknown,
];

const CASES: readonly Case[] = [
  ['b', 16, -1, 'bool', true, false],
  ['i2', 21, -1, 'int64', '1', '-1'],
  ['i8', 20, -1, 'int64', '9223372036854775807', '-9223372036854775808'],
  ['f4', 700, -1, 'float64', 1.1, '-Infinity'],
  ['f8', 701, -1, 'float64', 'NaN', 1e300],
  ['n', 1700, -1, 'decimal', '123456789012345678.123456789012345678', '0.123456789012345679'],
  ['n102', 1700, 655366, 'decimal(10,2)', '1.50', '-1.50'],
  ['neg', 1700, 329730, 'decimal(7,0)', '12300', '-12300'],
  ['small', 1700, 196617, 'decimal(5,5)', '0.00123', '-0.00123'],
  ['s', 25, -1, 'string', 'a,"b"\nc', ''],
  ['vc', 1043, -1, 'string', 'x', ''],
  ['bp', 1042, -1, 'string', 'ab  ', '    '],
  ['c', 18, -1, 'string', 'c', ''],
  ['nm', 19, -1, 'string', 'nm', ''],
  ['en', 16385, -1, 'string', 'happy', 'sad'],
  ['by', 17, -1, 'bytes', '\\x00\\xFF', ''],
  ['d', 1082, -1, 'date', '2020-01-02', '5881580-07-11'], // the engine's JSON shows infinity so
  ['tm', 1083, -1, 'time', '24:00:00', '00:00:00.000001'],
  ['ttz', 1266, -1, 'string', '10:00:00+02', '10:00:00.5-11:30'],
  ['ts', 1114, -1, 'timestamp', 'infinity', '2020-01-02 03:04:05'],
  ['tz', 1184, -1, 'timestamptz', '2020-01-02 03:04:05.678901+00', '-infinity'],
  [
    'iv',
    1186,
    -1,
    'interval',
    { months: -1, days: 3, micros: '-14706700000' },
    { months: 1205, days: -3, micros: '108245000000' },
  ],
  ['j', 114, -1, 'json', '{"a": 1,\n "b":"x"}', 'null'],
  ['jb', 3802, -1, 'json', '{"a": 1}', '[]'],
  ['u', 2950, -1, 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000'],
  ['ia', 1016, -1, 'list<int64>', ['1', '9223372036854775807', null], []],
  ['ta', 1009, -1, 'list<string>', ['a,b', 'x"y', null, ''], []],
  ['na', 1231, -1, 'list<decimal>', 'error', []],
  ['fa', 1022, -1, 'list<float64>', [1.5, 'NaN', 'Infinity'], []],
  ['ba', 1001, -1, 'list<bytes>', ['\\x00\\xFF'], []],
  ['bla', 1000, -1, 'list<bool>', [true, false], []],
  ['tsa', 1185, -1, 'list<timestamptz>', ['2020-01-01 00:00:00+00', 'infinity'], []],
  ['da', 1182, -1, 'list<date>', ['2020-01-01'], []],
];

describe('types from PostgreSQL to DuckDB', () => {
  let duck: DuckDBConnection;
  before(async () => {
    const instance = await DuckDBInstance.create(':memory:');
    duck = await instance.connect();
    await duck.run("SET TimeZone = 'UTC'");
  });
  after(() => duck.closeSync());

  const inputs = CASES.map(([name, oid, typmod]) => {
    const column = { name, type: nativeType(oid, typmod) };
    return inputColumn(POSTGRES.columnOf(column), POSTGRES.wireOf(POSTGRES.sentColumn(column).column));
  });

  for (const [name, oid, typmod, type, first, second] of CASES)
    it(`${name}: ${type}`, async () => {
      expect(typeName(columnType(nativeType(oid, typmod)))).to.equal(type);
      const read = async (where: string): Promise<readonly unknown[]> => {
        giveInputs(duck, [{ columns: inputs, bytes: ROWS }]);
        const sql = `SELECT ${quoteName(name)} FROM (${inputSelect(inputs, 0)}) ${where}`;
        return (await duck.runAndReadAll(sql)).getRowsJson().map((row) => row[0]);
      };
      if (first === 'error') {
        const failed = await read('').catch((thrown: unknown) => String(thrown));
        expect(failed).to.match(/Could not convert string "NaN" to DECIMAL/);
        expect(await read("WHERE s IS NULL OR s = ''")).to.deep.equal([second, null]);
      } else expect(await read('')).to.deep.equal([first, second, null]);
    });

  it('refuses arrays of several dimensions and dates before Christ in them, rather than changing them', async () => {
    const list = inputColumn({ name: 'a', type: columnType(nativeType(1009)) }, 'text').expression!;
    const nested = await duck.run(`SELECT ${list} FROM (SELECT '[["a"],["b"]]' AS a)`).catch(String);
    expect(nested).to.match(/column a holds an array of several dimensions/);
    const dates = inputColumn({ name: 'a', type: columnType(nativeType(1182)) }, 'text').expression!;
    const ancient = await duck.run(`SELECT ${dates} FROM (SELECT '["0044-03-15 BC"]' AS a)`).catch(String);
    expect(ancient).to.match(/Conversion Error/);
  });

  it('asks the database for lists as JSON and expects it to describe them so', () => {
    const columns = [{ name: 'tags', type: nativeType(1009) }];
    const { sources, worker } = planOf('select tags from t', columns, { throughWorker: true });
    const source = sources[0]!;
    expect(source.sql).to.equal(
      'select array_to_json(CAST("tags" AS text[])) as "tags" from (\nselect tags from t\n) as "source"',
    );
    expect(source.databaseColumns).to.deep.equal([{ name: 'tags', type: nativeType(114) }]);
    expect(worker!.sql).to.equal('SELECT * FROM input');
  });
});
