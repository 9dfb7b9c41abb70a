import { expect } from 'chai';
import { median, percentile, percentiles, spread } from '../../../../loadtest/measure/statistics.ts';

describe('statistics of the load test', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it('a percentile is the nearest rank: a value that was measured', () => {
    expect(percentiles(hundred, [0, 1, 50, 99, 99.9, 100])).to.deep.equal([1, 1, 50, 99, 100, 100]);
    expect(percentile([7], 99)).to.equal(7);
    expect(percentile([10, 20], 50)).to.equal(10);
  });

  it('sorts as numbers, and leaves the list as it is', () => {
    const values = [10, 9, 100];
    expect(percentile(values, 100)).to.equal(100);
    expect(median(values)).to.equal(10);
    expect(values).to.deep.equal([10, 9, 100]);
  });

  it('the median of an even number is between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).to.equal(2.5);
  });

  it('nothing measured is not a number, which holds no target', () => {
    expect(median([])).to.be.NaN;
    expect(percentile([], 50)).to.be.NaN;
  });

  it('spread is the largest distance from the median, as a share of it', () => {
    expect(spread([90, 100, 125])).to.equal(0.25);
  });
});
