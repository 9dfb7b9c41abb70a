import { expect } from 'chai';
import type { ColumnType } from '../../../../core/protocol/types.ts';
import { csvText, jsonText, type NumberStyle } from '../../../../workers/dsl/value-text.ts';
import { firstColumn, withEngine } from './support.ts';

type Case = readonly [type: ColumnType, engineValue: string, text: string | null];

const list = (of: ColumnType): ColumnType => ({ kind: 'list', of });
const freeDecimal: ColumnType = { kind: 'decimal', precision: null, scale: null };

const JSON_CASES: readonly Case[] = [
  [{ kind: 'int64' }, '9223372036854775807', '9223372036854775807'],
  [{ kind: 'int64' }, 'NULL::BIGINT', null],
  [{ kind: 'bool' }, 'true', 'true'],
  [{ kind: 'decimal', precision: 10, scale: 2 }, '2.50::DECIMAL(10, 2)', '2.50'],
  [freeDecimal, '1.2300000000::DECIMAL(38, 10)', '1.23'],
  [freeDecimal, '100::DECIMAL(38, 10)', '100'],
  [freeDecimal, '100::HUGEINT', '100'],
  [{ kind: 'float64' }, `'NaN'::DOUBLE`, '"NaN"'],
  [{ kind: 'float64' }, `'-Infinity'::DOUBLE`, '"-Infinity"'],
  [{ kind: 'string' }, `'a"\\' || chr(10) || 'é'`, '"a\\"\\\\\\né"'],
  [{ kind: 'string' }, `''`, '""'],
  [{ kind: 'bytes' }, `'\\x01\\xFF'::BLOB`, '"Af8="'],
  [{ kind: 'date' }, `DATE '2001-02-03'`, '"2001-02-03"'],
  [{ kind: 'date' }, `DATE '0044-03-15 (BC)'`, '"0044-03-15 BC"'],
  [{ kind: 'date' }, `'infinity'::DATE`, '"infinity"'],
  [{ kind: 'time' }, `TIME '10:11:12.500'`, '"10:11:12.5"'],
  [{ kind: 'timestamp' }, `TIMESTAMP '2001-01-01 10:00:00'`, '"2001-01-01T10:00:00"'],
  [{ kind: 'timestamp' }, `TIMESTAMP '2001-01-01 10:00:00.120'`, '"2001-01-01T10:00:00.12"'],
  [{ kind: 'timestamp' }, `'-infinity'::TIMESTAMP`, '"-infinity"'],
  [{ kind: 'timestamptz' }, `TIMESTAMPTZ '2001-01-01 10:00:00+02'`, '"2001-01-01T08:00:00Z"'],
  [{ kind: 'timestamptz' }, `'infinity'::TIMESTAMPTZ`, '"infinity"'],
  [{ kind: 'timestamptz' }, `TIMESTAMPTZ '0044-03-15 (BC) 10:00:00+00'`, '"0044-03-15 10:00:00+00 BC"'],
  [{ kind: 'interval' }, `INTERVAL '1 year 2 months 3 days 04:05:06.5'`, '"1 year 2 mons 3 days 04:05:06.5"'],
  [{ kind: 'interval' }, `INTERVAL '-1 month 2 days'`, '"-1 mons +2 days"'],
  [{ kind: 'interval' }, `INTERVAL '1 month -2 days 3 hours'`, '"1 mon -2 days +03:00:00"'],
  [{ kind: 'interval' }, `INTERVAL '0 days'`, '"00:00:00"'],
  [{ kind: 'json' }, `'{"a":' || chr(10) || ' 1}'`, '{"a":  1}'],
  [
    { kind: 'uuid' },
    `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID`,
    '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
  ],
  [list({ kind: 'string' }), `['x', NULL, '"']`, '["x",null,"\\""]'],
  [list({ kind: 'float64' }), `[1, 0.5, 'NaN'::DOUBLE]`, '[1,0.5,"NaN"]'],
  [list(list({ kind: 'int64' })), '[[1], [], NULL]::BIGINT[][]', '[[1],[],null]'],
  [list({ kind: 'int64' }), 'NULL::BIGINT[]', null],
];

const CSV_CASES: readonly Case[] = [
  [{ kind: 'string' }, `'plain'`, 'plain'],
  [{ kind: 'string' }, `''`, '""'],
  [{ kind: 'string' }, `'a,"b"'`, '"a,""b"""'],
  [{ kind: 'string' }, `'a' || chr(13) || 'b'`, '"a\rb"'],
  [{ kind: 'string' }, 'NULL::VARCHAR', null],
  [{ kind: 'float64' }, `'Infinity'::DOUBLE`, 'Infinity'],
  [{ kind: 'bytes' }, `''::BLOB`, '""'],
  [{ kind: 'timestamp' }, `TIMESTAMP '2001-01-01 10:00:00'`, '2001-01-01T10:00:00'],
  [{ kind: 'json' }, `'{"a": 1}'`, '"{""a"": 1}"'],
  [list({ kind: 'int64' }), '[1, 2]::BIGINT[]', '"[1,2]"'],
];

function printed(cases: readonly Case[], text: (type: ColumnType) => string): Promise<(string | null)[]> {
  return withEngine(async (connection) => {
    const texts: (string | null)[] = [];
    for (const [type, value] of cases)
      texts.push(
        ...(await firstColumn(connection, `SELECT ${text(type)} FROM (SELECT ${value} AS c0) AS r`)),
      );
    return texts;
  });
}

function json(numbers: NumberStyle): (type: ColumnType) => string {
  return (type) => jsonText(type, 'c0', numbers);
}

describe('dsl value text', () => {
  it('prints JSON', async () => {
    expect(await printed(JSON_CASES, json('number'))).to.deep.equal(JSON_CASES.map(([, , text]) => text));
  });

  it('prints CSV fields', async () => {
    expect(await printed(CSV_CASES, (type) => csvText(type, 'c0'))).to.deep.equal(
      CSV_CASES.map(([, , text]) => text),
    );
  });

  it('quotes exact numbers by type when asked to', async () => {
    const cases: Case[] = [
      [{ kind: 'int64' }, '1', '"1"'],
      [freeDecimal, '1.50::DECIMAL(38, 10)', '"1.5"'],
      [{ kind: 'float64' }, '1.5::DOUBLE', '1.5'],
      [list({ kind: 'int64' }), '[1]::BIGINT[]', '["1"]'],
    ];
    expect(await printed(cases, json('string'))).to.deep.equal(cases.map(([, , text]) => text));
  });

  it('prints doubles as PostgreSQL does: shortest, exponent below 1e-4 and from 1e15 on', async () => {
    const doubles: Readonly<Record<string, string>> = {
      '5': '5',
      '-5': '-5',
      '100000': '100000',
      '0.1': '0.1',
      '0': '0',
      '-0.0::DOUBLE * 1': '-0',
      '0.0001': '0.0001',
      '0.00001': '1e-05',
      '999999999999999': '999999999999999',
      '1e15': '1e+15',
      '-1e15': '-1e+15',
      '1234567890123456': '1.234567890123456e+15',
      '1234567890123456.5': '1.2345678901234565e+15',
      '1e16': '1e+16',
      '1e20': '1e+20',
      '1.5e300': '1.5e+300',
      '123456.789': '123456.789',
    };
    const cases = Object.entries(doubles).map(([value, text]): Case => {
      const engineValue = value.startsWith('-0.0') ? `'-0.0'::DOUBLE` : `${value}::DOUBLE`;
      return [{ kind: 'float64' }, engineValue, text];
    });
    expect(await printed(cases, json('number'))).to.deep.equal(Object.values(doubles));
  });

  it('prints any double so that it reads back as itself', async () => {
    await withEngine(async (connection) => {
      const text = jsonText({ kind: 'float64' }, 'c0', 'number');
      const values = `SELECT (random() - 0.5) * pow(10, (random() * 40 - 20)::INT) AS c0 FROM range(20000)`;
      await connection.run('SELECT setseed(0.5)');
      const wrong = await firstColumn(
        connection,
        `SELECT c0 FROM (${values}) AS r WHERE (${text})::DOUBLE IS DISTINCT FROM c0`,
      );
      expect(wrong).to.deep.equal([]);
    });
  });
});
