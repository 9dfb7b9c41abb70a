/**
 * One connection to the log socket: a client's lines, its greetings, or questions. The order is kept: a hello waits
 * for the one before it, and its welcome for the lines that the client spilled.
 */
import type { Socket } from 'node:net';
import { readStamp } from '../../core/logging/line.ts';
import type { Log } from '../../core/logging/log.ts';
import { encodeMessage, type Question, type ToLogger } from '../../core/logging/wire.ts';
import type { Merger, StreamState } from './merger.ts';
import type { Peers } from './peers.ts';
import type { Answers } from './questions.ts';
import type { SpillMerge } from './spill-merge.ts';

export interface ConnectionDeps {
  readonly merger: Merger;
  readonly spills: SpillMerge;
  readonly peers: Peers;
  readonly log: Log;
  readonly answers: Answers;
  /** Whether the client is sandboxed: it may write log lines, and neither audit records nor questions. */
  readonly linesOnly: boolean;
}

const MESSAGE_START = Buffer.from('{"type":');

export class Connection {
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  #stream: StreamState | null = null;
  #process: string | null = null;
  #hellos: Promise<void> = Promise.resolve();

  /** A value of its own, so that a closing connection knows whether the stream is still its. */
  readonly #acknowledge = (seq: number): void => {
    this.#socket.write(encodeMessage({ type: 'ack', seq }));
  };

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
  }

  /** A line with its line end. Throws when it has no place here. */
  onLine(line: Buffer): void {
    if (line.subarray(0, MESSAGE_START.length).equals(MESSAGE_START)) {
      this.#onMessage(JSON.parse(line.toString('utf8')) as ToLogger);
      return;
    }
    const stamp = readStamp(line);
    if (this.#stream === null || stamp?.stream !== this.#stream.stream)
      throw new Error('a line out of place');
    this.#deps.merger.accept(this.#stream, line, stamp.seq);
  }

  onClose(): void {
    if (this.#process !== null) this.#deps.peers.disconnected(this.#process);
    if (this.#stream?.onAck !== this.#acknowledge) return; // the client has a newer connection already
    this.#stream.onAck = null;
    this.#stream.goneAtMs = performance.now();
  }

  #onMessage(message: ToLogger): void {
    if (this.#deps.linesOnly && !this.#mayWrite(message))
      throw new Error('a sandboxed process may only write log lines');
    switch (message.type) {
      case 'hello':
        this.#hellos = this.#hellos.then(() => this.#greet(message));
        return;
      case 'search':
      case 'stats':
      case 'summary':
        void this.#answer(message);
        return;
      default:
        message satisfies never;
    }
  }

  #mayWrite(message: ToLogger): boolean {
    return message.type === 'hello' && !this.#deps.merger.isAudited(message.stream, message.role);
  }

  async #greet(hello: Extract<ToLogger, { type: 'hello' }>): Promise<void> {
    const { merger, spills, peers, log } = this.#deps;
    try {
      if (this.#process === null) peers.connected(hello.process, hello.pid);
      this.#process = hello.process;
      await spills.mergeStream(hello.stream);
      this.#stream = merger.open(hello.stream, hello.role);
    } catch (error) {
      log.warn('log-client-not-welcomed', { client: hello.process, error });
      this.#socket.destroy(); // the line comes again
      return;
    }
    if (this.#socket.destroyed) return;
    this.#stream.onAck = this.#acknowledge;
    this.#socket.write(encodeMessage({ type: 'welcome', id: hello.id, seq: this.#stream.written }));
  }

  async #answer(question: Question): Promise<void> {
    let reply: string;
    try {
      reply = await this.#deps.answers.answer(question);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      reply = encodeMessage({ type: 'failed', id: question.id, message });
    }
    if (!this.#socket.destroyed) this.#socket.write(reply);
  }
}
