/**
 * The log socket: takes lines from clients, acknowledges what is in the file, answers searches. The order of one
 * connection is kept: a hello waits for what came before it. When the file cannot keep up, sockets are no longer
 * read, and the clients' own bounded buffers take over.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { readStamp } from './line.ts';
import type { Log } from './log.ts';
import type { Merger, StreamState } from './merger.ts';
import type { Pipeline } from './pipeline.ts';
import type { ProcessTable } from './raw-tail.ts';
import type { FoundLines } from './search.ts';
import type { SpillMerge } from './spill-merge.ts';
import { createLineSplitter, encodeMessage, type LogFilter, type ToLogger } from './wire.ts';

export interface ListenerDeps {
  readonly socketPath: string;
  readonly merger: Merger;
  readonly pipeline: Pipeline;
  readonly spills: SpillMerge;
  readonly log: Log;
  search(filter: LogFilter): Promise<FoundLines>;
}

export interface Listener {
  readonly processes: ProcessTable;
  /** Bytes that ever came: to see whether something still comes. */
  readonly receivedBytes: number;
  /** Takes no more connections and ends those there are. */
  close(): void;
}

interface Peer {
  readonly pid: number;
  connections: number;
}

const MAX_LINE_BYTES = 2 * 1024 * 1024;
const MESSAGE_START = Buffer.from('{"type":');

export async function listen(deps: ListenerDeps): Promise<Listener> {
  const peers = new Map<string, Peer>();
  const sockets = new Set<Socket>();
  let receivedBytes = 0;
  /** Searches run one after the other: they share this process's time with the lines. */
  let searches: Promise<void> = Promise.resolve();

  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket);
  });
  await listenOn(server, deps.socketPath);

  function serve(socket: Socket): void {
    const peer = createConnection(socket, deps, peers, queueSearch);
    const split = createLineSplitter(MAX_LINE_BYTES, peer.onLine);
    socket.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      try {
        split(chunk);
      } catch (error) {
        deps.log.warn('log-connection-refused', { error });
        socket.destroy();
      }
      if (!deps.pipeline.full) return;
      socket.pause();
      void deps.pipeline.room().then(() => socket.resume());
    });
    socket.on('error', () => {}); // 'close' follows; the client has what was not acknowledged
    socket.on('close', () => {
      sockets.delete(socket);
      peer.onClose();
    });
  }

  function queueSearch(work: () => Promise<void>): void {
    searches = searches.then(work);
  }

  return {
    processes: processTable(peers),
    get receivedBytes() {
      return receivedBytes;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function listenOn(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 511 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function createConnection(
  socket: Socket,
  deps: ListenerDeps,
  peers: Map<string, Peer>,
  queueSearch: (work: () => Promise<void>) => void,
): { onLine(line: Buffer): void; onClose(): void } {
  const { merger, spills, log } = deps;
  let state: StreamState | null = null;
  let process: string | null = null;
  let hellos: Promise<void> = Promise.resolve();

  const onAck = (seq: number): void => {
    socket.write(encodeMessage({ type: 'ack', seq }));
  };

  function onLine(line: Buffer): void {
    if (line.subarray(0, MESSAGE_START.length).equals(MESSAGE_START)) {
      onMessage(JSON.parse(line.toString('utf8')) as ToLogger);
      return;
    }
    const stamp = readStamp(line);
    if (state === null || stamp?.stream !== state.stream) throw new Error('a line out of place');
    merger.accept(state, line, stamp.seq);
  }

  function onMessage(message: ToLogger): void {
    switch (message.type) {
      case 'hello':
        hellos = hellos.then(() => greet(message));
        return;
      case 'search':
        queueSearch(() => answer(message.id, message.filter));
        return;
      default:
        message satisfies never;
    }
  }

  async function greet(hello: Extract<ToLogger, { type: 'hello' }>): Promise<void> {
    try {
      if (process === null) addPeer(peers, hello.process, hello.pid);
      process = hello.process;
      await spills.mergeStream(hello.stream);
      state = await merger.open(hello.stream, hello.resent);
    } catch (error) {
      log.warn('log-client-not-welcomed', { client: hello.process, error });
      socket.destroy(); // it comes again
      return;
    }
    if (socket.destroyed) return;
    state.onAck = onAck;
    socket.write(encodeMessage({ type: 'welcome', id: hello.id, seq: state.written }));
  }

  async function answer(id: number, filter: LogFilter): Promise<void> {
    try {
      const { lines, truncated } = await deps.search(filter);
      // The lines are JSON already.
      socket.write(`{"type":"found","id":${id},"truncated":${truncated},"lines":[${lines.join(',')}]}\n`);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      socket.write(encodeMessage({ type: 'search-failed', id, message }));
    }
  }

  function onClose(): void {
    if (process !== null) peers.get(process)!.connections -= 1;
    if (state?.onAck !== onAck) return; // the client has a newer connection already
    state.onAck = null;
    state.goneAtMs = performance.now();
  }

  return { onLine, onClose };
}

function addPeer(peers: Map<string, Peer>, process: string, pid: number): void {
  const peer = peers.get(process) ?? { pid, connections: 0 };
  peer.connections += 1;
  peers.set(process, peer);
}

function processTable(peers: Map<string, Peer>): ProcessTable {
  return {
    pidOf: (workerId) => peers.get(workerId)?.pid ?? null,
    isGone(workerId) {
      const peer = peers.get(workerId);
      return peer !== undefined && peer.connections === 0 && !isAlive(peer.pid);
    },
    forget(workerId) {
      if (peers.get(workerId)?.connections === 0) peers.delete(workerId);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
