/** Every key that JSON can have is found by `->`, `->>` and `parse ... as json`, and only that key. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { nativeType } from '../../../language/dialects/postgres/types.ts';
import { openDuckDb, planOf } from './run-plan.ts';

const KEYS = [
  ...[
    '',
    ' ',
    'a',
    'a b',
    'a.b',
    '.',
    '..',
    'a"b',
    '"',
    '"a"',
    'a\\b',
    '\\',
    '\\"',
    '*',
    '**',

    '/',
    'a/b',
    '//',
    '~',
    '~0',
    '~1',
  ],
  ...[
    '0',
    '1',
    '-1',
    '-',
    '00',
    '[0]',
    '[*]',
    '#',
    '@',
    "'",
    'é',
    '한',
    '😀',
    'a\nb',
    '\t',
    '\u0001',
    'x'.repeat(300),
  ],
];
const OTHERS = { other: 'wrong', zz: ['wrong'] };
const TEXT_COLUMN = [{ name: 't', type: nativeType(25) }];
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

describe('keys of JSON', function () {
  this.timeout(60_000);
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  async function found(stage: string, document: unknown): Promise<unknown> {
    const worker = planOf(`select t from x | ${stage}`, TEXT_COLUMN).worker!;
    await duck.run(`CREATE OR REPLACE TEMP TABLE input AS SELECT ${quoted(JSON.stringify(document))} AS t`);
    return (await duck.runAndReadAll(worker.sql)).getRowsJson()[0]!.at(-1);
  }

  it('any text is a key', async () => {
    for (const key of KEYS) {
      const document = { ...OTHERS, [key]: 'hit' };
      expect(await found(`eval v = t ->> ${quoted(key)}`, document), JSON.stringify(key)).to.equal('hit');
      expect(await found(`eval v = t -> ${quoted(key)}`, document), JSON.stringify(key)).to.equal('"hit"');
      expect(await found(`eval v = json_extract_string(t, ${quoted(key)})`, OTHERS)).to.equal(null);
    }
  });

  it('a key is no place in an array, and a place is no key', async () => {
    expect(await found("eval v = t ->> '0'", [5, 6])).to.equal(null);
    expect(await found("eval v = t ->> '0'", { '0': 'hit' })).to.equal('hit');
    expect(await found('eval v = t ->> 1', [5, 6])).to.equal('6');
    expect(await found("eval v = t ->> '$[18446744073709551616]'", [5, 6])).to.equal(null);
  });

  it('paths have keys in quotes, empty ones too', async () => {
    const document = { a: [{ '': { 'b c': 'hit' } }], '*': { x: 'star' } };
    expect(await found(`eval v = t ->> '$.a[0].""."b c"'`, document)).to.equal('hit');
    expect(await found(`eval v = t ->> '$."*".x'`, document)).to.equal('star');
    expect(await found(`eval v = t ->> '$."$a"'`, { $a: 'hit' })).to.equal('hit');
    expect(await found("eval v = t -> '$'", { a: 1 })).to.equal('{"a":1}');
  });

  it('parse reads them as well', async () => {
    expect(await found("parse t as json 'a..b as v'", { a: { '': { b: 'hit' } } })).to.equal('hit');
    expect(await found("parse t as json '* as v'", { '*': 'hit', b: 'x' })).to.equal('hit');
    expect(await found("parse t as json '. as v'", { '': { '': 'hit' } })).to.equal('hit');
  });
});
