import { expect } from 'chai';
import {
  afterFailure,
  type BrakeState,
  brakeWaitMs,
  releasedBrake,
} from '../../../../monitor/children/brake.ts';

function fail(times: readonly number[], from: BrakeState = releasedBrake): BrakeState {
  return times.reduce(afterFailure, from);
}

describe('crash brake', () => {
  it('lets four failures within 30 s pass and holds the fifth for half a second', () => {
    const four = fail([0, 1000, 2000, 3000]);
    expect(brakeWaitMs(four, 3000)).to.equal(0);
    const five = afterFailure(four, 4000);
    expect(brakeWaitMs(five, 4000)).to.equal(500);
    expect(brakeWaitMs(five, 4400)).to.equal(100);
    expect(brakeWaitMs(five, 4500)).to.equal(0);
  });

  it('does not add up failures that lie further apart than the window', () => {
    expect(brakeWaitMs(fail([0, 8000, 16_000, 24_000, 32_000]), 32_000)).to.equal(0);
  });

  it('grows by half with each further failure, up to 15 s', () => {
    let state = fail([0, 0, 0, 0, 0]);
    const waits: number[] = [];
    for (let nowMs = 0, step = 0; step < 12; step++) {
      nowMs += brakeWaitMs(state, nowMs);
      state = afterFailure(state, nowMs);
      waits.push(brakeWaitMs(state, nowMs));
    }
    expect(waits.slice(0, 3)).to.deep.equal([750, 1125, 1687.5]);
    expect(waits.at(-1)).to.equal(15_000);
  });

  it('is released by 30 s without a failure', () => {
    const braking = fail([0, 0, 0, 0, 0, 500]);
    expect(braking.delayMs).to.equal(750);
    expect(afterFailure(braking, 30_500).delayMs).to.equal(0);
    expect(afterFailure(braking, 30_499).delayMs).to.equal(1125);
  });
});
