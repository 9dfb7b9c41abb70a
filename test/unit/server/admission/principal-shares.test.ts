/** The share of a scarce resource that one client may hold, in the shares themselves and in the lane that uses them. */
import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { Lane } from '../../../../server/admission/lane.ts';
import { PrincipalShares } from '../../../../server/admission/principal-shares.ts';

/** Callers that still wait at the end of a test give up then, so that their timers end. */
const cancellations: Cancellation[] = [];

function asker(client: string, cancellation = new Cancellation()) {
  cancellations.push(cancellation);
  return { principal: anonymousAt(client), cancellation };
}

/** A lane in front of so many places; `leave` gives one of the client's back. */
function laneOf(places: number, percent = 50) {
  let free = places;
  const lane = new Lane<number>({
    ...{ name: 'place', queueLength: 100, queueWaitMs: 60_000 },
    shares: new PrincipalShares({ capacity: () => places, percent }),
    take(count) {
      if (free < count) return null;
      free -= count;
      return Array.from({ length: count }, () => 1);
    },
  });
  const held = new Map<string, number>();
  const ask = (client: string, count: number): void => {
    void lane.acquireAll(asker(client), count).then(
      () => held.set(client, (held.get(client) ?? 0) + count),
      () => {}, // the caller gave up
    );
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    lane,
    held,
    async come(client: string, times = 1, count = 1): Promise<void> {
      for (let i = 0; i < times; i++) ask(client, count);
      await settle();
    },
    async leave(client: string): Promise<void> {
      free++;
      held.set(client, held.get(client)! - 1);
      lane.returned(client);
      lane.offer();
      await settle();
    },
  };
}

describe('client shares', () => {
  afterEach(() => {
    for (const cancellation of cancellations.splice(0))
      cancellation.cancel(new QueryError('cancelled', 'the test is over'));
  });

  for (const [places, alone] of [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [8, 6],
    [16, 12],
  ] as const)
    it(`alone a client holds ${alone} of ${places}, and the next client is served at once`, async () => {
      const { held, come } = laneOf(places);
      await come('hog', 100);
      expect(held.get('hog')).to.equal(alone);
      if (places === alone) return; // with only one or two, every client may have them all
      await come('other');
      expect(held.get('other')).to.equal(1);
    });

  it('while others want some, a client gets no more than half, and one is left to who comes next', async () => {
    const { held, come, leave } = laneOf(8);
    await come('a', 100);
    await come('b', 100);
    expect([held.get('a'), held.get('b')]).to.deep.equal([6, 1]);
    for (let i = 0; i < 20; i++) {
      await leave(i % 2 === 0 ? 'a' : 'b');
      expect(held.get('a')! + held.get('b')!).to.be.at.most(7);
    }
    expect(held.get('a')).to.be.at.most(4);
    expect(held.get('b')).to.be.at.most(4);
    expect(held.get('a')! + held.get('b')!, 'nothing else is left unused').to.equal(7);
    await come('c');
    expect(held.get('c')).to.equal(1);
  });

  it('one that holds nothing gets all that one query needs', async () => {
    const { held, come } = laneOf(4);
    await come('a', 1, 4);
    expect(held.get('a')).to.equal(4);
  });

  it("keeps a client's own order: its small ones do not pass its big one that waits for its share", async () => {
    const { held, come, leave } = laneOf(8);
    await come('a', 5);
    await come('a', 1, 3);
    await come('a', 1);
    expect(held.get('a')).to.equal(5);
    await come('b');
    expect(held.get('b'), 'it holds up nobody else').to.equal(1);
    await leave('b');
    await leave('a');
    await leave('a');
    expect(held.get('a')).to.equal(6);
  });

  it('a waiter that gives up lets those through whom only it held up', async () => {
    const { lane, held, come } = laneOf(8);
    await come('a', 4);
    const leaving = new Cancellation();
    const gone = lane.acquireAll(asker('b', leaving), 7).catch(() => 'gone');
    await come('a', 1);
    expect(held.get('a')).to.equal(4);
    leaving.cancel(new Error('left') as never); // any reason will do
    expect(await gone).to.equal('gone');
    await new Promise((resolve) => setImmediate(resolve));
    expect(held.get('a')).to.equal(5);
  });

  it('with 100 percent a client may have all', async () => {
    const { held, come } = laneOf(8, 100);
    await come('a', 100);
    expect(held.get('a')).to.equal(8);
  });
});
