/**
 * A client's lines on their way to the file, kept within a bound: full, all of them go into a spill file in one
 * synchronous batch; when that fails the oldest are dropped, counted, and reported by a `log-lines-dropped` line
 * as soon as there is a way for it. Never throws.
 */
import { createLineFormatter, type LineSource } from './line.ts';
import { LineQueue } from './line-queue.ts';
import type { LogLevel } from './log.ts';
import { writeSpill } from './spill.ts';

export interface Backlog {
  readonly queue: LineQueue;
  readonly isEmpty: boolean;
  /** Makes a line and keeps it; true when room had to be made by a spill file. */
  add(level: LogLevel, event: string, fields?: object): boolean;
  /** Everything kept into a spill file, if the disk takes it. */
  spill(): boolean;
  /** Adds the line that tells of dropped ones, if there were any. */
  reportDropped(): void;
}

export interface BacklogOptions {
  readonly source: LineSource;
  readonly rawDir: string;
  readonly maxCharacters: number;
}

/** After a spill that failed, the next is tried this much later; until then the oldest lines go. */
const SPILL_RETRY_MS = 1000;
/** Dropping leaves this part, so that not every further line has to drop. */
const KEPT_BY_DROPPING = 0.75;

export function createBacklog({ source, rawDir, maxCharacters }: BacklogOptions): Backlog {
  const format = createLineFormatter(source);
  const queue = new LineQueue();
  let dropped: { readonly count: number; readonly fromSeq: number; readonly toSeq: number } | null = null;
  let batches = 0;
  let spillAgainAt = 0;

  function add(level: LogLevel, event: string, fields?: object): boolean {
    queue.push(format(level, event, fields, queue.nextSeq));
    return queue.characters > maxCharacters && makeRoom();
  }

  function makeRoom(): boolean {
    const nowMs = Date.now();
    if (nowMs >= spillAgainAt) {
      if (spill()) return true;
      spillAgainAt = nowMs + SPILL_RETRY_MS;
    }
    const range = queue.dropOldest(maxCharacters * KEPT_BY_DROPPING);
    if (range === null) return false;
    const count = (dropped?.count ?? 0) + range.toSeq - range.fromSeq + 1;
    dropped = { count, fromSeq: dropped?.fromSeq ?? range.fromSeq, toSeq: range.toSeq };
    return false;
  }

  function spill(): boolean {
    if (queue.firstSeq === queue.nextSeq) return true;
    const name = { process: source.process, stream: source.stream, batch: batches + 1 };
    try {
      writeSpill(rawDir, name, queue.lines());
    } catch {
      return false; // what this loses is counted, and the count reaches the file when it can
    }
    batches += 1;
    queue.acknowledge(queue.nextSeq - 1);
    return true;
  }

  function reportDropped(): void {
    if (dropped === null) return;
    const lost = dropped;
    dropped = null;
    add('warn', 'log-lines-dropped', lost);
  }

  return {
    queue,
    get isEmpty() {
      return queue.firstSeq === queue.nextSeq;
    },
    add,
    spill,
    reportDropped,
  };
}
