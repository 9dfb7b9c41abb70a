/**
 * Ends clients that do not read: while an answer waits for its client, the query holds a database connection, perhaps a
 * DSL worker. A client has to take so many bytes in each window of time; one that reads slowly does, one that does not
 * read does not. Time in which the answer does not wait for its client does not count.
 */
import type { ServerResponse } from 'node:http';
import { takenBytes } from './unread-bytes.ts';

export interface ReadingWatchOptions {
  /** 0: nobody is watched. */
  readonly windowMs: number;
  readonly leastBytes: number;
}

interface Watched {
  readonly response: ServerResponse;
  /** Called once. */
  onTooSlow(): void;
  /** What the client had taken when it last had taken enough, and when that was; null: it is not waited for. */
  since: { readonly bytes: number; readonly atMs: number } | null;
}

/** Looks in each window. */
const LOOKS = 5;
const LEAST_LOOK_MS = 20;

export class ReadingWatch {
  readonly #options: ReadingWatchOptions;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;

  constructor(options: ReadingWatchOptions) {
    this.#options = options;
  }

  /** Until the response has closed. */
  watch(response: ServerResponse, onTooSlow: () => void): void {
    const { windowMs } = this.#options;
    if (windowMs === 0 || response.closed) return;
    const watched: Watched = { response, onTooSlow, since: null };
    this.#watched.add(watched);
    response.once('close', () => this.#forget(watched));
    this.#timer ??= setInterval(() => void this.#look(), Math.max(LEAST_LOOK_MS, windowMs / LOOKS));
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const waited: Watched[] = [];
    for (const each of this.#watched) {
      if (waitsForClient(each.response)) waited.push(each);
      else each.since = null;
    }
    if (waited.length > 0) await this.#judge(waited);
    this.#looking = false;
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

/** There are bytes for the client that it has not taken. */
function waitsForClient(response: ServerResponse): boolean {
  return response.writableNeedDrain || (response.writableEnded && !response.writableFinished);
}
