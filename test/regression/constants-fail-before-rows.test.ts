/** A database computed what is made of constant columns while it planned, so that a value failed there of which there was no row. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

const NO_ROWS = "select timestamp '2001-01-01' as ts, 1::bigint as id where false";
const ONE_ROW = "select timestamp '2001-01-01' as ts, 1::bigint as id";
const QUERIES: readonly (readonly [why: string, query: string])[] = [
  ['a column of the stage before', `${NO_ROWS} | eval e = '' | eval f = cast(e as bool)`],
  ['a column of an earlier stage', `${NO_ROWS} | eval e = '' | eval g = id + 1 | eval f = cast(e as bool)`],
  [
    'a column made of constant ones',
    `${NO_ROWS} | eval e = '1' | eval g = e || 'x' | eval f = cast(g as int64)`,
  ],
  ['a column under another name', `${NO_ROWS} | eval e = '' | rename e as g | eval f = cast(g as bool)`],
  ['a condition', `${NO_ROWS} | eval e = '' | where cast(e as bool)`],
  ['a part of a condition', `${ONE_ROW} | where id = 2 | eval e = '' | where id = 1 and cast(e as bool)`],
  ['an aggregate', `${NO_ROWS} | eval e = '' | stats max(cast(e as int64)) as n by id`],
  ['a window', `${NO_ROWS} | eval e = '' | eventstats max(cast(e as int64)) as n by id`],
  ['a constant key', `${NO_ROWS} | eval e = '' | stats count() as n by e | eval f = cast(e as bool)`],
  [
    'a chart without a bin',
    `${ONE_ROW} | timechart ts span=1d count() as n from='2001-01-01' to='2001-01-01' | eval e = '' | eval f = cast(e as bool)`,
  ],
];

describe('regression: constants that fail before there is a row', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  for (const [why, query] of QUERIES)
    it(`${why}: no row, no error, in both places`, async () => {
      for (const pushdown of ['auto', 'off']) {
        const { status, text, json } = await forkline.query(query, { body: { pushdown } });
        expect(status, `${pushdown}: ${text}`).to.equal(200);
        expect(json.rows).to.deep.equal([]);
      }
    });

  it('fail where there is a row, in both places', async () => {
    for (const pushdown of ['auto', 'off']) {
      const { text } = await forkline.query(`${ONE_ROW} | eval e = '' | eval f = cast(e as bool)`, {
        body: { pushdown },
      });
      expect(text, pushdown).to.include('bad-value');
    }
  });
});
