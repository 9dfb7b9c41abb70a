/**
 * Measures how rows become JSON bytes, three ways, interleaved, medians: what the choice in workers/sql/ rests on.
 *   objects   pg's row objects and JSON.stringify, as anyone would write it first
 *   datarow   DataRow messages off the wire, encoded on bytes (what the SQL worker does; all of its own code)
 *   copy      COPY TO STDOUT in text format, transcoded on bytes (needs a describe first: COPY names no types)
 * Run: DATABASE_URL=postgresql://... node dist-dev/loadtest/bench/studies/transcode.js [rows] [rounds]
 */
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { serialize } from 'pg-protocol';
import { createCallControl } from '../../../connectors/kit/call-control.ts';
import { ByteWriter } from '../../../connectors/kit/encode/byte-writer.ts';
import { createRowEncoder, type RowEncoder, rowLayout } from '../../../connectors/kit/encode/row-encoder.ts';
import { openSession } from '../../../connectors/postgres/connect.ts';
import { runReadOnly } from '../../../connectors/postgres/read-only-transaction.ts';
import { runStatement } from '../../../connectors/postgres/run-sql.ts';
import { readRowDescription } from '../../../connectors/postgres/wire/backend-messages.ts';
import { BackendMessage } from '../../../connectors/postgres/wire/backend-parser.ts';
import { bindMessage, parseMessage } from '../../../connectors/postgres/wire/frontend-messages.ts';
import type { WireSession } from '../../../connectors/postgres/wire-session.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { databaseColumnToColumn } from '../../../language/dialects/postgres/types.ts';

const DEADLINE_MS = 120_000;
const SMALL_QUERIES = 300;
const NO_LIMITS = { capRows: null, maxRows: 1e9, maxBytes: 1e12 };
const OPTIONS = { format: 'json', rows: 'objects', numbers: 'number' } as const;
const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' };

const bigQuery = (rows: number): string => `
  select g::int as id, (array['ATL','ORD','JFK','DFW','LAX'])[1 + g % 5] as origin, (g * 7919 % 500 - 60)::int as delay,
         timestamp '2001-01-01' + g * interval '37 seconds' as date, (g * 13 % 2800)::int as distance,
         g::float8 / 7 as ratio, case when g % 11 = 0 then null else 'note ' || g end as note
  from generate_series(1, ${rows}) g`;
const SMALL_QUERY = bigQuery(10);

/** Runs a query and returns the bytes of its JSON. */
type Way = (sql: string) => Promise<number>;

function objectsWay(client: pg.Client): Way {
  return async (sql) => {
    await client.query('begin transaction read only; set local statement_timeout = 100000');
    const { rows } = await client.query(sql);
    await client.query('rollback');
    return Buffer.byteLength(JSON.stringify({ rows }));
  };
}

function dataRowWay(session: WireSession): Way {
  return async (sql) => {
    const control = createCallControl(Date.now() + DEADLINE_MS);
    const call = {
      queryId: 'bench',
      connection: 'main',
      sql,
      deadlineAt: control.deadlineAt,
      parameters: [],
      functions: [],
    };
    const sink = { write: () => true, setOnDrain() {} };
    try {
      const limits = { ...call, answer: OPTIONS, limits: NO_LIMITS, maxRowBytes: 1e9 };
      return (await runStatement(session, limits, [], sink, control)).bytes;
    } finally {
      control.dispose();
    }
  };
}

function copyWay(session: WireSession): Way {
  return async (sql) => {
    const control = createCallControl(Date.now() + DEADLINE_MS);
    const transcode = createCopyTranscoder();
    try {
      await runReadOnly(session, control, {
        messages: [
          parseMessage(sql),
          serialize.describe({ type: 'S' }),
          parseMessage(`copy (${sql}) to stdout`),
          bindMessage([]),
          serialize.execute(),
        ],
        handler: {
          onMessage(type, bytes, start) {
            if (type === BackendMessage.rowDescription)
              transcode.begin(readRowDescription(bytes, start).map(databaseColumnToColumn));
          },
          onPassedOn: (bytes, start, end, { messages }) => transcode.piece(bytes, start, end, messages > 0),
        },
      });
      return transcode.bytes();
    } finally {
      control.dispose();
    }
  };
}

interface CopyTranscoder {
  begin(columns: readonly Column[]): void;
  /** CopyData messages, each of one row with a header before it; `last`: one ends with the piece. */
  piece(bytes: Buffer, start: number, end: number, last: boolean): void;
  bytes(): number;
}

/** Puts each field behind a length, as a DataRow has it, so that both ways end in the same encoders. */
function createCopyTranscoder(): CopyTranscoder {
  const writer = new ByteWriter(() => {});
  const scratch = Buffer.allocUnsafe(64 * 1024);
  let encoder: RowEncoder | null = null;
  let head: Buffer | null = null;

  function field(bytes: Buffer, start: number, end: number, at: number): number {
    if (end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === 0x4e) {
      scratch.writeInt32BE(-1, at);
      return at + 4;
    }
    let out = at + 4;
    for (let index = start; index < end; index++) {
      const byte = bytes[index]!;
      if (byte !== BACKSLASH) scratch[out++] = byte;
      else {
        const letter = String.fromCharCode(bytes[++index]!);
        scratch[out++] = (ESCAPED[letter] ?? letter).charCodeAt(0);
      }
    }
    scratch.writeInt32BE(out - at - 4, at);
    return out;
  }

  function row(bytes: Buffer, start: number, end: number): void {
    let at = 2;
    for (let from = start, index = start; index < end; index++) {
      if (bytes[index] !== TAB && bytes[index] !== NEWLINE) continue;
      at = field(bytes, from, index, at);
      from = index + 1;
    }
    encoder!.writeRow(writer, scratch, 0, scratch.length);
  }

  function rows(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const next = at + 1 + bytes.readInt32BE(at + 1);
      row(bytes, at + 5, next);
      at = next;
    }
  }

  return {
    begin(columns) {
      encoder = createRowEncoder(rowLayout(columns, OPTIONS));
      encoder.writeHead(writer);
    },
    piece(bytes, start, end, last) {
      if (last && head === null) return rows(bytes, start, end);
      head = Buffer.concat([head ?? Buffer.alloc(0), bytes.subarray(start, end)]);
      if (!last) return;
      rows(head, 0, head.length);
      head = null;
    },
    bytes: () => writer.totalBytes,
  };
}

async function time(way: Way, sql: string): Promise<number> {
  const startedAt = performance.now();
  await way(sql);
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function compare(ways: Readonly<Record<string, Way>>, sql: string, rounds: number): Promise<void> {
  const samples = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (const way of Object.values(ways)) await way(sql); // warm
  for (let round = 0; round < rounds; round++)
    for (const [name, way] of Object.entries(ways)) samples[name]!.push(await time(way, sql));
  const base = median(samples.objects!);
  for (const [name, values] of Object.entries(samples)) {
    const p50 = median(values);
    console.log(
      `  ${name.padEnd(8)} ${p50.toFixed(2).padStart(9)} ms   ${(base / p50).toFixed(2)} x objects`,
    );
  }
}

async function main(): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is not set');
  const rows = Number(process.argv[2] ?? 200_000);
  const rounds = Number(process.argv[3] ?? 5);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { session } = await openSession({ url, workerId: 'bench', connectTimeoutMs: 5000 });
  const ways = { objects: objectsWay(client), datarow: dataRowWay(session), copy: copyWay(session) };
  console.log(`${rows} rows x 7 columns, median of ${rounds}`);
  await compare(ways, bigQuery(rows), rounds);
  console.log(`10 rows, median of ${SMALL_QUERIES}, one after the other`);
  await compare(ways, SMALL_QUERY, SMALL_QUERIES);
  await session.end();
  await client.end();
}

await main();
