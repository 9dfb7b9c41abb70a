/** Values of the kit as bytes of the wire, against the engine's own reading of the same texts. */
import { expect } from 'chai';
import { collectBytes } from '../../../../connectors/kit/encode/byte-writer.ts';
import type { Row } from '../../../../connectors/kit/row-writer.ts';
import type { RowValue } from '../../../../connectors/kit/value-text.ts';
import { WireRowWriter } from '../../../../connectors/kit/wire-row-writer.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { Column, ColumnType } from '../../../../core/protocol/types.ts';
import { wireColumnOf } from '../../../support/wire-rows.ts';
import { readWith } from '../../workers/dsl/chunks/support.ts';
import { firstColumn, withEngine } from '../../workers/dsl/support.ts';

type Scalar = Exclude<ColumnType['kind'], 'decimal' | 'list'>;

function streamOf(columns: readonly Column[], rows: readonly Row[]): Buffer {
  return collectBytes((writer) => {
    const wire = new WireRowWriter(columns, writer);
    wire.begin();
    for (const row of rows) wire.write(row);
    wire.end();
  });
}

/** Fails unless the engine reads the values as it reads `texts`, each cast to its own type. */
async function expectRead(
  type: ColumnType,
  engineType: string,
  values: readonly RowValue[],
  texts = values.map(String),
): Promise<void> {
  const column: Column = { name: 'x', type };
  const stream = streamOf(
    [column],
    values.map((value) => [value]),
  );
  await withEngine(async (connection) => {
    const list = texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
    const wanted = await firstColumn(
      connection,
      `SELECT CAST(CAST(unnest([${list}]) AS ${engineType}) AS VARCHAR)`,
    );
    const rows = await readWith(connection, [wireColumnOf(column)], stream, {
      sql: 'SELECT CAST(x AS VARCHAR) FROM ($rows)',
    });
    expect(rows.map(([value]) => value)).to.deep.equal(wanted);
  });
}

const scalar = (kind: Scalar): ColumnType => ({ kind });
const decimal = (precision: number, scale: number): ColumnType => ({ kind: 'decimal', precision, scale });

describe('values on the wire', () => {
  it('hold integers up to both ends', async () => {
    const values = [
      0,
      -1,
      1,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
      2n ** 63n - 1n,
      -(2n ** 63n),
    ];
    await expectRead(scalar('int64'), 'BIGINT', values);
    expect(() => streamOf([{ name: 'x', type: scalar('int64') }], [[2n ** 63n]])).to.throw();
  });

  it('hold the digits of decimals', async () => {
    const digits = ['0', '-0', '0.5', '.5', '7.', '-0.001', '123456789.12', '0009', '10000', '99999999.999'];
    await expectRead(decimal(20, 3), 'DECIMAL(20,3)', [...digits, 42, -3n], [...digits, '42', '-3']);
    const long = ['12345678901234567890.123456789012345678', '-0.000000000000000001', '10000000000000000000'];
    await expectRead({ kind: 'decimal', precision: null, scale: null }, 'DECIMAL(38,18)', long);
  });

  it('hold moments with their fractions and zones', async () => {
    const dates = [
      '1970-01-01',
      '2000-02-29',
      '1900-03-01',
      '0001-01-01',
      '9999-12-31',
      '10000-01-01',
      'infinity',
      '-infinity',
    ];
    await expectRead(scalar('date'), 'DATE', dates);
    await expectRead(scalar('time'), 'TIME', ['00:00:00', '23:59:59.999999', '10:00:00.5', '07:30']);
    const times = [
      '1999-12-31 23:59:59.999999',
      '2024-02-29T10:00:00',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59.1',
    ];
    await expectRead(scalar('timestamp'), 'TIMESTAMP', [...times, 'infinity', '-infinity']);
    const instants = [
      '2024-02-29 10:00:00+00',
      '2024-02-29 10:00:00.25+05:30',
      '0001-01-02 00:00:00-03',
      '2024-01-01T00:00:00Z',
    ];
    await expectRead(scalar('timestamptz'), 'TIMESTAMPTZ', [...instants, 'infinity']);
  });

  it('hold the three parts of an interval', async () => {
    const texts = [
      '00:00:00',
      '1 year 2 mons 3 days 04:05:06.789',
      '-1 years -2 mons',
      '3 days -00:00:01',
      '100:00:00',
    ];
    await expectRead(scalar('interval'), 'INTERVAL', texts);
    await expectRead(scalar('interval'), 'INTERVAL', ['-1 days +02:03:00'], ['-1 days 02:03:00']);
  });

  it('hold texts, bytes and uuids', async () => {
    await expectRead(scalar('string'), 'VARCHAR', [
      '',
      'a',
      'twelve bytes',
      'thirteen byte',
      '한글 😀',
      'x'.repeat(70_000),
    ]);
    await expectRead(scalar('uuid'), 'UUID', [
      '0f14d0ab-9605-4a62-a9e4-5ed26688389b',
      'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF',
    ]);
    await expectRead(scalar('bytes'), 'BLOB', [new Uint8Array([0, 255])], ['\\x00\\xFF']);
  });

  it('refuse a text that is no value of its type, and name the column', () => {
    const bad: readonly (readonly [ColumnType, readonly string[]])[] = [
      [scalar('date'), ['', 'x', '2023-02-29', '2023-13-01', '0000-01-01', '2023-01-01 00:00:00']],
      [scalar('time'), ['', '24:00:01', '10:60', '10:00:60', '10:00:00.1234567', '-01:00']],
      [scalar('timestamp'), ['2023-01-01', '2023-01-01 25:00', '2023-02-30 00:00', '2023-01-01 00:00Z']],
      [scalar('timestamptz'), ['2023-01-01 00:00:00', '2023-01-01 00:00:00+1']],
      [scalar('interval'), ['', 'x', '1 fortnight', '99999999999 years']],
      [scalar('uuid'), ['', '0f14d0ab-9605-4a62-a9e4-5ed26688389']],
      [decimal(5, 2), ['', '.', '-', '1e5', '0x1', '1.2.3']],
    ];
    for (const [type, texts] of bad)
      for (const text of texts) {
        const write = (): Buffer => streamOf([{ name: 'the column', type }], [[text]]);
        expect(write, `${type.kind} ${text}`)
          .to.throw(QueryError, `column the column: '${text}' is not a valid ${type.kind}`)
          .with.property('code', 'bad-value');
      }
  });
});
