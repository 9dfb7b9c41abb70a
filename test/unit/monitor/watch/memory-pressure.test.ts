import { expect } from 'chai';
import {
  type Candidate,
  calm,
  decidePressure,
  type PressureState,
} from '../../../../monitor/watch/memory-pressure.ts';

const policy = { stopForkPercent: 80, killPercent: 90, settleMs: 5000 };
const MIB = 1024 ** 2;
const small: Candidate = { workerId: 'dsl-1', queryId: 'small', rssBytes: 100 * MIB };
const big: Candidate = { workerId: 'dsl-2', queryId: 'big', rssBytes: 300 * MIB };

function decide(
  state: PressureState,
  percent: number,
  options: { endingOne?: boolean; nowMs?: number } = {},
) {
  const { endingOne = false, nowMs = 0 } = options;
  const reading = { usedBytes: percent, totalBytes: 100, source: 'meminfo' as const };
  return decidePressure(state, reading, [small, big], endingOne, policy, nowMs);
}

const at = (level: PressureState['level'], lastVictimAtMs: number | null = null): PressureState => ({
  level,
  lastVictimAtMs,
});

describe('memory pressure', () => {
  it('is none below the first threshold', () => {
    expect(decide(calm, 79.9)).to.deep.equal({ state: calm, mayFork: true, victim: null });
  });

  it('stops forking from the first threshold on, and ends nothing', () => {
    expect(decide(calm, 80)).to.deep.equal({ state: at('high'), mayFork: false, victim: null });
    expect(decide(calm, 89.9).victim).to.equal(null);
  });

  it('forks again only well below it, so that it does not flicker', () => {
    expect(decide(at('high'), 76).mayFork).to.equal(false);
    expect(decide(at('high'), 74.9)).to.deep.include({ state: at('normal'), mayFork: true });
  });

  it('ends the biggest query from the second threshold on, and says why', () => {
    const { victim, mayFork, state } = decide(calm, 91, { nowMs: 7 });
    expect(victim?.workerId).to.equal('dsl-2');
    expect(victim?.reason).to.equal(
      'the server is short of memory (91 % in use), and this query was the biggest with 300 MiB',
    );
    expect(mayFork).to.equal(false);
    expect(state).to.deep.equal(at('critical', 7));
  });

  it('ends one at a time: not while one is on its way out, nor before the memory had time to come back', () => {
    expect(decide(calm, 95, { endingOne: true }).victim).to.equal(null);
    expect(decide(at('critical', 0), 95, { nowMs: 4999 }).victim).to.equal(null);
    expect(decide(at('critical', 0), 95, { nowMs: 5000 }).victim?.queryId).to.equal('big');
  });

  it('has nobody to end when no query runs', () => {
    const reading = { usedBytes: 99, totalBytes: 100, source: 'cgroup-v2' as const };
    const decision = decidePressure(calm, reading, [], false, policy, 0);
    expect(decision).to.deep.equal({ state: at('critical'), mayFork: false, victim: null });
  });

  it('decides nothing without a reading', () => {
    expect(decidePressure(at('high'), null, [big], false, policy, 0)).to.deep.equal({
      state: at('high'),
      mayFork: false,
      victim: null,
    });
    expect(decidePressure(calm, null, [big], false, policy, 0).mayFork).to.equal(true);
  });
});
