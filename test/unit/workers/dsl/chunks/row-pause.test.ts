import { expect } from 'chai';
import { RowPause } from '../../../../../workers/dsl/chunks/row-pause.ts';

const LATE = 1000;

describe('the sleep of the engine between rows', () => {
  it('grows with the time that the query takes, to four milliseconds at first', () => {
    const pause = new RowPause();
    expect([0, 9, 20, 39, 40, LATE].map((elapsed) => pause.milliseconds(elapsed))).to.deep.equal([
      1, 1, 2, 3, 4, 4,
    ]);
  });

  it('is shorter while more comes in it than is kept ready, and longer again when little comes', () => {
    expect(sleepsAfter(['full', 'full', 'full', 3, 1, 0, 0])).to.deep.equal([2, 1, 1, 1, 2, 4, 5]);
  });

  it('grows to twelve milliseconds while little comes, and goes back to four when much does', () => {
    expect(sleepsAfter([2, 1, 2, 3, 2, 4, 5, 6])).to.deep.equal([5, 6, 7, 7, 8, 4, 4, 4]);
    expect(sleepsAfter(Array.from({ length: 20 }, () => 1)).at(-1)).to.equal(12);
  });
});

/** The sleeps of a query of long ago, after each of these numbers of chunks that came in one. */
function sleepsAfter(came: readonly (number | 'full')[]): number[] {
  const pause = new RowPause();
  return came.map((chunks) => {
    pause.ended(chunks === 'full', chunks === 'full' ? 6 : chunks);
    return pause.milliseconds(LATE);
  });
}
