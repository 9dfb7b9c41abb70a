/**
 * A client's connection to the logger, for as long as the client lives.
 *
 *              connected                welcome
 *   away ----------------> greeting ----------------> flowing
 *     ^                      |   ^                       |
 *     |     error, close     |   '------- greet() -------|
 *     '----------------------'---------------------------'   then again after 20 ms, doubling up to 1 s
 *   any --shut()--> shut
 *
 * Lines are sent while flowing only. `greet()` says hello again when lines went round the socket. Neither the
 * socket nor the timers keep the process alive, unless `hold()` says that somebody waits for acknowledgements.
 */
import { connect, type Socket } from 'node:net';
import { createLineSplitter, encodeMessage, type FromLogger, type ToLogger } from './wire.ts';

const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 1000;
const BATCH_CHARACTERS = 256 * 1024;
const MAX_REPLY_BYTES = 64 * 1024;

export interface LinkDeps {
  readonly socketPath: string;
  hello(id: number): Extract<ToLogger, { type: 'hello' }>;
  /** Everything up to seq is in the file. */
  onWritten(seq: number): void;
  /** Lines may be sent, from the oldest unacknowledged one on. */
  onFlowing(): void;
  /** The next lines to send; null when there are none. */
  takeUnsent(maxCharacters: number): string | null;
}

export interface Link {
  /** There are new lines. */
  poke(): void;
  /** Lines went round the socket: ask again where to go on. */
  greet(): void;
  /** Keeps the process alive until shut. */
  hold(): void;
  shut(): void;
}

type State = 'away' | 'greeting' | 'flowing' | 'shut';

export function createLink(deps: LinkDeps): Link {
  let state: State = 'away';
  let socket: Socket | null = null;
  let helloId = 0;
  let backoffMs = FIRST_BACKOFF_MS;
  let retryTimer: NodeJS.Timeout | null = null;
  let held = false;

  function open(): void {
    retryTimer = null;
    const opened = connect(deps.socketPath);
    socket = opened;
    if (!held) opened.unref();
    opened.on('connect', () => greet(opened));
    opened.on(
      'data',
      createLineSplitter(MAX_REPLY_BYTES, (line) => onReply(JSON.parse(line.toString()))),
    );
    opened.on('drain', flush);
    opened.on('error', () => {}); // 'close' follows, and the lines are still in the queue
    opened.on('close', onClose);
  }

  function onClose(): void {
    socket = null;
    if (state === 'shut') return;
    state = 'away';
    retryTimer = setTimeout(open, backoffMs);
    if (!held) retryTimer.unref();
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
  }

  function greet(to: Socket): void {
    if (state === 'shut') return;
    state = 'greeting';
    helloId += 1;
    to.write(encodeMessage(deps.hello(helloId)));
  }

  function onReply(reply: FromLogger): void {
    switch (reply.type) {
      case 'welcome':
        if (reply.id !== helloId || state !== 'greeting') return; // a later hello is on its way
        deps.onWritten(reply.seq);
        state = 'flowing';
        backoffMs = FIRST_BACKOFF_MS;
        deps.onFlowing();
        flush();
        return;
      case 'ack':
        deps.onWritten(reply.seq);
        return;
      case 'found':
      case 'search-failed':
        return; // searches have connections of their own
      default:
        reply satisfies never;
    }
  }

  function flush(): void {
    while (state === 'flowing' && socket !== null && !socket.writableNeedDrain) {
      const batch = deps.takeUnsent(BATCH_CHARACTERS);
      if (batch === null) return;
      socket.write(batch);
    }
  }

  open();
  return {
    poke: flush,
    greet() {
      if (socket !== null && (state === 'flowing' || state === 'greeting')) greet(socket);
    },
    hold() {
      held = true;
      socket?.ref();
      retryTimer?.ref();
    },
    shut() {
      state = 'shut';
      if (retryTimer !== null) clearTimeout(retryTimer);
      socket?.destroy();
    },
  };
}
