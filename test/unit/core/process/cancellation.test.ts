import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';

const reason = (message: string): QueryError => new QueryError('cancelled', message);

describe('cancellation', () => {
  it('happens once, with the first reason, and tells all in their order', () => {
    const cancellation = new Cancellation();
    const told: string[] = [];
    cancellation.onCancel(() => told.push(`first ${cancellation.reason?.message}`));
    cancellation.onCancel(() => told.push('second'));
    expect([cancellation.isCancelled, cancellation.reason]).to.deep.equal([false, null]);
    cancellation.cancel(reason('a'));
    cancellation.cancel(reason('b'));
    expect(told).to.deep.equal(['first a', 'second']);
    expect([cancellation.isCancelled, cancellation.reason?.message]).to.deep.equal([true, 'a']);
  });

  it('does not tell who left, not even when another one told made them leave, nor who came late', () => {
    const cancellation = new Cancellation();
    const told: string[] = [];
    const left = (): void => void told.push('left');
    const sentAway = (): void => void told.push('sent away');
    cancellation.onCancel(left);
    cancellation.onCancel(() => cancellation.offCancel(sentAway));
    cancellation.onCancel(sentAway);
    cancellation.offCancel(left);
    cancellation.cancel(reason('a'));
    cancellation.onCancel(() => told.push('late'));
    cancellation.cancel(reason('b'));
    expect(told).to.deep.equal([]);
  });
});
