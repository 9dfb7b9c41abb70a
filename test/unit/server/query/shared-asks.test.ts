import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import type { QueryRecord } from '../../../../server/history/registry.ts';
import { SharedAsks } from '../../../../server/query/shared-asks.ts';

describe('questions of completions', () => {
  const query = () => ({ cancellation: new Cancellation() }) as unknown as QueryRecord;

  it('are cancelled when the only client that waits leaves', () => {
    const asks = new SharedAsks();
    const leave = asks.join('columns');
    const asked = query();
    asks.began('columns', asked);
    expect(asked.cancellation.isCancelled).to.equal(false);
    leave();
    expect(asked.cancellation.reason).to.include({ code: 'client-gone' });
  });

  it('go on while another client waits, whoever asked first', () => {
    const asks = new SharedAsks();
    const first = asks.join('columns');
    const asked = query();
    asks.began('columns', asked);
    const second = asks.join('columns');
    first();
    expect(asked.cancellation.isCancelled).to.equal(false);
    second();
    expect(asked.cancellation.isCancelled).to.equal(true);
  });

  it('are others by another key, and anew after the last has left', () => {
    const asks = new SharedAsks();
    const [a, b] = [query(), query()];
    const leaveA = asks.join('a');
    asks.began('a', a);
    const leaveB = asks.join('b');
    asks.began('b', b);
    leaveB();
    expect([a, b].map(({ cancellation }) => cancellation.isCancelled)).to.deep.equal([false, true]);
    leaveA();
    const again = query();
    asks.join('a');
    asks.began('a', again);
    expect(again.cancellation.isCancelled).to.equal(false);
  });
});
