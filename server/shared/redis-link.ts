/**
 * A connection to Redis that never holds anybody up: a command fails at once while Redis is away, and after a time limit when it is slow;
 * after some that were too slow nobody asks for a while. What is too much to wait is left out.
 */
import { createClient, RESP_TYPES } from '@redis/client';
import type { Log } from '../../core/logging/log.ts';

export interface RedisLinkOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly log: Log;
  /** Names the connection in log lines. */
  readonly what: string;
}

type Reply = string | number | null | Buffer | readonly Reply[];

/** The error of a command that was not answered in time; it may still be carried out. */
export class TooSlow extends Error {}

const RECONNECT_MS = 100;
const MAX_RECONNECT_MS = 5000;
/** After so many commands in a row that were too slow, nothing is asked for a while. */
const SLOW_IN_A_ROW = 3;
const PAUSE_MS = 2000;

export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #client;
  #slow = 0;
  #pausedUntil = 0;
  #isTold = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    const { url, log, what } = options;
    this.#client = createClient({
      url,
      RESP: 2,
      disableOfflineQueue: true,
      socket: {
        connectTimeout: 1000,
        reconnectStrategy: (retries) => Math.min(RECONNECT_MS * 2 ** retries, MAX_RECONNECT_MS),
      },
    });
    this.#client.on('error', (error: Error) => {
      // Once for each time that it goes away: the client tries again and again.
      if (!this.#isTold) log.warn('redis-away', { what, message: error.message });
      this.#isTold = true;
    });
    this.#client.on('ready', () => {
      if (this.#isTold) log.info('redis-back', { what });
      this.#isTold = false;
    });
  }

  /** Begins to connect, and goes on trying. `onReady` is called at each connection, `onLost` when one ended. */
  open(onReady: () => void = () => {}, onLost: () => void = () => {}): void {
    this.#client.on('ready', onReady);
    this.#client.on('error', onLost);
    this.#client.on('reconnecting', onLost);
    this.#client.connect().catch(() => {}); // told by 'error'
  }

  /** Whether a command would be sent now. */
  get isUsable(): boolean {
    return this.#client.isReady && performance.now() >= this.#pausedUntil;
  }

  /** Sends a command; bulk strings of its reply are bytes. Rejects when Redis is away, is too slow, or refuses it. */
  async send(args: readonly (string | Buffer)[], timeoutMs = this.#options.timeoutMs): Promise<Reply> {
    if (!this.isUsable) throw new Error('Redis is away');
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TooSlow(`Redis did not answer within ${timeoutMs} ms`)), timeoutMs);
    });
    const sent = this.#client.sendCommand<Reply>([...args], {
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer },
    });
    sent.catch(() => {}); // after the time limit nobody waits for it
    try {
      const reply = await Promise.race([sent, timeout]);
      this.#slow = 0;
      return reply;
    } catch (error) {
      if (error instanceof TooSlow && ++this.#slow >= SLOW_IN_A_ROW) {
        this.#slow = 0;
        this.#pausedUntil = performance.now() + PAUSE_MS;
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#client.destroy();
  }
}
