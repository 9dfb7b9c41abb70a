/**
 * A client's lines on their way to the file, kept within a bound: full, all of them go into a spill file in one
 * synchronous batch; when that fails, or as much as may be lies there already, the oldest are dropped, counted, and
 * reported by a `log-lines-dropped` line as soon as there is a way for it. Never throws.
 */
import { createLineFormatter, type LineFormatter, type LineSource } from './line.ts';
import { LineQueue } from './line-queue.ts';
import type { LogLevel } from './log.ts';
import { spilledBytes, writeSpill } from './spill.ts';

export interface BacklogOptions {
  readonly source: LineSource;
  readonly rawDir: string;
  readonly maxCharacters: number;
  /** Limit for all spill files of this client together: a logger that is away for hours must not fill the disk. */
  readonly maxSpilledBytes: number;
}

/** After a spill that failed, the next is tried this much later; until then the oldest lines go. */
const SPILL_RETRY_MS = 1000;
/** Dropping leaves this part, so that not every further line has to drop. */
const KEPT_BY_DROPPING = 0.75;

export class Backlog {
  readonly queue = new LineQueue();
  readonly #options: BacklogOptions;
  readonly #format: LineFormatter;
  #dropped: { readonly count: number; readonly fromSeq: number; readonly toSeq: number } | null = null;
  #batches = 0;
  #spillAgainAt = 0;

  constructor(options: BacklogOptions) {
    this.#options = options;
    this.#format = createLineFormatter(options.source);
  }

  get isEmpty(): boolean {
    return this.queue.firstSeq === this.queue.nextSeq;
  }

  /** Makes a line and keeps it; true when room had to be made by a spill file. */
  add(level: LogLevel, event: string, fields?: object): boolean {
    this.queue.push(this.#format(level, event, fields, this.queue.nextSeq));
    return this.queue.characters > this.#options.maxCharacters && this.#makeRoom();
  }

  /** Everything kept into a spill file, if the disk takes it; the last lines of a process whatever lies there. */
  spill(last = false): boolean {
    if (this.isEmpty) return true;
    const { rawDir, source, maxSpilledBytes } = this.#options;
    const name = { process: source.process, stream: source.stream, batch: this.#batches + 1 };
    try {
      if (!last && spilledBytes(rawDir, source.stream) >= maxSpilledBytes) return false;
      writeSpill(rawDir, name, this.queue.lines());
    } catch {
      return false; // lines that are lost here are counted, and the count reaches the file when it can
    }
    this.#batches += 1;
    this.queue.acknowledge(this.queue.nextSeq - 1);
    return true;
  }

  /** Adds the line that tells of dropped ones, if there were any. */
  reportDropped(): void {
    if (this.#dropped === null) return;
    const lost = this.#dropped;
    this.#dropped = null;
    this.add('warn', 'log-lines-dropped', lost);
  }

  #makeRoom(): boolean {
    const nowMs = Date.now();
    if (nowMs >= this.#spillAgainAt) {
      if (this.spill()) return true;
      this.#spillAgainAt = nowMs + SPILL_RETRY_MS;
    }
    const range = this.queue.dropOldest(this.#options.maxCharacters * KEPT_BY_DROPPING);
    if (range === null) return false;
    const count = (this.#dropped?.count ?? 0) + range.toSeq - range.fromSeq + 1;
    this.#dropped = { count, fromSeq: this.#dropped?.fromSeq ?? range.fromSeq, toSeq: range.toSeq };
    return false;
  }
}
