/**
 * Clients that asked for long answers and never read them held every database connection until their deadlines. One that
 * reads slowly, so slowly that the kernel takes nothing more of the server's for seconds, is no such client.
 */
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 60_000;
const WINDOW_MS = 2000;
const LONG = "select g as id, repeat('x', 1000) as text from generate_series(1, 2000000) as g";
/** After each piece (64 KiB at most): so slow that the kernel's send queue holds several windows' worth. */
const REST_MS = 250;

interface Seen {
  readonly state: string;
  readonly error: { readonly code: string } | null;
}

describe('regression: clients that do not read', function () {
  this.timeout(240_000);
  let forkline: Forkline;
  const sockets: Socket[] = [];
  before(async () => {
    forkline = await startForkline({
      sql: { processes: 2, connectionsPerProcess: 4 },
      limits: { timeoutMs: 200_000, maxTimeoutMs: 200_000, readWindowMs: WINDOW_MS, readBytes: 16_384 },
    });
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await forkline.stop();
  });

  /** Asks for a long answer; nothing of it is read. */
  function ask(queryId: string, query: string, format: string): Socket {
    const socket = connect(forkline.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {}); // the server ends it
    socket.pause();
    socket.write(
      `POST /v1/query?format=${format} HTTP/1.1\r\nHost: localhost\r\nQuery-Id: ${queryId}\r\nContent-Length: ${query.length}\r\n\r\n${query}`,
    );
    return socket;
  }

  async function seen(queryId: string): Promise<Seen | null> {
    const { status, json } = await forkline.get(`/v1/queries/${queryId}`);
    return status === 200 ? (json as unknown as Seen) : null;
  }

  for (const [way, query, format] of [
    ['that the database answers', LONG, 'json'],
    ['whose last line would be an error', LONG, 'ndjson'],
    ['with stages in a worker', `set pushdown = off; ${LONG} | where id > 0`, 'csv'],
  ] as const)
    it(`queries ${way} are ended when nobody reads, and their slots are free`, async () => {
      const ids = Array.from({ length: 3 }, (_, n) => `${format}-unread-${n}`);
      // With stages, the third waits until one of the others has ended, whose worker is not used again: a new one must start for it.
      for (const id of ids) ask(id, query, format);
      for (const id of ids)
        await until(
          async () => (await seen(id))?.error?.code === 'client-too-slow',
          DEADLINE_MS,
          `${id} is ended`,
        );
      const free = async () => /^forkline_sql_slots_free 8$/m.test((await forkline.get('/metrics')).text);
      await until(free, DEADLINE_MS, 'all slots are free');
      const logged = async () =>
        (await forkline.logLines()).filter((line) => line.includes('client-too-slow')).length;
      await until(async () => (await logged()) >= 3, DEADLINE_MS, 'the log tells of them');
    });

  it('one that reads slowly is left alone, while one that does not read is ended beside it', async () => {
    let bytes = 0;
    const slow = ask('slow', LONG, 'json');
    slow.on('data', (piece: Buffer) => {
      bytes += piece.length;
      slow.pause();
      setTimeout(() => slow.resume(), REST_MS);
    });
    slow.resume();
    for (let round = 0; round < 3; round++) {
      ask(`beside-${round}`, LONG, 'json');
      const gone = async () => (await seen(`beside-${round}`))?.error?.code === 'client-too-slow';
      await until(gone, DEADLINE_MS, 'who does not read is ended');
      const before = bytes;
      await until(() => bytes > before, DEADLINE_MS, 'who reads gets more');
      expect((await seen('slow'))!.state).to.equal('running');
    }
  });
});
