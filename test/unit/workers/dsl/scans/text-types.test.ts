/** Tests that texts are cast by rules alone, whichever of the two ways to test them is taken. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import type { ColumnType } from '../../../../../core/protocol/types.ts';
import { quoteText } from '../../../../../language/dialects/duckdb/sql.ts';
import { badRowSql, castOfText, valueOfText } from '../../../../../workers/dsl/scans/text-types.ts';
import { openDuckDb } from '../../../language/run-plan.ts';

const TYPES: readonly ColumnType[] = [
  ...[{ kind: 'bool' as const }, { kind: 'int64' as const }, { kind: 'float64' as const }],
  ...[{ kind: 'date' as const }, { kind: 'time' as const }, { kind: 'uuid' as const }],
  ...[{ kind: 'timestamp' as const }, { kind: 'timestamptz' as const }],
  ...[
    { kind: 'decimal' as const, precision: 6, scale: 2 },
    { kind: 'decimal' as const, precision: 4, scale: 0 },
  ],
];

/** Texts that the engine casts to something, though many of them are no value by the rules. */
const TEXTS: readonly string[] = [
  ...[
    'true',
    'TRUE',
    't',
    'yes',
    '1',
    '0',
    'false',
    'on',
    '',
    ' ',
    ' 1',
    '1 ',
    '\t1',
    '1\n',
    '+1',
    '-0',
    '007',
  ],
  ...['1.5', '1.0', '1.', '.5', '1e2', '12e2', '1E2', '1e-2', '1_000', '0x10', '0b1', '9223372036854775807'],
  ...[
    '9223372036854775808',
    '-9223372036854775808',
    '99999999999999999999',
    '1234.56',
    '12345.67',
    '1.50',
    '1.500',
  ],
  ...[
    '1.234',
    '-0.00',
    '0.00',
    '00.10',
    '99999',
    '9999',
    '9999.0',
    'inf',
    '-Infinity',
    'nan',
    '-nan',
    'NaN',
    '1e400',
  ],
  ...[
    '2024-02-29',
    '2023-02-29',
    '2024-2-9',
    '2024/02/29',
    '2024-02-29 ',
    '0001-01-01',
    '0000-01-01',
    '9999-12-31',
  ],
  ...['10000-01-01', '0044-03-15 (BC)', 'infinity', '-infinity', 'epoch', '20240229', '2024-02-29 (BC)'],
  ...[
    '10:00:00',
    '10:00',
    '1:00:00',
    '24:00:00',
    '25:00:00',
    '10:00:00.5',
    '10:00:00.123456',
    '10:00:00.1234567',
  ],
  ...[
    '10:00:00+09',
    '2024-02-29 10:00:00',
    '2024-02-29T10:00:00',
    '2024-02-29 10:00',
    '2024-02-29 10:00:00.5',
  ],
  ...[
    '2024-02-29 10:00:00.500000',
    '0044-03-15 (BC) 10:00:00',
    '10000-01-01 00:00:00',
    '9999-12-31 23:59:59.999999',
  ],
  ...[
    '2024-02-29 10:00:00+00',
    '2024-02-29 10:00:00Z',
    '2024-02-29 10:00:00+09:00',
    '2024-02-29 10:00:00 UTC',
  ],
  ...['290309-12-22 (BC) 00:00:00', '1582-10-10', '6F9619FF-8B86-D011-B42D-00C04FC964FF', '한글', '１'],
  ...[
    '6f9619ff-8b86-d011-b42d-00c04fc964ff',
    '{6f9619ff-8b86-d011-b42d-00c04fc964ff}',
    '6f9619ff8b86d011b42d00c04fc964ff',
  ],
];

describe('a text of a column of a text file', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });

  for (const type of TYPES)
    it(`is ${JSON.stringify(type)} only if it is written so, as rows that are told by their places are`, async () => {
      const column = { name: 'x', type };
      const bad = badRowSql([column])!;
      let [right, wrong] = [0, 0];
      for (const text of TEXTS) {
        const from = `FROM (SELECT x, ${castOfText(column)} AS v FROM (SELECT ${quoteText(text)} AS x))`;
        const [[isBad]] = (await duck.runAndReadAll(`SELECT ${bad} ${from}`)).getRows() as [[boolean]];
        const read = await duck
          .runAndReadAll(`SELECT CAST(${valueOfText(column, 'v')} AS VARCHAR), CAST(v AS VARCHAR) ${from}`)
          .then((result) => result.getRows()[0]!, String);
        if (isBad) {
          wrong++;
          expect(read, JSON.stringify(text)).to.be.a('string').and.to.include('which is no');
        } else {
          right++;
          expect(read, JSON.stringify(text)).to.be.an('array');
          expect(read[0], JSON.stringify(text)).to.equal(read[1]).and.not.equal(null);
        }
      }
      expect(right, 'texts that are').to.be.above(0);
      expect(wrong, 'texts that are not').to.be.above(0);
    });

  it('is null where the field is', async () => {
    for (const type of TYPES) {
      const column = { name: 'x', type };
      const rows = await duck.runAndReadAll(
        `SELECT ${valueOfText(column)} FROM (SELECT CAST(NULL AS VARCHAR) AS x)`,
      );
      expect(rows.getRows()).to.deep.equal([[null]]);
    }
  });
});
