import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { createFrameReader, writeMessage } from '../../../../core/protocol/frames.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { type SqlSlot, SqlSlots } from '../../../../server/admission/sql-slots.ts';
import { until } from '../../../support/until.ts';

const DEADLINE_MS = 5000;

/** Slots of workers that only listen; a worker's pid is its number, from 1 on. */
async function slotsOf(
  workers: number,
  slots: number,
  { onConnection = () => {}, waitMs = 50 }: { onConnection?: (socket: Socket) => void; waitMs?: number } = {},
) {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-slots-'));
  const addresses = Array.from({ length: workers }, (_, index) => ({
    role: 'sql' as const,
    workerId: `sql-${index + 1}`,
    pid: index + 1,
    socketPath: join(dir, `sql-${index + 1}.sock`),
    slots,
  }));
  const servers = addresses.map(({ socketPath }) => createServer(onConnection).listen(socketPath));
  const pool = new SqlSlots({ queueLength: 10, queueWaitMs: waitMs, onRetired: () => {} });
  pool.update(addresses);
  await until(() => pool.total === workers * slots, DEADLINE_MS);
  const inUse: SqlSlot[] = [];
  const take = async (long: boolean): Promise<SqlSlot> => {
    const asker = { principal: anonymousAt('c'), cancellation: new Cancellation() };
    const [slot] = await pool.lane.acquireAll(asker, 1, long);
    inUse.push(slot!);
    return slot!; // `acquireAll` returns as many as were asked for
  };
  const takeLong = async (count: number): Promise<readonly SqlSlot[]> => {
    const taken: SqlSlot[] = [];
    while (taken.length < count) taken.push(await take(true));
    return taken;
  };
  const end = async (): Promise<void> => {
    pool.close(); // this leaves a slot that is in use open until it is released
    for (const slot of inUse) slot.release();
    for (const server of servers) server.close();
    await rm(dir, { recursive: true });
  };
  return { pool, take, takeLong, [Symbol.asyncDispose]: end };
}

/** The number of slots that each worker has, the most first. */
function shares(slots: readonly SqlSlot[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const { pid } of slots) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
}

describe('slots of SQL workers', () => {
  it('spread queries that the database answers alone', async () => {
    await using workers = await slotsOf(2, 2);
    const taken = [await workers.take(false), await workers.take(false)];
    expect(shares(taken)).to.deep.equal([1, 1]);
  });

  it('of a worker that has died are given to nobody, though its sockets close one after the other', async () => {
    const sockets: Socket[] = [];
    await using workers = await slotsOf(1, 3, {
      onConnection: (socket) => sockets.push(socket),
      waitMs: DEADLINE_MS,
    });
    await until(() => sockets.length === 3, DEADLINE_MS);
    const held = await workers.take(false);
    const call = {
      queryId: 'q',
      connection: 'main',
      deadlineAt: Date.now() + DEADLINE_MS,
      sql: '',
      names: null,
    };
    const lost = held.socket.call({ type: 'facts', ...call }).catch((error: QueryError) => error.code);
    const all = sockets.splice(0);
    const used = await Promise.race(all.map((socket) => once(socket, 'data').then(() => socket)));
    const others = all.filter((socket) => socket !== used);
    const asked = others.map((socket) => once(socket, 'data'));
    used.destroy();
    expect(await lost).to.equal('worker-lost');
    const next = workers.take(false);
    await Promise.all(asked); // each is asked whether its worker lives
    for (const socket of others) socket.destroy();
    // The worker is listed still, so its slots are opened anew.
    await until(() => sockets.length === 3, DEADLINE_MS);
    expect((await next).socket.closed).to.equal(false);
  });

  it('of a worker that lost one socket are given again once it has answered', async () => {
    const sockets: Socket[] = [];
    await using workers = await slotsOf(1, 3, {
      onConnection: (socket) => {
        sockets.push(socket);
        const feed = createFrameReader({
          onMessage: (message) =>
            writeMessage(socket, {
              ...{ type: 'reply', queryId: (message as { queryId: string }).queryId, ok: true, value: null },
            }),
          onData: () => {},
        });
        socket.on('data', feed);
      },
      waitMs: DEADLINE_MS,
    });
    await until(() => sockets.length === 3, DEADLINE_MS);
    sockets[0]!.destroy();
    const taken = [await workers.take(false), await workers.take(false), await workers.take(false)];
    expect(taken.map(({ socket }) => socket.closed)).to.deep.equal([false, false, false]);
  });

  it('leave one worker free of queries with stages, as long as there is room beside it', async () => {
    await using workers = await slotsOf(2, 4);
    const long = await workers.takeLong(4);
    expect(shares(long)).to.deep.equal([4]);
    const light = await workers.take(false);
    expect(light.pid).to.not.equal(long[0]!.pid);
    const beyond = await workers.takeLong(2);
    expect(shares(beyond)).to.deep.equal([2]);
    expect(beyond[0]!.pid).to.equal(light.pid);
  });

  it('spread queries with stages over all workers but that one', async () => {
    await using workers = await slotsOf(3, 2);
    expect(shares(await workers.takeLong(4))).to.deep.equal([2, 2]);
  });

  it('gather them again when there is room', async () => {
    await using workers = await slotsOf(2, 2);
    const long = await workers.takeLong(3);
    expect(shares(long)).to.deep.equal([2, 1]);
    long[0]!.release();
    expect((await workers.take(true)).pid).to.equal(long[0]!.pid);
  });

  it('run queries with stages on the only worker that there is', async () => {
    await using workers = await slotsOf(1, 2);
    expect((await workers.take(true)).pid).to.equal(1);
  });

  it('keep the last quarter from queries with stages', async () => {
    await using workers = await slotsOf(2, 4);
    await workers.takeLong(6);
    const refused = await workers.take(true).catch((error) => error);
    expect(refused).to.include({ code: 'queue-timeout' });
    expect(workers.pool.free).to.equal(2);
    expect(await workers.take(false)).to.have.property('pid');
  });
});
