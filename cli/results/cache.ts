/** `forkline cache`: what is kept, what has changed, and which queries would be worth keeping. */
import { text } from 'node:stream/consumers';
import type { Client } from '../kit/client.ts';
import { durationText } from '../kit/duration-text.ts';
import { renderTable } from '../kit/table.ts';
import type { CacheCommand } from './results-arguments.ts';

interface Output {
  readonly stdout: NodeJS.WritableStream;
}

/** The fields of GET /v1/cache that are shown. */
interface CacheView {
  readonly entryCount: number;
  readonly maxEntries: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly savedMs: number;
  readonly hits: Readonly<Record<string, number>>;
  readonly misses: Readonly<Record<string, number>>;
  readonly entries: readonly EntryView[];
}

interface EntryView {
  readonly state: string;
  readonly query: string;
  readonly shape: string;
  readonly tables: readonly string[] | null;
  readonly format: string;
  readonly bytes: number;
  readonly ageMs: number;
  readonly tookMs: number;
  readonly hits: number;
}

/** The fields of GET /v1/logs/summary that are read. */
interface LogSummary {
  readonly from: string;
  readonly slowest: readonly ShapeView[];
}

interface ShapeView {
  readonly shape: string;
  readonly count: number;
  readonly meanMs: number;
}

const QUERY_CHARACTERS = 60;
const KEEP_FROM_MS = 100;
const ADVISED = 100;

export async function runCache(
  client: Client,
  command: Exclude<CacheCommand, { action: 'trigger' }>,
  { stdout }: Output,
): Promise<void> {
  switch (command.action) {
    case 'ls':
      return list(client, command.json, command.limit, stdout);
    case 'purge': {
      const answer = await client.post('/v1/cache/purge', command.changed);
      const { entries, told } = JSON.parse(await text(answer)) as { entries: number; told?: boolean };
      stdout.write(`${entries} ${entries === 1 ? 'answer is' : 'answers are'} not sent any more\n`);
      if (told === false) stdout.write('the Forklines that share answers are told when Redis is back\n');
      return;
    }
    case 'advise':
      return advise(client, command.json, command.since, stdout);
    default:
      command satisfies never;
  }
}

async function list(
  client: Client,
  json: boolean,
  limit: number | null,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  const cache = await client.getJson<CacheView>(`/v1/cache${limit === null ? '' : `?limit=${limit}`}`);
  if (json) {
    stdout.write(`${JSON.stringify(cache, null, 2)}\n`);
    return;
  }
  const columns = ['query', 'shape', 'state', 'format', 'KiB', 'age', 'took', 'hits', 'tables'].map(
    (name) => ({
      name,
      alignRight: ['KiB', 'age', 'took', 'hits'].includes(name),
    }),
  );
  const rows = cache.entries.map((entry) => [
    shorten(entry.query),
    entry.shape,
    entry.state,
    entry.format,
    Math.ceil(entry.bytes / 1024),
    durationText(entry.ageMs),
    durationText(entry.tookMs),
    entry.hits,
    entry.tables === null ? 'not known' : entry.tables.join(' '),
  ]);
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  stdout.write(`${rows.length === 0 ? 'nothing is kept' : renderTable(columns, rows)}\n\n`);
  stdout.write(
    `${cache.entryCount} of at most ${cache.maxEntries} results, ${mebibytes(cache.bytes)} of ${mebibytes(cache.maxBytes)} MiB; ` +
      `${total(cache.hits)} hits, ${total(cache.misses)} misses, ${durationText(cache.savedMs)} of queries saved\n`,
  );
}

/** Lists the shapes that ran often and slowly, with the time that keeping their answers would have saved. */
async function advise(
  client: Client,
  json: boolean,
  since: string | null,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  const options = new URLSearchParams({ limit: String(ADVISED), ...(since !== null && { since }) });
  const summary = await client.getJson<LogSummary>(`/v1/logs/summary?${options}`);
  const advice = summary.slowest
    .filter(({ count, meanMs }) => count > 1 && meanMs >= KEEP_FROM_MS)
    .map(({ shape, count, meanMs }) => ({
      shape,
      count,
      meanMs: Math.round(meanMs),
      // All but the first: an upper bound, since literals and the age of answers are not in a shape.
      wouldSaveMs: Math.round(meanMs * (count - 1)),
    }))
    .sort((a, b) => b.wouldSaveMs - a.wouldSaveMs);
  if (json) {
    stdout.write(`${JSON.stringify({ from: summary.from, advice }, null, 2)}\n`);
    return;
  }
  if (advice.length === 0) {
    stdout.write(`no query was both slow and asked again since ${summary.from}\n`);
    return;
  }
  const columns = ['would save at most', 'times', 'mean', 'shape'].map((name) => ({
    name,
    alignRight: name !== 'shape',
  }));
  const rows = advice.map(({ wouldSaveMs, count, meanMs, shape }) => [
    durationText(wouldSaveMs),
    count,
    `${meanMs} ms`,
    shorten(shape),
  ]);
  stdout.write(
    `${renderTable(columns, rows)}\n\nsince ${summary.from}; "set cache = 10m;" before a query keeps its answer\n`,
  );
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(0);
}

function shorten(query: string): string {
  const line = query.replace(/\s+/g, ' ').trim();
  return line.length <= QUERY_CHARACTERS ? line : `${line.slice(0, QUERY_CHARACTERS - 3)}...`;
}
