import { expect } from 'chai';
import {
  decideLeased,
  EXCESS_IDLE_MS,
  type LeasedPolicy,
  type LeasedRow,
  type LeasedState,
  type LeasedTable,
  nextDecisionAtMs,
  QUIET_MS,
} from '../../../../monitor/pools/leased-rules.ts';

const NOW = 1_000_000;
const policy: LeasedPolicy = {
  spares: 2,
  max: 4,
  maxQueriesPerWorker: 10,
  maxAgeMs: 3_600_000,
  maxRssBytes: 1000,
  startConcurrency: 2,
  deadlineGraceMs: 500,
};

function row(workerId: string, state: LeasedState, changes: Partial<LeasedRow> = {}): LeasedRow {
  return {
    workerId,
    state,
    startedAtMs: NOW - 5000,
    idleSinceMs: state.startsWith('idle') ? NOW - 1000 : null,
    queriesServed: state === 'idle-used' ? 1 : 0,
    rssBytes: 100,
    deadlineAtMs: state === 'leased' ? NOW + 5000 : null,
    replacing: false,
    retireNotBeforeMs: 0,
    ...changes,
  };
}

/** In the middle of work unless told otherwise. */
function table(rows: LeasedRow[], changes: Partial<LeasedTable> = {}): LeasedTable {
  return { rows, waiting: 0, lastLeaseAtMs: NOW - 10, startNotBeforeMs: 0, mayFork: true, ...changes };
}

const quiet = { lastLeaseAtMs: NOW - QUIET_MS };

/** `start`, `replace`, `retire a`, `kill a`. */
function decide(state: LeasedTable, changes: Partial<LeasedPolicy> = {}, nowMs = NOW): string[] {
  return decideLeased(state, { ...policy, ...changes }, nowMs).map((decision) =>
    decision.type === 'start'
      ? decision.replacing
        ? 'replace'
        : 'start'
      : `${decision.type} ${decision.workerId}`,
  );
}

describe('rules of the DSL stock', () => {
  describe('when memory is short', () => {
    const short = { mayFork: false };

    it('starts the first worker and no other, whoever waits', () => {
      expect(decide(table([], short))).to.deep.equal(['start']);
      expect(decide(table([row('a', 'leased')], { ...short, waiting: 3 }))).to.deep.equal([]);
    });

    it('replaces nothing for freshness', () => {
      const rows = [row('a', 'idle-used'), row('b', 'idle-used')];
      expect(decide(table(rows, { ...quiet, ...short }), { max: 2 })).to.deep.equal([]);
    });
  });

  describe('scaled down', () => {
    it('retires idle ones until the maximum holds, the most used first, and no leased one', () => {
      const rows = [row('a', 'idle-fresh'), row('b', 'idle-used'), row('c', 'leased'), row('d', 'leased')];
      expect(decide(table(rows), { max: 3 })).to.deep.equal(['retire b']);
      expect(decide(table(rows.slice(2)), { max: 1 })).to.deep.equal([]);
    });

    it('counts those that are being killed as gone', () => {
      const rows = [row('a', 'idle-fresh'), row('b', 'killing')];
      expect(decide(table(rows), { max: 1 })).to.deep.equal([]);
    });
  });

  describe('starting', () => {
    it('fills an empty stock at once', () => {
      expect(decide(table([]))).to.deep.equal(['start', 'start']);
    });

    it('starts no more at once than may boot side by side', () => {
      expect(decide(table([], { waiting: 9 }), { spares: 4, max: 8 })).to.deep.equal(['start', 'start']);
      expect(decide(table([row('a', 'starting')], { waiting: 9 }), { spares: 4, max: 8 })).to.deep.equal([
        'start',
      ]);
    });

    it('does not fork in busy time while one is idle', () => {
      expect(decide(table([row('a', 'leased'), row('b', 'idle-fresh')]))).to.deep.equal([]);
    });

    it('forks in busy time when nothing is idle, or when queries wait', () => {
      expect(decide(table([row('a', 'leased'), row('b', 'leased')]))).to.deep.equal(['start', 'start']);
      const oneIdle = [row('a', 'leased'), row('b', 'idle-fresh')];
      expect(decide(table(oneIdle, { waiting: 1 }))).to.deep.equal(['start']);
    });

    it('fills up in quiet time', () => {
      expect(decide(table([row('a', 'leased'), row('b', 'idle-fresh')], quiet))).to.deep.equal(['start']);
    });

    it('never has more processes than max, those being killed included', () => {
      const rows = [row('a', 'leased'), row('b', 'leased'), row('c', 'leased'), row('d', 'killing')];
      expect(decide(table(rows, { waiting: 9 }))).to.deep.equal([]);
      expect(decide(table(rows.slice(0, 3), { waiting: 9 }))).to.deep.equal(['start']);
    });

    it('starts for waiting queries even with no spares wanted', () => {
      expect(decide(table([]), { spares: 0 })).to.deep.equal([]);
      expect(decide(table([], { waiting: 1 }), { spares: 0 })).to.deep.equal(['start']);
    });

    it('waits for the crash brake', () => {
      const braked = table([], { startNotBeforeMs: NOW + 1 });
      expect(decide(braked)).to.deep.equal([]);
      expect(decide(braked, {}, NOW + 1)).to.deep.equal(['start', 'start']);
    });
  });

  describe('replacing what served', () => {
    const used = [row('a', 'idle-used'), row('b', 'idle-used', { queriesServed: 3 })];

    it('does nothing in busy time', () => {
      expect(decide(table(used))).to.deep.equal([]);
    });

    it('waits while any query runs, however long ago its lease began', () => {
      expect(
        decide(table([row('a', 'leased'), row('b', 'idle-used'), row('c', 'idle-fresh')], quiet)),
      ).to.deep.equal([]);
    });

    it('starts one fresh worker in quiet time, and no second one before the first has taken its place', () => {
      expect(decide(table(used, quiet))).to.deep.equal(['replace']);
      const booting = [...used, row('c', 'starting', { replacing: true })];
      expect(decide(table(booting, quiet))).to.deep.equal([]);
    });

    it('retires the most used one when the fresh one is ready', () => {
      const ready = [...used, row('c', 'idle-fresh', { replacing: true })];
      expect(decide(table(ready))).to.deep.equal(['retire b']);
    });

    it('retires one at a time', () => {
      const rows = [row('a', 'idle-used'), row('b', 'retiring'), row('c', 'idle-fresh', { replacing: true })];
      expect(decide(table(rows, quiet))).to.deep.equal([]);
    });

    it('makes room first when the pool is full', () => {
      expect(decide(table(used, quiet), { max: 2 })).to.deep.equal(['retire b']);
    });

    it('does not ask again at once for one that the server refused to give up', () => {
      const refused = [
        row('a', 'idle-used', { retireNotBeforeMs: NOW + 1 }),
        row('c', 'idle-fresh', { replacing: true }),
      ];
      expect(decide(table(refused))).to.deep.equal([]);
      expect(decide(table(refused), {}, NOW + 1)).to.deep.equal(['retire a']);
    });

    it('is at rest with a fresh stock', () => {
      expect(decide(table([row('a', 'idle-fresh'), row('b', 'idle-fresh')], quiet))).to.deep.equal([]);
    });
  });

  describe('limits', () => {
    const fresh = row('b', 'idle-fresh');

    it('retires an idle worker that is too old, too big or has served enough', () => {
      for (const over of [{ startedAtMs: NOW - 3_600_000 }, { rssBytes: 1000 }, { queriesServed: 10 }])
        expect(decide(table([row('a', 'idle-used', over), fresh]))).to.deep.equal(['retire a']);
    });

    it('leaves a leased one alone', () => {
      expect(
        decide(table([row('a', 'leased', { rssBytes: 10_000, queriesServed: 99 }), fresh])),
      ).to.deep.equal([]);
    });

    it('retires what is above the stock and idle for a minute, and nothing younger', () => {
      const rows = (idleMs: number) =>
        ['a', 'b', 'c'].map((id) => row(id, 'idle-fresh', { idleSinceMs: NOW - idleMs }));
      expect(decide(table(rows(EXCESS_IDLE_MS), quiet))).to.deep.equal(['retire a']);
      expect(decide(table(rows(EXCESS_IDLE_MS - 1), quiet))).to.deep.equal([]);
      expect(decide(table(rows(EXCESS_IDLE_MS).slice(1), quiet))).to.deep.equal([]);
    });
  });

  describe('deadlines', () => {
    const leased = table([row('a', 'leased', { deadlineAtMs: NOW }), row('b', 'idle-fresh')]);

    it('kills what is half a second past its deadline', () => {
      expect(decide(leased, {}, NOW + policy.deadlineGraceMs - 1)).to.not.include('kill a');
      expect(decide(leased, {}, NOW + policy.deadlineGraceMs)).to.include('kill a');
    });

    it('kills it once', () => {
      const rows = [row('a', 'killing', { deadlineAtMs: NOW }), row('b', 'idle-fresh')];
      expect(decide(table(rows), {}, NOW + 10_000)).to.not.include('kill a');
    });

    it('is looked at again exactly then', () => {
      const at = nextDecisionAtMs({ ...leased, lastLeaseAtMs: NOW - 1000 }, policy, NOW);
      expect(at).to.equal(NOW + policy.deadlineGraceMs);
    });

    it('is looked at again when quiet time begins', () => {
      expect(nextDecisionAtMs(table([row('a', 'idle-used')]), policy, NOW)).to.equal(NOW - 10 + QUIET_MS);
      expect(nextDecisionAtMs(table([row('a', 'idle-used')], quiet), policy, NOW)).to.equal(null);
    });
  });

  it('comes to rest: whatever the stock looks like, decisions carried out in quiet time end with fresh spares', () => {
    const states: LeasedState[] = ['starting', 'idle-fresh', 'idle-used'];
    for (const first of states)
      for (const second of states)
        for (const third of states) {
          const rest = settle([first, second, third].map((state, index) => row(`w${index}`, state)));
          expect(rest.map(({ state }) => state)).to.deep.equal(['idle-fresh', 'idle-fresh']);
        }
  });
});

/** Carries decisions out as the pool would, a minute a step, until there are none. */
function settle(start: LeasedRow[]): LeasedRow[] {
  let rows = start;
  let lastId = 100;
  let calmSteps = 0;
  for (let step = 1; step <= 40; step++) {
    const nowMs = NOW + step * (EXCESS_IDLE_MS + 1);
    rows = rows
      .filter(({ state }) => state !== 'retiring')
      .map((each) =>
        each.state === 'starting' ? { ...each, state: 'idle-fresh', idleSinceMs: nowMs } : each,
      );
    const decisions = decideLeased(table(rows, quiet), { ...policy, maxAgeMs: Infinity }, nowMs);
    calmSteps = decisions.length === 0 ? calmSteps + 1 : 0;
    if (calmSteps === 2) return rows;
    for (const decision of decisions) {
      if (decision.type === 'start')
        rows = [
          ...rows,
          row(`w${lastId++}`, 'starting', { startedAtMs: nowMs, replacing: decision.replacing }),
        ];
      else {
        rows = rows.map((each) =>
          each.workerId === decision.workerId ? { ...each, state: 'retiring' } : each,
        );
        rows = rows.map((each) => ({ ...each, replacing: each.state === 'starting' && each.replacing }));
      }
      expect(rows.length).to.be.at.most(policy.max);
    }
  }
  throw new Error('does not come to rest');
}
