import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { createFrameReader, writeData, writeMessage } from '../../../../core/protocol/frames.ts';
import type { ProgressMessage } from '../../../../core/protocol/source-progress.ts';
import { WorkerSocket } from '../../../../server/admission/worker-socket.ts';

interface Calls {
  echo: { request: { readonly queryId: string; readonly text: string }; reply: { readonly text: string } };
}
type Message = { type: string; queryId: string; text?: string };

describe('worker socket', () => {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-client-'));
  let server: Server;
  let peer: Socket;
  let client: WorkerSocket<Calls>;
  let received: Message[];
  let onMessage: (message: Message) => void;
  let closes: number;
  let told: ProgressMessage[];

  beforeEach(async () => {
    received = [];
    told = [];
    closes = 0;
    onMessage = () => {};
    const path = join(dir, `${Math.random()}.sock`);
    server = createServer().listen(path);
    await once(server, 'listening');
    const connected = once(server, 'connection');
    client = new WorkerSocket<Calls>({
      workerId: 'sql-1',
      socketPath: path,
      onConnect: () => {},
      onClose: () => closes++,
      onProgress: (message) => told.push(message),
    });
    [peer] = (await connected) as [Socket];
    const feed = createFrameReader({
      onMessage: (message) => {
        received.push(message as Message);
        onMessage(message as Message);
      },
      onData: () => {},
    });
    peer.on('data', feed);
    peer.on('error', () => {});
  });

  for (const [what, place] of [
    ['a link to another socket', 'link'],
    ['a file', 'file'],
    ['nothing', 'nothing'],
  ] as const)
    it(`closes, without a connection, where ${what} stands at its path`, async () => {
      const path = join(dir, place);
      if (place === 'link') symlinkSync(server.address() as string, path);
      if (place === 'file') writeFileSync(path, '');
      let connections = 0;
      server.on('connection', () => connections++);
      const other = await new Promise<WorkerSocket<Calls>>((resolve, reject) => {
        const socket: WorkerSocket<Calls> = new WorkerSocket<Calls>({
          workerId: 'dsl-1',
          socketPath: path,
          onConnect: () => reject(new Error('it connected')),
          onClose: () => resolve(socket),
        });
      });
      expect(other.closed).to.equal(true);
      const error = await other
        .call({ type: 'echo', queryId: 'q', text: '' })
        .catch((thrown) => thrown as QueryError);
      expect(error).to.include({ code: 'worker-lost' });
      expect(connections).to.equal(0);
      expect(openFiles()).to.not.include(path);
    });

  afterEach(async () => {
    client.close();
    peer.destroy();
    server.close();
    await once(server, 'close');
  });
  after(() => rmSync(dir, { recursive: true }));

  const reply = (queryId: string, value: unknown) =>
    writeMessage(peer, { type: 'reply', queryId, ok: true, value });

  it('passes on what the worker tells of a call, which goes on', async () => {
    onMessage = ({ queryId }) => {
      const progress = { connection: 'lake', operation: 'o', tasks: 4, tasksDone: 1 };
      writeMessage(peer, { type: 'progress', queryId, progress });
      reply(queryId, { text: 'done' });
    };
    expect(await client.call<'echo'>({ type: 'echo', queryId: 'q1', text: 'x' })).to.deep.equal({
      text: 'done',
    });
    expect(told.map(({ queryId, progress }) => [queryId, progress.tasksDone])).to.deep.equal([['q1', 1]]);
    expect(client.closed).to.equal(false);
  });

  it('answers a call with its typed reply', async () => {
    onMessage = ({ queryId, text }) => reply(queryId, { text: `${text}!` });
    expect(await client.call({ type: 'echo', queryId: 'q1', text: 'hi' })).to.deep.equal({ text: 'hi!' });
    expect(received).to.deep.equal([{ type: 'echo', queryId: 'q1', text: 'hi' }]);
    expect(client.busy).to.equal(false);
  });

  it('a sink that throws is no lost worker: the call is cancelled and ends with what was thrown', async () => {
    onMessage = ({ type, queryId }) => {
      if (type === 'echo' && queryId === 'q1') writeData(peer, Buffer.from('some bytes'));
      else reply(queryId, { text: type });
    };
    let calls = 0;
    const sink = (): boolean => {
      calls++;
      throw new Error('no such header');
    };
    const failed = await client
      .call({ type: 'echo', queryId: 'q1', text: '' }, sink)
      .catch((error: QueryError) => error);
    expect(failed).to.include({ code: 'internal', message: 'internal error: no such header' });
    expect([received.at(-1)?.type, calls, closes]).to.deep.equal(['cancel', 1, 0]);
    expect(await client.call({ type: 'echo', queryId: 'q2', text: '' })).to.deep.equal({ text: 'echo' });
  });

  /** Answers with that much data, each byte telling where it stands. */
  const LENGTH = 3_000_000;
  const expected = Buffer.from(Array.from({ length: LENGTH }, (_, index) => index % 251));
  const answerWithData = ({ queryId }: Message): void => {
    writeData(peer, expected);
    reply(queryId, { text: 'done' });
  };

  it('leaves what a sink has not released as it is', async () => {
    onMessage = answerWithData;
    const kept: Buffer[] = [];
    await client.call({ type: 'echo', queryId: 'q1', text: '' }, (bytes) => {
      kept.push(bytes);
      return true;
    });
    expect(Buffer.concat(kept).equals(expected)).to.equal(true);
  });

  it('reads again into what a sink has released', async () => {
    onMessage = answerWithData;
    const buffers = new Set<ArrayBufferLike>();
    let reads = 0;
    await client.call({ type: 'echo', queryId: 'q1', text: '' }, (bytes, release) => {
      buffers.add(bytes.buffer);
      reads += 1;
      release();
      return true;
    });
    expect(reads).to.be.greaterThan(10);
    expect(buffers.size).to.equal(1);
  });

  it('turns an error reply into the same QueryError', async () => {
    onMessage = ({ queryId }) =>
      writeMessage(peer, {
        type: 'reply',
        queryId,
        ok: false,
        error: { code: 'sql-error', message: 'no', hint: 'h' },
      });
    const error = await client.call({ type: 'echo', queryId: 'q1', text: '' }).catch((e: QueryError) => e);
    expect((error as QueryError).toWire()).to.deep.equal({ code: 'sql-error', message: 'no', hint: 'h' });
  });

  it('rejects the call that runs with worker-lost when the worker dies, once, and refuses later ones', async () => {
    onMessage = () => peer.destroy();
    const lost = await client
      .call({ type: 'echo', queryId: 'q1', text: '' })
      .catch((e: QueryError) => e.code);
    expect(lost).to.equal('worker-lost');
    expect(closes).to.equal(1);
    expect(
      await client.call({ type: 'echo', queryId: 'q2', text: '' }).catch((e: QueryError) => e.code),
    ).to.equal('worker-lost');
  });

  it('closes on a reply to another query, rather than give it to the wrong one', async () => {
    onMessage = () => reply('someone-else', { text: 'secret' });
    expect(
      await client.call({ type: 'echo', queryId: 'q1', text: '' }).catch((e: QueryError) => e.code),
    ).to.equal('worker-lost');
    expect(client.closed).to.equal(true);
  });

  it('cancels only the query that it was asked to cancel', async () => {
    const cancelled = new Promise<void>((resolve) => {
      onMessage = (message) => {
        if (message.type !== 'cancel') return;
        reply(message.queryId, { text: 'ended' });
        resolve();
      };
    });
    const call = client.call({ type: 'echo', queryId: 'q1', text: '' });
    client.cancel('q0');
    client.cancel('q1');
    await cancelled;
    await call;
    expect(received.map(({ type, queryId }) => `${type} ${queryId}`)).to.deep.equal(['echo q1', 'cancel q1']);
  });

  it('a sink that has enough stops the worker until it resumes', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const CHUNKS = 64;
    let written = 0;
    let sent = 0;
    // Writes as long as the socket takes more, as a worker does.
    const pump = (): void => {
      while (sent < CHUNKS) {
        sent++;
        if (!writeData(peer, chunk)) return;
      }
    };
    onMessage = () => {
      peer.on('drain', () => {
        pump();
        if (sent === CHUNKS && peer.writableLength === 0) reply('q1', { text: 'all' });
      });
      pump();
    };
    let paused = (): void => {};
    const pausedOnce = new Promise<void>((resolve) => {
      paused = resolve;
    });
    let slow = true;
    const call = client.call({ type: 'echo', queryId: 'q1', text: '' }, (bytes) => {
      written += bytes.length;
      if (slow) paused();
      return !slow;
    });
    await pausedOnce;
    // The peer has stopped in the middle: its buffer is full and nothing takes from it.
    expect(sent).to.be.below(CHUNKS);
    slow = false;
    client.resume();
    expect(await call).to.deep.equal({ text: 'all' });
    expect(written).to.equal(CHUNKS * chunk.length);
  });

  it('a sink that has enough with the last of an answer does not stop the next call', async () => {
    onMessage = ({ queryId, text }) => {
      peer.cork(); // data and reply arrive as one
      writeData(peer, Buffer.from('the last bytes'));
      reply(queryId, { text });
      peer.uncork();
    };
    const enough = () => false; // and nobody will resume: its client is gone
    await client.call({ type: 'echo', queryId: 'q1', text: 'one' }, enough);
    expect(await client.call({ type: 'echo', queryId: 'q2', text: 'two' }, () => true)).to.deep.equal({
      text: 'two',
    });
  });
});

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // the list's own
    }
  });
}
