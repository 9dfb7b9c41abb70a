/** The order in which tasks get the planner's threads, and the end of tasks whose asker has given up. */
import { type EventEmitter, once } from 'node:events';
import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { PlannerLane, type TaskThreads } from '../../../../server/planning/planner-lane.ts';
import type { PlannerTask } from '../../../../server/planning/planner-thread.ts';

interface Started {
  readonly text: string;
  readonly stop: EventEmitter;
  aborted: boolean;
  finish(): void;
}

/** Threads whose tasks end when the test says so. */
function fakeThreads() {
  const started: Started[] = [];
  const run = ({ text }: { text: string }, stop: EventEmitter) =>
    new Promise((resolve, reject) => {
      const entry = { text, stop, aborted: false, finish: () => resolve({ ok: true, value: text }) };
      started.push(entry);
      stop.once('abort', () => {
        entry.aborted = true;
        reject(new Error('aborted'));
      });
    });
  return { started, threads: { run } as TaskThreads };
}

const task = (text: string): PlannerTask => ({ type: 'format', text });
const asker = (client: string, cancellation = new Cancellation()) => ({
  principal: anonymousAt(client),
  cancellation,
});
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('planner lane', () => {
  it('gives the threads to the clients in turn, whatever one of them sends', async () => {
    const { started, threads } = fakeThreads();
    const lane = new PlannerLane(threads, { threads: 1, queueLength: 100, queueWaitMs: 60_000 });
    const greedy = Array.from({ length: 10 }, (_, n) => lane.run(task(`greedy ${n}`), asker('greedy')));
    const other = lane.run(task('other'), asker('other'));
    await settle();
    expect(started.map(({ text }) => text)).to.deep.equal(['greedy 0']);
    for (let n = 0; n < 11; n++) {
      started[n]!.finish();
      await settle();
    }
    expect(started.map(({ text }) => text).indexOf('other')).to.be.at.most(2);
    expect(await other).to.deep.equal({ ok: true, value: 'other' });
    await Promise.all(greedy);
  });

  it('lets go of a task at once whose asker has given up, ends it soon, and uses the thread again', async () => {
    const { started, threads } = fakeThreads();
    const lane = new PlannerLane(threads, { threads: 1, queueLength: 100, queueWaitMs: 60_000 });
    const leaving = new Cancellation();
    const endless = lane.run(task('endless'), asker('a', leaving)).catch((error: QueryError) => error.code);
    const waiting = lane.run(task('next'), asker('b'));
    await settle();
    leaving.cancel(new QueryError('deadline-exceeded', 'late'));
    expect(await endless).to.equal('deadline-exceeded');
    expect(started, 'the thread is still busy').to.have.length(1);
    await once(started[0]!.stop, 'abort');
    await settle();
    started[1]!.finish();
    expect(await waiting).to.deep.equal({ ok: true, value: 'next' });
  });

  it('does not end a thread for a task that ends by itself', async () => {
    const { started, threads } = fakeThreads();
    const lane = new PlannerLane(threads, { threads: 1, queueLength: 100, queueWaitMs: 60_000 });
    const leaving = new Cancellation();
    const gone = lane.run(task('short'), asker('a', leaving)).catch((error: QueryError) => error.code);
    await settle();
    leaving.cancel(new QueryError('client-gone', 'gone'));
    started[0]!.finish();
    expect(await gone).to.equal('client-gone');
    const next = lane.run(task('next'), asker('b'));
    await settle();
    started[1]!.finish();
    await next;
    expect(started[0]!.aborted).to.equal(false);
  });

  it('a task that waits goes when its asker gives up, and more than the queue holds are refused', async () => {
    const { threads } = fakeThreads();
    const lane = new PlannerLane(threads, { threads: 1, queueLength: 1, queueWaitMs: 60_000 });
    void lane.run(task('runs'), asker('a'));
    const leaving = new Cancellation();
    const codeOf = (work: Promise<unknown>) => work.catch((error: QueryError) => error.code);
    const waits = codeOf(lane.run(task('waits'), asker('a', leaving)));
    expect(await codeOf(lane.run(task('refused'), asker('a')))).to.equal('queue-full');
    leaving.cancel(new QueryError('cancelled', 'enough'));
    expect(await waits).to.equal('cancelled');
    expect(lane.lane.waiting).to.equal(0);
  });
});
