import { expect } from 'chai';
import { decideRecycle, type RecycleRow, toleranceOf } from '../../../../monitor/pools/recycle.ts';

const policy = { maxQueriesPerWorker: 100, maxAgeMs: 60_000, maxRssBytes: 1000 };

function row(workerId: string, changes: Partial<RecycleRow> = {}): RecycleRow {
  return {
    workerId,
    ready: true,
    leaving: false,
    ageMs: 1000,
    queriesServed: 5,
    rssBytes: 100,
    tolerance: 1,
    ...changes,
  };
}

describe('recycling of SQL workers', () => {
  it('leaves the young alone', () => {
    expect(decideRecycle([row('a'), row('b')], policy)).to.equal(null);
  });

  it('replaces one by queries, age or memory', () => {
    const limitOf = (changes: Partial<RecycleRow>) => decideRecycle([row('a', changes)], policy)?.limit;
    expect(limitOf({ queriesServed: 99 })).to.equal(undefined);
    expect(limitOf({ queriesServed: 100 })).to.equal('queries');
    expect(limitOf({ ageMs: 60_000 })).to.equal('age');
    expect(limitOf({ rssBytes: 1000 })).to.equal('rss');
    expect(limitOf({ rssBytes: null })).to.equal(undefined);
  });

  it('takes the one that is furthest over its limit', () => {
    const rows = [row('a', { queriesServed: 110 }), row('b', { ageMs: 90_000 })];
    expect(decideRecycle(rows, policy)).to.deep.equal({
      workerId: 'b',
      limit: 'age',
      reason: 'is 90 s old',
    });
  });

  it('one at a time, and only when all others work', () => {
    const worn = row('a', { queriesServed: 1000 });
    expect(decideRecycle([worn, row('b', { leaving: true })], policy)).to.equal(null);
    expect(decideRecycle([worn, row('b', { ready: false })], policy)).to.equal(null);
    expect(decideRecycle([worn, row('b')], policy)?.workerId).to.equal('a');
  });

  it('gives each worker limits of its own, 10 % around', () => {
    expect([0, 0.5, 1].map(toleranceOf)).to.deep.equal([0.9, 1, 1.1]);
    expect(decideRecycle([row('a', { queriesServed: 90, tolerance: 0.9 })], policy)?.limit).to.equal(
      'queries',
    );
    expect(decideRecycle([row('a', { queriesServed: 109, tolerance: 1.1 })], policy)).to.equal(null);
  });
});
