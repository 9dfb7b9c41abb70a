import { expect } from 'chai';
import { RowPause } from '../../../../../workers/dsl/chunks/row-pause.ts';

const LATE = 1000;

describe('the sleep of the engine between rows', () => {
  it('grows with the time that the query takes, to four milliseconds', () => {
    const pause = new RowPause();
    expect([0, 9, 20, 39, 40, LATE].map((elapsed) => pause.milliseconds(elapsed))).to.deep.equal([
      1, 1, 2, 3, 4, 4,
    ]);
  });

  it('is shorter while more comes in it than is kept ready, and longer again when little comes', () => {
    const pause = new RowPause();
    const sleeps = (['full', 'full', 'full', 3, 1, 0, 0] as const).map((came) => {
      pause.ended(came === 'full', came === 'full' ? 6 : came);
      return pause.milliseconds(LATE);
    });
    expect(sleeps).to.deep.equal([2, 1, 1, 1, 2, 4, 4]);
  });
});
