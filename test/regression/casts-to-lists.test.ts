/** `cast(x as list<...>)` was a syntax error, although answers have such types. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

describe('regression: casts to lists', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  const cases: readonly (readonly [value: string, type: string, list: unknown])[] = [
    [`'["a", 1, null, {"b": [1]}, true]'::json`, 'list<string>', ['a', '1', null, '{"b":[1]}', 'true']],
    [`'["a", null]'::jsonb`, 'text[]', ['a', null]],
    [`'[1, 9007199254740993, null]'::json`, 'list<int64>', [1, '9007199254740993', null]],
    [`'["2020-01-31"]'::json`, 'list<date>', ['2020-01-31']],
    [`'[1.5, "2.25"]'::json`, 'list<decimal(10,2)>', ['1.50', '2.25']],
    [`'[[1, 2], [], null]'::json`, 'list<list<int64>>', [[1, 2], [], null]],
    [`'[{"a": 1}, "x", null]'::json`, 'list<json>', [{ a: 1 }, 'x', null]],
    [`'[]'::json`, 'list<uuid>', []],
    [`'null'::json`, 'list<string>', null],
    [`null::json`, 'list<string>', null],
    [`array['1', ' 2 ']`, 'list<int64>', [1, 2]],
    [`array[1, null]`, 'list<string>', ['1', null]],
    [`array[1.50]`, 'list<string>', ['1.5']],
    [`array['2 months'::interval]`, 'list<string>', ['2 mons']],
    [`array['a']`, 'list<string>', ['a']],
    [`array[1, 2]`, 'bigint[]', [1, 2]],
  ];
  for (const [value, type, list] of cases)
    it(`${value} as ${type}`, async () => {
      for (const pushdown of ['auto', 'off'])
        for (const stages of [`eval x = cast(x as ${type})`, `eval x = x::${type}`, `cast x as ${type}`]) {
          const { status, json, text } = await forkline.query(`select ${value} as x | ${stages}`, {
            body: { pushdown, numbers: 'string' },
          });
          expect(status, text).to.equal(200);
          const shown = JSON.parse(JSON.stringify(list), (_, item) =>
            typeof item === 'number' && !/json/.test(type) ? String(item) : item,
          );
          expect(json.rows, `${pushdown} ${stages}`).to.deep.equal([{ x: shown }]);
        }
    });

  it('what is no list is an error that says what it is, or null', async () => {
    const failed = await forkline.query(`select '{"a": 1}'::json as x | eval x = cast(x as list<string>)`);
    expect(failed.json).to.include({ status: 422, code: 'bad-value' });
    expect(failed.json.detail).to.contain('object');
    const element = await forkline.query(`select '["a"]'::json as x | eval x = cast(x as list<int64>)`);
    expect(element.json).to.include({ status: 422, code: 'bad-value' });
    const tried = await forkline.query(
      `select '{"a": 1}'::json as x, '["a", "1"]'::json as y
       | eval x = try_cast(x as list<string>), y = try_cast(y as list<int64>)`,
    );
    expect(tried.json.rows).to.deep.equal([{ x: null, y: [null, 1] }]);
    const text = await forkline.query(`select '["a"]' as x | eval x = cast(x as list<string>)`);
    expect(text.json).to.include({ status: 400, code: 'wrong-type' });
    expect(text.json.hint).to.contain('split');
  });

  it('mistakes in the type say how to mend them', async () => {
    for (const type of [
      'list',
      'list<',
      'list<string',
      'list<nothing>',
      'text[',
      `${'list<'.repeat(20)}string${'>'.repeat(20)}`,
    ]) {
      const { json } = await forkline.query(`select array['a'] as x | eval x = cast(x as ${type})`);
      expect(json.status, type).to.equal(400);
      expect(json.hint, type).to.be.a('string');
    }
  });

  it('is formatted without blanks in the type', async () => {
    const response = await fetch(`${forkline.url}/v1/format`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: 'select 1 as x | eval y = cast( x as list < list<decimal( 10,2 ) > > ), z = x :: text [ ], b = x < 1 and x > list',
    });
    expect(((await response.json()) as { query: string }).query).to.contain(
      'eval y = cast(x as list<list<decimal(10, 2)>>), z = x::text[], b = x < 1 and x > list',
    );
  });
});
