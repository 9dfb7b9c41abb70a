/**
 * Searches the log from its newest line back, until enough was found. Bounded memory: a block of the file and the
 * lines found. "Newest" is by place in the file, which differs from the lines' own times only for lines that came
 * late by a spill file; the answer is in the order of times, and of seqs within a stream.
 */
import { levelRank } from '../../core/logging/client.ts';
import { type LineStamp, readStamp } from '../../core/logging/line.ts';
import type { LogFilter } from '../../core/logging/wire.ts';
import { hashId } from '../index/block-record.ts';
import { readBlocks, type StoredLog } from './stored-log.ts';

export interface FoundLines {
  /** JSON texts, oldest first. */
  readonly lines: readonly string[];
  /** More lines match than are given. */
  readonly truncated: boolean;
  /** Files that could not be read, and why. */
  readonly unreadable: readonly string[];
}

const NEWLINE = 0x0a;
const MAX_LIMIT = 10_000;
/** Longest answer: the reader parses it in one go. */
const MAX_ANSWER_CHARACTERS = 2 * 1024 * 1024;

interface Match {
  readonly stamp: LineStamp;
  readonly json: string;
}

interface Matcher {
  /** Bytes that every matching line has; null: any line may match. */
  readonly needle: Buffer | null;
  match(line: Buffer): Match | null;
}

/** Rejects when the filter is not valid. */
export async function searchLog(log: StoredLog, filter: LogFilter): Promise<FoundLines> {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(filter.limit)));
  if (!Number.isFinite(limit)) throw new Error('limit is not a number');
  const sinceMs = filter.since === undefined ? 0 : Date.parse(filter.since);
  if (Number.isNaN(sinceMs)) throw new Error(`since is not a date: ${filter.since}`);
  const matcher = createMatcher(filter, sinceMs);
  const unreadable: string[] = [];
  const found: Match[] = [];
  const onUnreadable = (path: string, error: unknown): void => {
    unreadable.push(`${path}: ${error instanceof Error ? error.message : error}`);
  };
  let characters = 0;
  for await (const block of readBlocks(log, wantedOf(filter, sinceMs), onUnreadable)) {
    for (const match of matchesIn(block, matcher)) {
      const full = found.length === limit || characters + match.json.length > MAX_ANSWER_CHARACTERS;
      if (full) return { lines: inOrder(found), truncated: true, unreadable };
      found.push(match);
      characters += match.json.length;
    }
  }
  return { lines: inOrder(found), truncated: false, unreadable };
}

function wantedOf({ queryId, level }: LogFilter, sinceMs: number) {
  const id = queryId === undefined ? null : Buffer.from(queryId);
  return {
    idHash: id === null ? null : hashId(id, 0, id.length),
    sinceMs,
    minRank: levelRank(level ?? 'debug'),
  };
}

/** `newestFirst` is by place. Lines of one time and stream have come in the order of their seqs. */
function inOrder(newestFirst: readonly Match[]): string[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...newestFirst].reverse().sort(({ stamp: a }, { stamp: b }) => {
    return compare(a.time, b.time) || (a.stream === b.stream ? a.seq - b.seq : compare(a.stream, b.stream));
  });
  return sorted.map(({ json }) => json);
}

function createMatcher({ queryId, level }: LogFilter, sinceMs: number): Matcher {
  const since = new Date(sinceMs).toISOString();
  const minRank = levelRank(level ?? 'debug');
  return {
    needle: queryId === undefined ? null : Buffer.from(`"queryId":${JSON.stringify(queryId)}`),
    match(line) {
      const stamp = readStamp(line);
      if (stamp === null || stamp.time < since || levelRank(stamp.level) < minRank) return null;
      const json = line.toString('utf8');
      const parsed = parseObject(json);
      if (parsed === null || (queryId !== undefined && parsed.queryId !== queryId)) return null;
      return { stamp, json };
    },
  };
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return null; // the line that is being written just now
  }
}

/** Newest first. */
function* matchesIn(block: Buffer, { needle, match }: Matcher): Generator<Match> {
  // `end`: just behind the last byte of the lines not looked at yet.
  for (let end = block.length; end > 0; ) {
    const inside = needle === null ? end - 2 : block.lastIndexOf(needle, end - 1);
    if (inside < 0) return;
    const start = inside === 0 ? 0 : block.lastIndexOf(NEWLINE, inside) + 1;
    const newline = block.indexOf(NEWLINE, inside);
    const found = match(block.subarray(start, newline === -1 ? block.length : newline));
    if (found !== null) yield found;
    end = start;
  }
}
