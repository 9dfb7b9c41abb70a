import { expect } from 'chai';
import { type Answered, correctForOmission } from '../../../../loadtest/load/open-loop.ts';

const every = (intervalMs: number, endMs: number) => ({ firstDueMs: 0, intervalMs, endMs });
const latencies = (schedule: ReturnType<typeof every>, answers: Answered[]) =>
  correctForOmission(schedule, answers).map(({ dueMs, latencyMs }) => [dueMs, latencyMs]);

describe('coordinated omission', () => {
  it('leaves answers alone that came before the next request was due', () => {
    const answers = [0, 1000, 2000].map((startMs) => ({ startMs, endMs: startMs + 10 }));
    expect(latencies(every(1000, 2500), answers)).to.deep.equal([
      [0, 10],
      [1000, 10],
      [2000, 10],
    ]);
  });

  it('counts what was never sent during a stall, from when it was due', () => {
    // The answer of the second request took 3.5 s; then the connection sent at once.
    const answers = [
      { startMs: 0, endMs: 10 },
      { startMs: 1000, endMs: 4500 },
      { startMs: 4500, endMs: 4510 },
      { startMs: 5000, endMs: 5010 },
    ];
    expect(latencies(every(1000, 5500), answers)).to.deep.equal([
      [0, 10],
      [1000, 3500],
      [2000, 2510],
      [3000, 1510],
      [4000, 510],
      [5000, 10],
    ]);
  });

  it('shows in the percentiles what plain latencies hide', () => {
    const before = Array.from({ length: 50 }, (_, index) => index * 100);
    const answers = before.map((startMs) => ({ startMs, endMs: startMs + 5 }));
    answers.push({ startMs: 5000, endMs: 10_000 });
    const slow = correctForOmission(every(100, 10_000), answers).filter(({ latencyMs }) => latencyMs > 1000);
    expect(answers.filter(({ startMs, endMs }) => endMs - startMs > 1000)).to.have.length(1);
    expect(slow).to.have.length(40);
  });

  it('counts what has no answer at the end as lasting until then', () => {
    const slots = correctForOmission(every(1000, 3500), [{ startMs: 0, endMs: 20 }]);
    expect(slots.map(({ latencyMs, answered }) => [latencyMs, answered])).to.deep.equal([
      [20, true],
      [2500, false],
      [1500, false],
      [500, false],
    ]);
  });

  it('does not take a drifting timer for latency', () => {
    const answers = [0, 1004, 2009, 3015].map((startMs) => ({ startMs, endMs: startMs + 5 }));
    expect(latencies(every(1000, 3500), answers).map(([, ms]) => ms)).to.deep.equal([5, 5, 5, 5]);
  });
});
