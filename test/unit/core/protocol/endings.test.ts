import { expect } from 'chai';
import { causeOf } from '../../../../core/protocol/endings.ts';
import { START_BUCKETS_MS } from '../../../../core/protocol/monitor.ts';
import { StatsBook } from '../../../../monitor/children/stats.ts';

const facts = { code: null, signal: null, decided: null, failure: null };

describe('causes of ends', () => {
  it('are the decision, else what happened', () => {
    const decided = { cause: 'deadline' as const, reason: 'late' };
    expect(causeOf({ ...facts, decided, signal: 'SIGKILL' })).to.equal('deadline');
    expect(causeOf({ ...facts, code: 70, failure: 'no database' })).to.equal('failed-start');
    expect(causeOf({ ...facts, signal: 'SIGSEGV' })).to.equal('signal');
    expect(causeOf({ ...facts, code: 134 })).to.equal('error-exit');
    expect(causeOf({ ...facts, code: 0 })).to.equal('exit');
  });

  it('are counted by role, forced ones as kills too', () => {
    const book = new StatsBook();
    book.ended('dsl', 'deadline', true);
    book.ended('dsl', 'deadline', true);
    book.ended('sql', 'exit', false);
    const { ends, kills } = book.snapshot();
    expect(ends).to.deep.equal([
      { role: 'dsl', cause: 'deadline', count: 2 },
      { role: 'sql', cause: 'exit', count: 1 },
    ]);
    expect(kills).to.deep.equal([{ role: 'dsl', cause: 'deadline', count: 2 }]);
  });

  it('stand beside the times of starts, in cumulative buckets', () => {
    const book = new StatsBook();
    for (const ms of [60, 150, 1e6]) book.started('dsl', ms);
    const [starts] = book.snapshot().starts;
    expect(starts).to.include({ role: 'dsl', count: 3, totalMs: 1_000_210 });
    expect(starts?.buckets).to.deep.equal(
      START_BUCKETS_MS.map((limitMs) => [60, 150, 1e6].filter((ms) => ms <= limitMs).length),
    );
  });
});
