import { expect } from 'chai';
import { chartData, fittingChart } from '../../../../console/chart/chart-data.ts';
import { RowStore } from '../../../../console/rows/row-store.ts';

function columns(...named: readonly string[]) {
  return named.map((one) => {
    const [name, type] = one.split(':');
    return { name: name!, type: type! };
  });
}

function storeOf(rows: readonly (readonly unknown[])[]): RowStore {
  const store = new RowStore();
  store.append(new TextEncoder().encode(`${JSON.stringify({ columns: [], rows })}`));
  return store;
}

describe('fittingChart', () => {
  const cases = [
    ['a time', ['at:timestamp', 'n:int64'], { kind: 'line', x: 'at', y: ['n'], series: null }],
    [
      'a time and a category',
      ['at:date', 'who:string', 'n:float64'],
      { kind: 'line', x: 'at', y: ['n'], series: 'who' },
    ],
    ['a category', ['who:string', 'n:decimal(5,2)'], { kind: 'bar', x: 'who', y: ['n'], series: null }],
    ['a whole number', ['hour:int64', 'n:float64'], { kind: 'bar', x: 'hour', y: ['n'], series: null }],
    ['a fraction', ['x:float64', 'n:float64'], { kind: 'line', x: 'x', y: ['n'], series: null }],
    ['one number', ['n:int64'], null],
    ['no number', ['who:string'], null],
    ['no column', [], null],
  ] as const;
  for (const [name, given, expected] of cases)
    it(`fits ${name}`, () => {
      expect(fittingChart(columns(...given))).to.deep.equal(expected);
    });
});

describe('chartData', () => {
  it('orders times, and reads one without a zone as its digits', () => {
    const data = chartData(
      { kind: 'line', x: 'at', y: ['n'], series: null },
      columns('at:timestamp', 'n:int64'),
      storeOf([
        ['2001-01-02T00:00:00', '2'],
        ['2001-01-01T00:00:00', '1'],
      ]),
    );
    expect(data.isTime).to.equal(true);
    expect(data.x).to.deep.equal([Date.UTC(2001, 0, 1) / 1000, Date.UTC(2001, 0, 2) / 1000]);
    expect(data.series).to.deep.equal([{ name: 'n', values: [1, 2] }]);
  });

  it('makes a series of each value of a category, with gaps where there is none', () => {
    const data = chartData(
      { kind: 'bar', x: 'day', y: ['n'], series: 'who' },
      columns('day:string', 'who:string', 'n:int64'),
      storeOf([
        ['mon', 'a', '1'],
        ['mon', 'b', '2'],
        ['tue', 'b', '3'],
        ['wed', null, null],
      ]),
    );
    expect(data.labels).to.deep.equal(['mon', 'tue', 'wed']);
    expect(data.series).to.deep.equal([
      { name: 'a', values: [1, null, null] },
      { name: 'b', values: [2, 3, null] },
    ]);
  });

  it('says how much it leaves out', () => {
    const rows = Array.from({ length: 30 }, (_, index) => ['x', `s${index}`, '1']);
    const data = chartData(
      { kind: 'bar', x: 'day', y: ['n'], series: 'who' },
      columns('day:string', 'who:string', 'n:int64'),
      storeOf(rows),
    );
    expect([data.series.length, data.leftOutSeries, data.leftOutRows]).to.deep.equal([12, 18, 0]);
  });

  it('orders bars over numbers by the numbers, and leaves null out', () => {
    const data = chartData(
      { kind: 'bar', x: 'hour', y: ['n'], series: null },
      columns('hour:int64', 'n:float64'),
      storeOf([
        ['10', '1'],
        ['9', '2'],
        [null, '3'],
      ]),
    );
    expect(data.labels).to.deep.equal(['9', '10']);
    expect(data.series).to.deep.equal([{ name: 'n', values: [2, 1] }]);
  });

  it('draws nothing of no rows', () => {
    const data = chartData(
      { kind: 'bar', x: 'a', y: ['n'], series: null },
      columns('a:string', 'n:int64'),
      storeOf([]),
    );
    expect([data.x, data.series]).to.deep.equal([[], []]);
  });
});
