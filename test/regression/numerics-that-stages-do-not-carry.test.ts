/**
 * A numeric without a size that stages do not carry was 422 with its column in a worker, and in the database 400 "invalid input
 * syntax for type bigint": a word about our own SQL.
 */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

const CARRIED = [
  '-99999999999999999999.9999999999999999994',
  '99999999999999999999.9999999999999999994',
  '0',
  'null',
  '1e-25',
];
const NOT_CARRIED = [
  "'NaN'",
  "'Infinity'",
  "'-Infinity'",
  '1e20',
  '-1e20',
  '99999999999999999999.9999999999999999995',
];

describe('regression: numerics that stages do not carry', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  const ask = (pushdown: string, value: string, stage: string) =>
    forkline.query(`set pushdown = ${pushdown}; select (${value})::numeric as "my n", 1 as a ${stage}`);

  for (const stage of ['| where a = 1', '| stats max("my n") as m', '| sort "my n" | fields "my n"']) {
    for (const value of NOT_CARRIED)
      it(`${value} ${stage}: the same error wherever it runs`, async () => {
        for (const pushdown of ['auto', 'off']) {
          const { status, json } = await ask(pushdown, value, stage);
          expect([status, json.code], pushdown).to.deep.equal([422, 'bad-value']);
          expect(json.detail, pushdown).to.match(/^column my n\b.*/);
          expect(json.hint, pushdown).to.include('a numeric without a size has 20 digits before the point');
        }
      });

    it(`${stage}: what they carry is the same wherever it runs`, async () => {
      for (const value of CARRIED) {
        const [there, here] = [await ask('auto', value, stage), await ask('off', value, stage)];
        expect(there.status, there.text).to.equal(200);
        const rows = (text: string) => /"rows":.*?"rowCount"/.exec(text)![0];
        expect(rows(there.text), value).to.equal(rows(here.text));
      }
    });
  }

  it('rows that nobody looks at do not fail in the database', async () => {
    const query =
      "select case when i = 2 then 'NaN'::numeric else i end as n from generate_series(1, 2) i | head 1";
    expect((await forkline.query(query)).json.rows).to.deep.equal([{ n: 1 }]);
  });
});
