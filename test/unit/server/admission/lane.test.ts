import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { Lane } from '../../../../server/admission/lane.ts';

/** A lane in front of a bag of numbered tokens. */
function laneOf(
  tokens: number[],
  options: { queueLength?: number; queueWaitMs?: number; onWait?: (n: number) => void } = {},
) {
  const lane = new Lane<number>({
    name: 'token',
    queueLength: options.queueLength ?? 10,
    queueWaitMs: options.queueWaitMs ?? 60_000,
    take: (count) => (tokens.length < count ? null : tokens.splice(0, count)),
    ...(options.onWait !== undefined && { onWait: options.onWait }),
  });
  const give = (token: number): void => {
    tokens.push(token);
    lane.offer();
  };
  return { lane, give };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'resolved',
    (error: QueryError) => error.code ?? String(error),
  );
}

const asker = (client: string, cancellation = new Cancellation()) => ({
  principal: anonymousAt(client),
  cancellation,
});
const never = asker('c');

describe('Lane', () => {
  it('gives at once what is there', async () => {
    const { lane } = laneOf([7]);
    expect(await lane.acquire(never)).to.equal(7);
    expect(lane.waiting).to.equal(0);
  });

  it('gives several at once or none, and who needs one does not overtake who needs two', async () => {
    const tokens = [1];
    const { lane, give } = laneOf(tokens);
    const two = lane.acquireAll(never, 2);
    const one = lane.acquire(never);
    expect([lane.waiting, tokens]).to.deep.equal([2, [1]]);
    give(2);
    expect(await two).to.deep.equal([1, 2]);
    give(3);
    expect(await one).to.equal(3);
  });

  it('keeps from long ones what is not theirs, lets others pass them, and keeps long ones in order', async () => {
    const tokens = [1, 2];
    const held: number[] = [];
    const lane = new Lane<number>({
      ...{ name: 'token', queueLength: 10, queueWaitMs: 60_000 },
      take: (count, long) => {
        if (tokens.length < count) return null;
        const taken = tokens.splice(0, count);
        if (long) held.push(...taken);
        return taken;
      },
      mayTakeLong: (count) => held.length + count <= 1,
    });
    expect(await lane.acquireAll(never, 1, true)).to.deep.equal([1]);
    const order: string[] = [];
    const note = (what: string) => () => void order.push(what);
    const second = lane.acquireAll(never, 1, true).then(note('second'));
    const third = lane.acquireAll(never, 1, true).then(note('third'));
    expect(await lane.acquire(never), 'what is kept').to.equal(2);
    const light = lane.acquire(never).then(note('light'));
    tokens.push(2);
    lane.offer();
    await light;
    for (const next of [second, third]) {
      tokens.push(held.pop()!);
      lane.offer();
      await next;
    }
    expect(order).to.deep.equal(['light', 'second', 'third']);
    expect(lane.waiting).to.equal(0);
  });

  it('a light one does not pass a long one that only waits for its turn', async () => {
    const { lane, give } = laneOf([]);
    const order: string[] = [];
    const long = lane.acquireAll(never, 1, true).then(() => order.push('long'));
    const light = lane.acquire(never).then(() => order.push('light'));
    give(1);
    give(2);
    await Promise.all([long, light]);
    expect(order).to.deep.equal(['long', 'light']);
  });

  it('serves in the order of arrival, newcomers behind those who wait', async () => {
    const { lane, give } = laneOf([]);
    const order: string[] = [];
    const first = lane.acquire(never).then(() => order.push('first'));
    const second = lane.acquire(never).then(() => order.push('second'));
    give(1);
    give(2);
    await Promise.all([first, second]);
    expect(order).to.deep.equal(['first', 'second']);
  });

  it('refuses one more than queueLength with the limit in the error', async () => {
    const { lane, give } = laneOf([], { queueLength: 1 });
    const waiting = lane.acquire(never);
    const error = await lane.acquire(never).catch((e: QueryError) => e);
    expect(error).to.include({ code: 'queue-full' });
    expect((error as QueryError).details.limit).to.deep.equal({ name: 'queueLength', value: 1, observed: 1 });
    give(1);
    await waiting;
  });

  it('lets nobody wait longer than queueWaitMs, and forgets who left', async () => {
    const { lane, give } = laneOf([], { queueWaitMs: 1 });
    expect(await codeOf(lane.acquire(never))).to.equal('queue-timeout');
    expect(lane.waiting).to.equal(0);
    give(5);
    expect(await lane.acquire(never), 'the token was not given to the one who left').to.equal(5);
  });

  it('a cancellation leaves the queue with its reason', async () => {
    const { lane } = laneOf([]);
    const cancellation = new Cancellation();
    const waiting = lane.acquire(asker('c', cancellation));
    cancellation.cancel(new QueryError('cancelled', 'gone'));
    expect(await waiting.catch((e: Error) => e.message)).to.equal('gone');
    expect(lane.waiting).to.equal(0);
    expect(
      await lane.acquire(asker('c', cancellation)).catch((e: Error) => e.message),
      'cancelled before',
    ).to.equal('gone');
  });

  it('tells that somebody waits', () => {
    const waits: number[] = [];
    const { lane, give } = laneOf([], { onWait: (n) => waits.push(n) });
    void lane.acquire(never);
    void lane.acquire(never);
    expect(waits).to.deep.equal([1, 2]);
    give(1);
    give(2);
  });

  it('serves clients in turn, each in its own order', async () => {
    const { lane, give } = laneOf([]);
    const order: string[] = [];
    const ask = (client: string, name: string) =>
      lane.acquire(asker(client)).then(() => void order.push(name));
    const all = [
      ask('a', 'a1'),
      ask('a', 'a2'),
      ask('a', 'a3'),
      ask('b', 'b1'),
      ask('c', 'c1'),
      ask('b', 'b2'),
    ];
    for (let token = 1; token <= all.length; token++) give(token);
    await Promise.all(all);
    expect(order).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('full of one client, it makes room for another, and never for one that has as many', async () => {
    const { lane, give } = laneOf([], { queueLength: 3 });
    const greedy = [1, 2, 3].map(() => codeOf(lane.acquire(asker('greedy'))));
    const modest = lane.acquire(asker('modest'));
    expect(await greedy[2], 'the newest').to.equal('queue-full');
    expect(await codeOf(lane.acquire(asker('greedy')))).to.equal('queue-full');
    expect(await codeOf(lane.acquire(asker('modest')))).to.equal('queue-full');
    expect(lane.waiting).to.equal(3);
    give(1);
    give(2);
    expect(await modest).to.equal(2);
    give(3);
    expect(await Promise.all(greedy.slice(0, 2))).to.deep.equal(['resolved', 'resolved']);
  });
});
