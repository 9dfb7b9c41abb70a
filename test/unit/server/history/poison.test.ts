import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { PoisonLedger, poisonKey } from '../../../../server/history/poison.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const query = (queryId: string) => ({ queryId, principal: anonymousAt('10.0.0.1') });
const KEY = poisonKey('all', 'main', 'select crash()');

function ledger(deaths = 2) {
  const clock = { ms: 1_000_000 };
  const made = new PoisonLedger({ deaths, refuseMs: 60_000, log: silent, now: () => clock.ms });
  return {
    ledger: made,
    clock,
    /** A worker dies under the query, and the monitor says so. */
    die(workerId: string, key = KEY, shared = false) {
      made.lost(key, query('q'), [{ workerId, shared }]);
      made.explained(workerId, 'signal SIGSEGV');
    },
    refused(key = KEY): QueryError | null {
      try {
        made.check(key);
        return null;
      } catch (thrown) {
        return thrown as QueryError;
      }
    },
  };
}

describe('queries that kill their workers', () => {
  it('are refused after the second death, with the time and the reason', () => {
    const { die, refused, clock } = ledger();
    die('dsl-1');
    expect(refused()).to.equal(null);
    die('dsl-2');
    clock.ms += 10_500;
    const error = refused();
    expect(error).to.be.instanceOf(QueryError);
    expect(error?.code).to.equal('poison-query');
    expect(error?.message).to.include(new Date(1_060_000).toISOString());
    expect(error?.message).to.include('2 times').and.include('dsl-2: signal SIGSEGV');
    expect(error?.details.retryAfterSeconds).to.equal(50);
  });

  it('are tried again after that time, and start at nothing then', () => {
    const { die, refused, clock } = ledger();
    die('dsl-1');
    die('dsl-2');
    clock.ms += 60_000;
    expect(refused()).to.equal(null);
    die('dsl-3');
    expect(refused()).to.equal(null);
  });

  it('do not count deaths that lie too far apart', () => {
    const { die, refused, clock } = ledger();
    die('dsl-1');
    clock.ms += 60_000;
    die('dsl-2');
    expect(refused()).to.equal(null);
  });

  it('are known whichever of query and monitor speaks first', () => {
    const { ledger: made, refused } = ledger(1);
    made.explained('dsl-1', 'exit code 134');
    expect(refused()).to.equal(null);
    made.lost(KEY, query('q'), [{ workerId: 'dsl-1', shared: false }]);
    expect(refused()?.code).to.equal('poison-query');
  });

  it('are not blamed for a worker that the monitor ended, of which it says nothing', () => {
    const { ledger: made, refused } = ledger(1);
    made.lost(KEY, query('q'), [{ workerId: 'dsl-1', shared: false }]);
    expect(refused()).to.equal(null);
  });

  it('are cleared by a success', () => {
    const { ledger: made, die, refused } = ledger();
    die('dsl-1');
    made.succeeded(KEY);
    die('dsl-2');
    expect(refused()).to.equal(null);
  });

  it('share the blame for a SQL worker with the others in it: each half', () => {
    const { die, refused } = ledger();
    for (const workerId of ['sql-1', 'sql-2', 'sql-3']) die(workerId, KEY, true);
    expect(refused()).to.equal(null);
    die('sql-4', KEY, true);
    expect(refused()?.code).to.equal('poison-query');
  });

  it('count one death however often they ran in the worker', () => {
    const { ledger: made, refused } = ledger();
    made.lost(KEY, query('q'), [{ workerId: 'sql-1', shared: true }]);
    made.explained('sql-1', 'signal SIGKILL');
    for (let i = 0; i < 5; i++) made.lost(KEY, query('q'), [{ workerId: 'sql-1', shared: true }]);
    expect(refused()).to.equal(null);
  });

  it('are told of in the log, each of those that ran in the worker by its own id', () => {
    const told: object[] = [];
    const log = { ...silent, warn: (event: string, fields: object) => void told.push({ event, ...fields }) };
    const made = new PoisonLedger({ deaths: 2, refuseMs: 60_000, log, now: () => 1 });
    const worker = { workerId: 'sql-1', shared: true };
    made.lost(KEY, query('first'), [worker]);
    made.lost(KEY, query('second'), [worker]);
    made.explained('sql-1', 'signal SIGKILL');
    made.lost(KEY, query('third'), [worker]);
    const line = { event: 'worker-died-under-query', key: KEY, workerId: 'sql-1', how: 'signal SIGKILL' };
    expect(told).to.deep.equal(
      ['first', 'second', 'third'].map((queryId) => ({
        ...line,
        ...{ queryId, principal: '10.0.0.1', deaths: 0.5, refused: false },
      })),
    );
  });

  it('leave others alone, and are never refused when that is switched off', () => {
    const { die, refused } = ledger();
    die('dsl-1');
    die('dsl-2');
    expect(refused(poisonKey('all', 'main', 'select 1'))).to.equal(null);
    expect(refused(poisonKey('all', 'other', 'select crash()'))).to.equal(null);
    const off = ledger(0);
    off.die('dsl-1');
    off.die('dsl-2');
    expect(off.refused()).to.equal(null);
  });

  it('are known by their text, whatever its layout', () => {
    expect(poisonKey('all', 'main', '  select\n\tcrash() ;\n')).to.equal(KEY);
    expect(poisonKey('all', 'main', 'select crash(1)')).to.not.equal(KEY);
    expect(poisonKey('other', 'main', 'select crash()'), 'a crash of others').to.not.equal(KEY);
  });
});
