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

type State = 'away' | 'greeting' | 'flowing' | 'shut';

const NEXT: Readonly<Record<State, readonly State[]>> = {
  away: ['away', 'greeting', 'shut'],
  greeting: ['away', 'greeting', 'flowing', 'shut'],
  flowing: ['away', 'greeting', 'shut'],
  shut: ['shut'],
};

export class Link {
  readonly #deps: LinkDeps;
  #state: State = 'away';
  #socket: Socket | null = null;
  #helloId = 0;
  #backoffMs = FIRST_BACKOFF_MS;
  #retryTimer: NodeJS.Timeout | null = null;
  #held = false;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#open();
  }

  /** There are new lines. */
  poke(): void {
    while (this.#state === 'flowing' && this.#socket !== null && !this.#socket.writableNeedDrain) {
      const batch = this.#deps.takeUnsent(BATCH_CHARACTERS);
      if (batch === null) return;
      this.#socket.write(batch);
    }
  }

  /** Lines went round the socket: ask again where to go on. */
  greet(): void {
    const greeted = this.#state === 'flowing' || this.#state === 'greeting';
    if (greeted && this.#socket !== null) this.#greet(this.#socket);
  }

  /** Keeps the process alive until shut. */
  hold(): void {
    this.#held = true;
    this.#socket?.ref();
    this.#retryTimer?.ref();
  }

  shut(): void {
    this.#become('shut');
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#socket?.destroy();
  }

  #become(state: State): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`log link: ${this.#state} -> ${state}`);
    this.#state = state;
  }

  #open(): void {
    this.#retryTimer = null;
    const socket = connect(this.#deps.socketPath);
    this.#socket = socket;
    if (!this.#held) socket.unref();
    socket.on('connect', () => this.#greet(socket));
    socket.on(
      'data',
      createLineSplitter(MAX_REPLY_BYTES, (line) => this.#onReply(JSON.parse(line.toString()))),
    );
    socket.on('drain', () => this.poke());
    socket.on('error', () => {}); // 'close' follows, and the lines are still in the queue
    socket.on('close', () => this.#onClose());
  }

  #onClose(): void {
    this.#socket = null;
    if (this.#state === 'shut') return;
    this.#become('away');
    this.#retryTimer = setTimeout(() => this.#open(), this.#backoffMs);
    if (!this.#held) this.#retryTimer.unref();
    this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS);
  }

  #greet(to: Socket): void {
    if (this.#state === 'shut') return;
    this.#become('greeting');
    this.#helloId += 1;
    to.write(encodeMessage(this.#deps.hello(this.#helloId)));
  }

  #onReply(reply: FromLogger): void {
    switch (reply.type) {
      case 'welcome':
        if (reply.id === this.#helloId && this.#state === 'greeting') this.#flow(reply.seq);
        return; // otherwise a later hello is on its way
      case 'ack':
        this.#deps.onWritten(reply.seq);
        return;
      case 'found':
      case 'stats':
      case 'summary':
      case 'failed':
        return; // questions have connections of their own
      default:
        reply satisfies never;
    }
  }

  #flow(writtenSeq: number): void {
    this.#deps.onWritten(writtenSeq);
    this.#become('flowing');
    this.#backoffMs = FIRST_BACKOFF_MS;
    this.#deps.onFlowing();
    this.poke();
  }
}
