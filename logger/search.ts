/**
 * Searches the log from its newest line back, until enough was found. Bounded memory: a block of the file and the
 * lines found. "Newest" is by place in the file, which differs from the lines' own times only for lines that came
 * late by a spill file; the answer is in the order of times.
 */
import { levelRank } from './client.ts';
import { readStamp } from './line.ts';
import { readBlocksBackwards } from './reverse-blocks.ts';
import type { LogFilter } from './wire.ts';

export interface FoundLines {
  /** JSON texts, oldest first. */
  readonly lines: readonly string[];
  /** More lines match than are given. */
  readonly truncated: boolean;
}

const NEWLINE = 0x0a;
const MAX_LIMIT = 10_000;
/** Of one answer: its reader parses it in one go. */
const MAX_ANSWER_CHARACTERS = 2 * 1024 * 1024;

interface Match {
  readonly time: string;
  readonly json: string;
}

interface Matcher {
  /** Bytes that every matching line has; null: any line may match. */
  readonly needle: Buffer | null;
  match(line: Buffer): Match | null;
}

/** Rejects when the filter is not valid. */
export async function searchLog(
  log: { readonly path: string; readonly maxFiles: number },
  filter: LogFilter,
): Promise<FoundLines> {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(filter.limit)));
  if (!Number.isFinite(limit)) throw new Error('limit is not a number');
  const sinceMs = filter.since === undefined ? 0 : Date.parse(filter.since);
  if (Number.isNaN(sinceMs)) throw new Error(`since is not a date: ${filter.since}`);
  const matcher = createMatcher(filter, sinceMs);
  const found: Match[] = [];
  let characters = 0;
  let truncated = false;
  for await (const block of readBlocksBackwards({ ...log, notBeforeMs: sinceMs })) {
    for (const match of matchesIn(block, matcher)) {
      truncated = found.length === limit || characters + match.json.length > MAX_ANSWER_CHARACTERS;
      if (truncated) break;
      found.push(match);
      characters += match.json.length;
    }
    if (truncated) break;
  }
  found.reverse().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return { lines: found.map(({ json }) => json), truncated };
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
      return { time: stamp.time, json };
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
