import { expect } from 'chai';
import { ColumnPlaces, RowPlaces } from '../../../../console/grid/visible.ts';

describe('RowPlaces', () => {
  it('shows the rows at a place', () => {
    const places = new RowPlaces(1000, 26, 260);
    expect(places.visible(0, 2).map(({ index }) => index)).to.deep.equal([...Array(12).keys()]);
    expect(places.visible(26 * 500, 0)[0]).to.deep.equal({ index: 500, start: 26 * 500, size: 26 });
    expect(places.scrolledTo(0, 26 * 500)).to.equal(0);
    expect(places.scrolledTo(505, 26 * 500)).to.equal(26 * 500);
    expect(places.scrolledTo(999, 0)).to.equal(26 * 1000 - 260);
  });

  for (const count of [500_000, 1_000_000, 50_000_000])
    it(`reaches the first and the last of ${count} rows`, () => {
      const places = new RowPlaces(count, 26, 300);
      expect(places.total).to.be.at.most(12_000_000);
      for (const row of [0, 1, Math.floor(count / 2), count - 2, count - 1]) {
        const scrolled = places.scrolledTo(row, places.total / 3);
        expect(scrolled).to.be.within(0, places.total - 300 + 0.001);
        const shown = places.visible(scrolled, 0).find(({ index }) => index === row);
        expect(shown, `row ${row}`).to.not.equal(undefined);
        expect(shown!.start - scrolled).to.be.within(-0.01, 300 - 26 + 0.01);
      }
    });

  it('shows nothing of no rows', () => {
    expect(new RowPlaces(0, 26, 300).visible(0, 5)).to.deep.equal([]);
  });
});

describe('ColumnPlaces', () => {
  it('shows the columns at a place', () => {
    const places = new ColumnPlaces([100, 50, 200, 100]);
    expect(places.total).to.equal(450);
    expect(places.visible(0, 120, 0).map(({ index }) => index)).to.deep.equal([0, 1]);
    expect(places.visible(160, 100, 0)).to.deep.equal([{ index: 2, start: 150, size: 200 }]);
    expect(places.scrolledTo(3, 0, 120)).to.equal(330);
    expect(places.scrolledTo(2, 0, 120)).to.equal(150);
    expect(new ColumnPlaces([]).visible(0, 100, 1)).to.deep.equal([]);
  });
});
