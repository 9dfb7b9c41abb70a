/**
 * Fast and wrong does not count: every contender's answer to every query is compared with the rows that plain SQL
 * gives. Servers may differ in how they write a time and in the last digits of a float sum, and in nothing else.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import pg from 'pg';
import type { LoadRequest } from './load/messages.ts';
import { bodyOf, type LoadQuery } from './queries.ts';

/** Bytes of an answer beside its rows that may differ from one answer to the next: times, ids, HTTP headers. */
const ELSE_BYTES = 2048;
const FLOAT_DIGITS = 9;

export interface Phases {
  readonly [phase: string]: number;
}

export interface QueryAnswer {
  readonly ms: number;
  readonly bytes: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Forkline's, in ms; empty from a baseline. */
  readonly phases: Phases;
  /** The place where each stage ran: `source` or `worker`; empty from a baseline. */
  readonly placement: readonly string[];
  /** The body as it came. */
  readonly text: string;
}

const keepAlive = new Agent({ keepAlive: true });

/** Sends it once. Rejects with status and text of an answer that is none. */
export async function ask(url: string, body: string, signal: AbortSignal): Promise<QueryAnswer> {
  const startedAt = performance.now();
  const response = await post(`${url}/v1/query`, body, signal);
  const text = await textOf(response);
  const ms = performance.now() - startedAt;
  const { statusCode } = response;
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text.slice(0, 500)}`);
  const { rows, stats } = JSON.parse(text);
  const placement = (stats?.placement ?? []).map(({ where }: { where: string }) => where);
  return { ms, bytes: Buffer.byteLength(text), rows, phases: stats?.phases ?? {}, placement, text };
}

/** By node:http: fetch takes almost 1 ms more, which would count as the server's. */
function post(url: string, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers, agent: keepAlive, signal }, resolve)
      .on('error', reject)
      .end(body);
  });
}

export class Verifier {
  readonly #pool: pg.Pool;
  readonly #expected = new Map<string, Promise<string>>();

  constructor(databaseUrl: string) {
    // Times as text, which carries no zone of this process.
    const types = { getTypeParser: () => (text: string) => text };
    this.#pool = new pg.Pool({ connectionString: databaseUrl, max: 1, types: types as pg.CustomTypesConfig });
    this.#pool.on('error', () => {}); // an idle connection was lost: the pool opens another
  }

  /** Rejects when the answer differs from what SQL gives. */
  async check(who: string, query: LoadQuery, answer: QueryAnswer): Promise<void> {
    const expected = await this.#expectedOf(query.expectedSql);
    const found = comparableRows(answer.rows);
    if (found === expected) return;
    throw new Error(`${who} answers wrongly to:\n${query.text}\n${firstDifference(expected, found)}`);
  }

  /** Asks once, checks the answer, and makes of it what the load generator needs to know. */
  async request(
    { label, url }: { readonly label: string; readonly url: string },
    name: string,
    query: LoadQuery,
    signal: AbortSignal,
  ): Promise<LoadRequest> {
    const body = bodyOf(query);
    const answer = await ask(url, body, signal);
    await this.check(label, query, answer);
    const { bytes } = answer;
    const maxBytes = Math.ceil(bytes * 1.02) + ELSE_BYTES;
    const mark = markOf(query, answer);
    const varying = query.varying === undefined ? {} : { varying: query.varying };
    return {
      name,
      body,
      ...varying,
      minBytes: bytes - 256,
      maxBytes,
      mark,
      markAt: answer.text.indexOf(mark),
    };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #expectedOf(sql: string): Promise<string> {
    let known = this.#expected.get(sql);
    if (known === undefined) {
      known = this.#pool.query(sql).then(({ rows }) => comparableRows(rows));
      this.#expected.set(sql, known);
    }
    return known;
  }
}

/**
 * Returns the bytes that every other right answer of the same server holds as well: the rows of this one, which was
 * compared, and that they are all; only their number where the last digits of a sum may differ.
 */
function markOf({ sumsFloats }: LoadQuery, { text }: Pick<QueryAnswer, 'text'>): string {
  const end = /"rowCount":\d+,"complete":true/.exec(text);
  if (end === null) throw new Error(`an answer does not say that it is complete: ${text.slice(-200)}`);
  if (sumsFloats) return end[0];
  return text.slice(text.indexOf('"rows":'), end.index + end[0].length);
}

/** One text for rows that mean the same; the order of columns does not count, that of rows does. */
export function comparableRows(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const cells = (row: Readonly<Record<string, unknown>>) =>
    Object.entries(row)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${comparable(value)}`);
  return rows.map((row) => cells(row).join(' ')).join('\n');
}

function comparable(value: unknown): string {
  if (value === null) return 'null';
  const text = String(value);
  if (/^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text))
    return String(Number(Number(text).toPrecision(FLOAT_DIGITS)));
  const time = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+?)0*)?Z?$/.exec(text);
  if (time === null) return text;
  const [, day, clock, fraction = ''] = time;
  return `${day}T${clock}${/[1-9]/.test(fraction) ? `.${fraction}` : ''}`;
}

function firstDifference(expected: string, found: string): string {
  const [wanted, given] = [expected.split('\n'), found.split('\n')];
  const at = wanted.findIndex((line, index) => line !== given[index]);
  const row = at === -1 ? wanted.length : at;
  return `row ${row}:\n  expected ${wanted[row] ?? '(none)'}\n  found    ${given[row] ?? '(none)'}`;
}
