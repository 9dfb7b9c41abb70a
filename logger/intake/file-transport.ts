/**
 * The winston transport behind all lines: whatever winston has buffered while a write was under way becomes the
 * next write. An entry's `onWritten` is called once write() has returned for it; a write that fails (disk full) is
 * repeated each second, the pipeline stands still meanwhile, and the gap is reported when it is over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import Transport from 'winston-transport';
import type { LogFile } from '../store/log-file.ts';

export const LEVEL: unique symbol = Symbol.for('level') as never;
export const MESSAGE: unique symbol = Symbol.for('message') as never;

/** An entry on its way through winston: the finished line, with its line end. */
export interface Entry {
  readonly level: string;
  readonly message: string;
  readonly [LEVEL]: string;
  readonly [MESSAGE]: Buffer;
  readonly onWritten: () => void;
}

export interface WriteGap {
  readonly failedWrites: number;
  readonly gapMs: number;
  readonly error: unknown;
}

export interface FileTransportOptions {
  readonly file: Pick<LogFile, 'append'>;
  readonly retryMs: number;
  onGap(gap: WriteGap): void;
}

/** One write; small enough that files stay near their size limit. */
const MAX_WRITE_BYTES = 256 * 1024;
/** Entries, not bytes: the pipeline bounds bytes. It must be ample, for winston to gather a batch. */
const HIGH_WATER_MARK = 100_000;

export class FileTransport extends Transport {
  readonly #options: FileTransportOptions;
  /** Ends the wait between two tries. */
  readonly #giveUp = new AbortController();

  constructor(options: FileTransportOptions) {
    // winston-transport's types do not list it, its constructor passes it on to Writable.
    super({ highWaterMark: HIGH_WATER_MARK } as Transport.TransportStreamOptions);
    this.#options = options;
  }

  override log(entry: Entry, next: () => void): void {
    void this.#writeAll([entry]).then(next);
  }

  override logv(writes: readonly { readonly chunk: Entry }[], next: () => void): void {
    void this.#writeAll(writes.map((write) => write.chunk)).then(next);
  }

  /** No further tries: for an end that must not wait for a full disk. */
  giveUp(): void {
    this.#giveUp.abort();
  }

  async #writeAll(entries: readonly Entry[]): Promise<void> {
    for (let at = 0; at < entries.length && !this.#giveUp.signal.aborted; ) {
      const end = endOfWrite(entries, at);
      const batch = entries.slice(at, end);
      if (await this.#writeUntilDone(Buffer.concat(batch.map((entry) => entry[MESSAGE])))) {
        for (const entry of batch) entry.onWritten();
      }
      at = end;
    }
  }

  /** Resolves with false when given up. */
  async #writeUntilDone(lines: Buffer): Promise<boolean> {
    const { file, retryMs, onGap } = this.#options;
    const startedAt = performance.now();
    let error: unknown;
    for (let failedWrites = 0; ; failedWrites += 1) {
      try {
        await file.append(lines);
        if (failedWrites > 0) onGap({ failedWrites, gapMs: performance.now() - startedAt, error });
        return true;
      } catch (thrown) {
        error = thrown; // told by onGap: there is no place to log it to just now
      }
      try {
        await delay(retryMs, undefined, { signal: this.#giveUp.signal });
      } catch {
        return false; // given up
      }
    }
  }
}

function endOfWrite(entries: readonly Entry[], start: number): number {
  let bytes = 0;
  let end = start;
  while (
    end < entries.length &&
    (end === start || bytes + entries[end]![MESSAGE].length <= MAX_WRITE_BYTES)
  ) {
    bytes += entries[end]![MESSAGE].length;
    end += 1;
  }
  return end;
}
