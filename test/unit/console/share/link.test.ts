import { expect } from 'chai';
import fc from 'fast-check';
import { fragmentOf, readFragment } from '../../../../console/share/link.ts';

const SHARED = {
  query: "select '한글 & + % #' | where a = :p -- 100%",
  connection: 'main & co',
  params: { p: '"5"', ü: '' },
  ofModel: ['p', 'ü'],
  chart: { kind: 'bar' as const, x: 'hour', y: ['a', 'b'], series: null },
  view: 'chart' as const,
};

describe('a link', () => {
  it('holds all that belongs to a query', () => {
    expect(readFragment(fragmentOf(SHARED))).to.deep.equal(SHARED);
    const bare = { query: 'select 1', connection: null, params: {}, ofModel: [], chart: null, view: null };
    expect(readFragment(fragmentOf(bare))).to.deep.equal(bare);
  });

  it('holds any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (query) => {
        expect(readFragment(fragmentOf({ ...SHARED, query }))?.query).to.equal(query);
      }),
    );
  });

  for (const chart of [
    'no json',
    'null',
    '[]',
    '{"kind":"pie","x":"a","y":["b"]}',
    '{"kind":"bar","x":1,"y":["b"]}',
    '{"kind":"bar","x":"a","y":[1]}',
  ])
    it(`leaves out a chart that is none: ${chart}`, () => {
      expect(readFragment(`#q=x&chart=${encodeURIComponent(chart)}`)).to.deep.include({
        query: 'x',
        chart: null,
      });
    });

  it('is none without a query', () => {
    for (const fragment of ['', '#', '#top', '#c=main']) expect(readFragment(fragment)).to.equal(null);
    expect(readFragment('#q=x&view=server')).to.deep.include({ view: null });
  });
});
