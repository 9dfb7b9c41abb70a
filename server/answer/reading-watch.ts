/**
 * Finds clients that do not read their answers: while an answer waits for its client, the query holds a database connection
 * and perhaps a DSL worker. A client must take `leastBytes` in each window of time, which a slow reader does and one that has
 * stopped reading does not. Time in which the answer does not wait for its client is not counted.
 */
import type { ServerResponse } from 'node:http';
import { takenBytes } from './unread-bytes.ts';

export interface ReadingWatchOptions {
  /** The length of a window; 0 disables the watch. */
  readonly windowMs: number;
  readonly leastBytes: number;
}

interface Watched {
  readonly response: ServerResponse;
  /** Called once, when the client is too slow. */
  onTooSlow(): void;
  /** The bytes that the client had taken at the beginning of the window, and its time; null while the answer does not wait for the client. */
  since: { readonly bytes: number; readonly atMs: number } | null;
}

/** The number of checks in each window. */
const CHECKS = 5;
const LEAST_CHECK_MS = 20;

export class ReadingWatch {
  readonly #options: ReadingWatchOptions;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;
  #checking = false;

  constructor(options: ReadingWatchOptions) {
    this.#options = options;
  }

  /** Watches the client until the response has closed. */
  watch(response: ServerResponse, onTooSlow: () => void): void {
    const { windowMs } = this.#options;
    if (windowMs === 0 || response.closed) return;
    const watched: Watched = { response, onTooSlow, since: null };
    this.#watched.add(watched);
    response.once('close', () => this.#forget(watched));
    this.#timer ??= setInterval(() => void this.#check(), Math.max(LEAST_CHECK_MS, windowMs / CHECKS));
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const waited: Watched[] = [];
    for (const each of this.#watched) {
      if (waitsForClient(each.response)) waited.push(each);
      else each.since = null;
    }
    if (waited.length > 0) await this.#judge(waited);
    this.#checking = false;
  }

  async #judge(waited: readonly Watched[]): Promise<void> {
    const sockets = waited.flatMap(({ response: { socket } }) => socket ?? []);
    const taken = await takenBytes(sockets);
    const nowMs = performance.now();
    for (const each of waited) {
      const { socket } = each.response;
      const bytes = socket === null ? undefined : taken.get(socket);
      if (bytes !== undefined && this.#isTooSlow(each, bytes, nowMs)) {
        this.#forget(each);
        each.onTooSlow();
      }
    }
  }

  #isTooSlow(watched: Watched, bytes: number, nowMs: number): boolean {
    const { windowMs, leastBytes } = this.#options;
    if (watched.since === null || bytes - watched.since.bytes >= leastBytes)
      watched.since = { bytes, atMs: nowMs };
    return nowMs - watched.since.atMs >= windowMs;
  }
}

/** Tells whether there are bytes that the client has not taken. */
function waitsForClient(response: ServerResponse): boolean {
  return response.writableNeedDrain || (response.writableEnded && !response.writableFinished);
}
