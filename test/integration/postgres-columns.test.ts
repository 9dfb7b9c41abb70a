/**
 * Columns of each type as stages in the database see them, and as the stage engine reads them from COPY's text: the
 * same values. Types of extensions and users are carried as their text.
 */
import { expect } from 'chai';
import pg from 'pg';
import { typeName } from '../../core/protocol/types.ts';
import { canonicalColumn } from '../../language/dialects/postgres/columns.ts';
import { POSTGRES } from '../../language/dialects/postgres/source.ts';
import { declaredColumn, postgresNameFits } from '../../language/dialects/postgres/sql.ts';
import { databaseColumnToColumn, nativeType } from '../../language/dialects/postgres/types.ts';
import { testDatabase } from '../support/database.ts';

/** An expression, and the text of its value in stages. */
const CASES: readonly (readonly [sql: string, text: string | null, type: string])[] = [
  ['7::int2', '7', 'int64'],
  ["'-2147483648'::int4", '-2147483648', 'int64'],
  ['4294967295::oid', '4294967295', 'int64'],
  ['1.1::float4', '1.1', 'float64'],
  ["'-0'::float8", '-0', 'float64'],
  ["'NaN'::float4", 'NaN', 'float64'],
  ["'ab'::char(4)", 'ab  ', 'string'],
  ["''::char(2)", '  ', 'string'],
  ["'x'::varchar(3)", 'x', 'string'],
  ["'n'::name", 'n', 'string'],
  [`'c'::"char"`, 'c', 'string'],
  ["'10.0.0.1'::inet", '10.0.0.1', 'string'],
  ["'10.0.0.0/8'::cidr", '10.0.0.0/8', 'string'],
  ["'08:00:2b:01:02:03'::macaddr", '08:00:2b:01:02:03', 'string'],
  ['int4range(1, 5)', '[1,5)', 'string'],
  ['point(1, 2)', '(1,2)', 'string'],
  ["B'101'", '101', 'string'],
  ["'10:00+02'::timetz", '10:00:00+02', 'string'],
  ['row(null, null)', '(,)', 'string'],
  [`'{"a":  1}'::json`, '{"a":  1}', 'json'],
  [`'{"a":  1}'::jsonb`, '{"a": 1}', 'json'],
  ['12.50::numeric', '12.5', 'decimal'],
  ['100::numeric', '100', 'decimal'],
  ['1.0000000000000000005::numeric', '1.000000000000000001', 'decimal'],
  ['1.5::numeric(10,2)', '1.50', 'decimal(10,2)'],
  ['12345::numeric(3,-2)', '12300', 'decimal(5,0)'],
  ["'infinity'::date", 'infinity', 'date'],
  ["'\\x00ff'::bytea", '\\x00ff', 'bytes'],
  ['null::int4', null, 'int64'],
  ['null::int4range', null, 'string'],
  // Only the stage engine refuses it: a test of every value would cost too much (dialects/postgres/source.ts).
  ["'NaN'::numeric(10,2)", 'NaN', 'decimal(10,2)'],
];
const FAILING = ["'NaN'::numeric", "'Infinity'::numeric", '123456789012345678901::numeric'];

describe('columns in PostgreSQL', () => {
  let client: pg.Client;
  before(async () => {
    client = new pg.Client({
      connectionString: (await testDatabase()).url,
      types: { getTypeParser: () => (text: string | Buffer) => text },
    });
    await client.connect();
    await client.query("SET timezone = 'UTC'");
  });
  after(() => client.end());

  async function declared(sql: string) {
    const described = await client.query(`SELECT ${sql} AS c LIMIT 0`);
    const field = described.fields[0]!;
    const column = { name: 'c', type: nativeType(field.dataTypeID, field.dataTypeModifier) };
    const { unusable } = canonicalColumn(column);
    const { sql: read, type } = POSTGRES.sourceColumn('s.c', column, {});
    const value = declaredColumn(read, type);
    const found = await client.query(`SELECT ${value} AS c FROM (SELECT ${sql} AS c) AS s`);
    return { found, type, unusable };
  }

  for (const [sql, text, type] of CASES)
    it(`${sql} is ${text} ${type}`, async () => {
      const { found, type: known, unusable } = await declared(sql);
      const field = found.fields[0]!;
      expect(found.rows[0].c).to.equal(text);
      expect(typeName(known)).to.equal(type);
      // The type that the database describes for the result must map to the same type of ours.
      const again = { name: 'c', type: nativeType(field.dataTypeID, field.dataTypeModifier) };
      expect(databaseColumnToColumn(again).type).to.deep.equal(known);
      expect(unusable).to.equal(null);
    });

  for (const sql of FAILING)
    it(`${sql} fails, as on its way into the stage engine`, async () => {
      const failed = await declared(sql).catch((thrown: unknown) => thrown);
      expect(failed).to.be.instanceOf(pg.DatabaseError);
      expect((failed as pg.DatabaseError).code).to.match(/^22/);
    });

  it('arrays are not used: they may have several dimensions', () => {
    const { unusable } = canonicalColumn({ name: 'c', type: nativeType(1007) });
    expect(unusable).to.match(/several dimensions/);
  });

  it('names beyond 63 bytes do not fit', () => {
    expect(postgresNameFits('a'.repeat(63))).to.equal(true);
    expect(postgresNameFits('한'.repeat(22))).to.equal(false);
  });
});
