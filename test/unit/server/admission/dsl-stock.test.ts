import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { createFrameReader, writeMessage } from '../../../../core/protocol/frames.ts';
import type { FromChild } from '../../../../core/protocol/monitor.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { DslStock } from '../../../../server/admission/dsl-stock.ts';
import { until } from '../../../support/until.ts';

const DEADLINE_MS = 5000;
type Scrub = 'answer' | 'fail' | 'hang';

/** A stock of one worker, which is this test, and what the stock tells the monitor. */
async function stockOfOne(scrub: Scrub) {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-stock-'));
  const socketPath = join(dir, 'dsl-1.sock');
  const worker = createServer((socket) => answerScrubs(socket, scrub)).listen(socketPath);
  await once(worker, 'listening');
  const told: FromChild[] = [];
  const failedScrubs: string[] = [];
  const stock = new DslStock({
    queueLength: 10,
    queueWaitMs: DEADLINE_MS,
    reuse: 'auto',
    maxQueriesPerWorker: 100,
    max: 4,
    tell: (message) => void told.push(message),
    onScrubFailed: (workerId) => void failedScrubs.push(workerId),
  });
  const connected = once(worker, 'connection') as Promise<[Socket]>;
  const address = { role: 'dsl', workerId: 'dsl-1', pid: 1, socketPath, fifoPath: join(dir, 'f') } as const;
  stock.update([address]);
  const [socket] = await connected;
  const lease = await stock.lane.acquire({ principal: anonymousAt('c'), cancellation: new Cancellation() });
  const releases = () => told.filter(({ type }) => type === 'release');
  const listAgain = (): void => stock.update([address]);
  const end = async (): Promise<void> => {
    stock.close();
    worker.close();
    await rm(dir, { recursive: true });
  };
  return { stock, lease, socket, told, releases, failedScrubs, listAgain, [Symbol.asyncDispose]: end };
}

function answerScrubs(socket: Socket, scrub: Scrub): void {
  const read = createFrameReader({
    onMessage: (message) => {
      const { queryId } = message as { queryId: string };
      const error = { code: 'internal', message: 'no' };
      if (scrub === 'answer')
        writeMessage(socket, { type: 'reply', queryId, ok: true, value: { rssBytes: 1 } });
      if (scrub === 'fail') writeMessage(socket, { type: 'reply', queryId, ok: false, error });
    },
    onData: () => {},
  });
  socket.on('data', read);
}

const QUERY = { queryId: 'q', principal: anonymousAt('10.0.0.1'), deadlineAt: 0 };
const discarded = { type: 'release', workerId: 'dsl-1', outcome: 'discard' };

describe('the stock of DSL workers', () => {
  it('takes a worker back after a scrub', async () => {
    await using one = await stockOfOne('answer');
    one.lease.begin(QUERY);
    expect(one.told.at(-1)).to.include({ type: 'lease', queryId: 'q', principal: '10.0.0.1' });
    one.lease.release('reusable', '');
    await until(() => one.stock.counts().idle === 1, DEADLINE_MS, 'it is idle again');
    expect(one.told.at(-1)).to.include({ type: 'release', outcome: 'reusable', queryId: 'q' });
  });

  it('gives up an idle worker whose socket closes, for good, and tells the monitor', async () => {
    await using one = await stockOfOne('answer');
    one.lease.release('reusable', ''); // never begun: it is idle as it was
    one.socket.destroy();
    await until(() => one.releases().length > 0, DEADLINE_MS, 'the monitor is told');
    expect(one.releases()).to.deep.equal([{ ...discarded, queryId: null, reason: 'its socket closed' }]);
    one.listAgain(); // sent before the monitor knew
    expect(one.stock.counts()).to.include({ idle: 0, connecting: 0 });
  });

  it('tells how many queries wait when it gives a worker up, since the monitor may have forgotten them', async () => {
    await using one = await stockOfOne('answer');
    one.lease.begin(QUERY);
    const cancellation = new Cancellation();
    const waiting = one.stock.lane.acquire({ principal: anonymousAt('d'), cancellation }).catch(() => null);
    expect(one.told.at(-1)).to.deep.equal({ type: 'want-workers', role: 'dsl', waiting: 1, isNew: true });
    one.lease.release('discard', 'client-too-slow');
    expect(one.told.slice(-2)).to.deep.equal([
      { ...discarded, queryId: 'q', reason: 'client-too-slow' },
      { type: 'want-workers', role: 'dsl', waiting: 1, isNew: false },
    ]);
    cancellation.cancel(new QueryError('cancelled', 'the end of the test'));
    await waiting;
  });

  it('gives up a worker that fails to scrub', async () => {
    await using one = await stockOfOne('fail');
    one.lease.begin(QUERY);
    one.lease.release('reusable', '');
    await until(() => one.failedScrubs.length > 0, DEADLINE_MS, 'it is reported');
    expect(one.told.at(-1)).to.deep.equal({ ...discarded, queryId: 'q', reason: 'scrub failed' });
    expect(one.stock.counts().idle).to.equal(0);
  });

  it('reports no failed scrub when it closes in the middle of one', async () => {
    await using one = await stockOfOne('hang');
    one.lease.begin(QUERY);
    one.lease.release('reusable', '');
    const before = one.told.length;
    one.stock.close();
    await once(one.socket, 'close');
    expect(one.failedScrubs).to.deep.equal([]);
    expect(one.told.slice(before)).to.deep.equal([]);
  });

  it('leaves a leased worker whose socket closes to its lease', async () => {
    await using one = await stockOfOne('answer');
    one.lease.begin(QUERY);
    const call = one.lease.socket
      .call({ type: 'scrub', queryId: 'q' })
      .catch(({ code }: { code: string }) => code);
    one.socket.destroy();
    expect(await call).to.equal('worker-lost');
    one.lease.release('discard', 'worker-lost');
    expect(one.releases()).to.deep.equal([{ ...discarded, queryId: 'q', reason: 'worker-lost' }]);
  });
});
