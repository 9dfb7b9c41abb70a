/**
 * The running queries, and the last ones that ended, for GET /v1/queries and for cancelling by id. A query is ended
 * from outside in one way only: by its Cancellation, with the QueryError that says why.
 *
 *   queued/planning/running in any order of phases -> finished | failed | cancelled
 */
import { createHash } from 'node:crypto';
import { withoutCredentials } from '../../core/logging/redact.ts';
import { Cancellation } from '../../core/process/cancellation.ts';
import { textBytes } from '../../core/process/heap-bytes.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { NamedProgress } from '../../core/protocol/source-progress.ts';
import type { LostWorker } from './poison.ts';
import type { QueryTrace } from './trace.ts';

export type QueryState = 'running' | 'finished' | 'failed' | 'cancelled';
export type QueryPhase = 'shared' | 'queue' | 'plan' | 'describe' | 'sql' | 'stages' | 'done';

/** Milliseconds spent in each phase; JSON answers show them as stats.phases. */
export interface Phases {
  plan: number;
  queue: number;
  sql: number;
  handoff: number;
  dsl: number;
  encode: number;
}

export interface QueryRecord {
  readonly queryId: string;
  /** The query's text. After the query has ended, it may be shortened to its beginning. */
  text: string;
  /** The hash that is shown in the place of the text of an encrypted query; null: the text is shown. */
  readonly shownAs: string | null;
  readonly principal: Principal;
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly cancellation: Cancellation;
  readonly phases: Phases;
  readonly trace: QueryTrace;
  connection: string;
  state: QueryState;
  phase: QueryPhase;
  /** The processes that work on the query now. */
  pids: number[];
  /** Bytes of the answer so far. */
  bytes: number;
  rows: number | null;
  /** The rows and bytes that went from SQL workers to a DSL worker. */
  readonly handoff: { rows: number; bytes: number };
  /** The tables that its SQL names; null: they are not known. */
  tables: readonly string[] | null;
  /** The progress that databases told, one entry a statement; null: none did. */
  sources: NamedProgress[] | null;
  endedAt: number | null;
  error: WireError | null;
  /** Workers that died while the query ran in them. */
  readonly lostWorkers: LostWorker[];
  /** Whether the query counts as one of its principal's in flight. */
  readonly isCounted: boolean;
}

/** A query as GET /v1/queries shows it. */
export interface QueryView {
  readonly queryId: string;
  readonly traceId: string;
  readonly state: QueryState;
  readonly phase: QueryPhase;
  readonly query: string;
  readonly connection: string;
  /** The client's address. */
  readonly client: string;
  readonly principal: string;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly timeLeftMs: number;
  readonly phases: Phases;
  readonly workerPids: readonly number[];
  readonly bytes: number;
  readonly rows: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The progress that databases told; left out when none did. */
  readonly sources?: readonly NamedProgress[];
}

const RECENT = 200;
/** The most characters of a query's text in lists, and of a text that was shortened. A single query is otherwise shown whole. */
const TEXT_IN_LISTS = 2000;
const HISTORY_BYTES = 16 * 1024 * 1024;

export interface NewQuery {
  readonly queryId: string;
  readonly text: string;
  /** Left out: it was not. */
  readonly wasEncrypted?: boolean;
  readonly principal: Principal;
  readonly connection: string;
  readonly timeoutMs: number;
  readonly trace: QueryTrace;
  /** False: the query does not count as one of its principal's in flight. Left out: it counts. */
  readonly isCounted?: boolean;
}

export class QueryRegistry {
  /**
   * The index in `#running` of each running query, by id. A Map with the records themselves would keep them in memory: each
   * table that a Map outgrows stays reachable, with everything in it, until V8 collects the whole heap (docs/performance.md).
   */
  readonly #places = new Map<string, number>();
  readonly #running: (QueryRecord | null)[] = [];
  readonly #freePlaces: number[] = [];
  /** The queries that ended last, in a ring buffer: a map would be hashed anew every few hundred queries. */
  readonly #recent: QueryRecord[] = [];
  #nextRecent = 0;
  readonly #historyBytes: number;
  #recentBytes = 0;
  readonly #perPrincipal = new Map<string, number>();

  /** `historyBytes` is the memory for texts of ended queries; beyond it the oldest of them are shortened. */
  constructor(historyBytes = HISTORY_BYTES) {
    this.#historyBytes = historyBytes;
  }

  /** The memory that the texts of ended queries use. */
  get historyBytes(): number {
    return this.#recentBytes;
  }

  get runningCount(): number {
    return this.#places.size;
  }

  /** Returns the number of queries of a principal that run or wait. */
  inFlight({ id }: Principal): number {
    return this.#perPrincipal.get(id) ?? 0;
  }

  /** Adds a running query. Throws duplicate-query-id when a query with this id runs. */
  start(
    { queryId, text, wasEncrypted, principal, connection, timeoutMs, trace, isCounted = true }: NewQuery,
    now: number,
  ): QueryRecord {
    if (this.#places.has(queryId)) {
      throw new QueryError('duplicate-query-id', `a query with the id ${queryId} is running`, {
        hint: 'Give each query its own id, or leave the Query-Id header out.',
      });
    }
    const record: QueryRecord = {
      queryId,
      text,
      shownAs: wasEncrypted === true ? hashOf(text) : null,
      principal,
      connection,
      startedAt: now,
      deadlineAt: now + timeoutMs,
      cancellation: new Cancellation(),
      phases: { plan: 0, queue: 0, sql: 0, handoff: 0, dsl: 0, encode: 0 },
      trace,
      state: 'running',
      phase: 'queue',
      pids: [],
      bytes: 0,
      rows: null,
      handoff: { rows: 0, bytes: 0 },
      tables: null,
      sources: null,
      endedAt: null,
      error: null,
      lostWorkers: [],
      isCounted,
    };
    const place = this.#freePlaces.pop() ?? this.#running.length;
    this.#running[place] = record;
    this.#places.set(queryId, place);
    if (isCounted) this.#perPrincipal.set(principal.id, this.inFlight(principal) + 1);
    return record;
  }

  end(record: QueryRecord, error: WireError | null, now: number): void {
    record.state =
      error === null
        ? 'finished'
        : error.code === 'cancelled' || error.code === 'client-gone'
          ? 'cancelled'
          : 'failed';
    record.phase = 'done';
    record.error = error;
    record.endedAt = now;
    record.pids = [];
    if (record.shownAs !== null) record.text = record.shownAs;
    this.#leave(record.queryId);
    if (record.isCounted) this.#countOff(record.principal);
    this.#keep(record);
  }

  #countOff(principal: Principal): void {
    const left = this.inFlight(principal) - 1;
    if (left > 0) this.#perPrincipal.set(principal.id, left);
    else this.#perPrincipal.delete(principal.id);
  }

  find(queryId: string): QueryRecord | undefined {
    return this.#runningBy(queryId) ?? this.#ended().find((record) => record.queryId === queryId);
  }

  /** Takes what a database tells of a running query. Returns what the same statement told before; null: nothing. */
  tell(queryId: string, progress: NamedProgress): NamedProgress | null {
    const record = this.#runningBy(queryId);
    if (record === undefined) return progress;
    record.sources ??= [];
    const at = record.sources.findIndex(({ operation }) => operation === progress.operation);
    const before = record.sources[at] ?? null;
    record.sources[at === -1 ? record.sources.length : at] = progress;
    return before;
  }

  /** Ends a running query with that error. Returns false when no query with this id runs. */
  abort(queryId: string, error: QueryError): boolean {
    const query = this.#runningBy(queryId);
    query?.cancellation.cancel(error);
    return query !== undefined;
  }

  /** Returns the running queries, oldest first. */
  running(): readonly QueryRecord[] {
    return [...this.#places.values()].map((place) => this.#running[place]!);
  }

  /** Returns the queries that may be seen: the running ones and then the ended ones, each newest first. */
  list(now: number, isSeen: (query: QueryRecord) => boolean = () => true): QueryView[] {
    return [...this.running().toReversed(), ...this.#ended()]
      .filter(isSeen)
      .map((record) => viewOf(record, now, TEXT_IN_LISTS));
  }

  #runningBy(queryId: string): QueryRecord | undefined {
    const place = this.#places.get(queryId);
    return place === undefined ? undefined : this.#running[place]!;
  }

  #keep(record: QueryRecord): void {
    const oldest = this.#recent[this.#nextRecent];
    this.#recent[this.#nextRecent] = record;
    this.#nextRecent = (this.#nextRecent + 1) % RECENT;
    this.#recentBytes += textBytes(record.text) - (oldest === undefined ? 0 : textBytes(oldest.text));
    if (this.#recentBytes > this.#historyBytes) this.#shortenOldest();
  }

  /** Shortens the oldest texts until the rest is within the budget, or every text is short. */
  #shortenOldest(): void {
    for (const record of this.#oldestFirst()) {
      if (record.text.length <= SHORTENED_CHARACTERS) continue;
      this.#recentBytes -= textBytes(record.text);
      record.text = shortened(record.text);
      this.#recentBytes += textBytes(record.text);
      if (this.#recentBytes <= this.#historyBytes) return;
    }
  }

  #oldestFirst(): QueryRecord[] {
    return [...this.#recent.slice(this.#nextRecent), ...this.#recent.slice(0, this.#nextRecent)];
  }

  #leave(queryId: string): void {
    const place = this.#places.get(queryId)!; // a running query has a place
    this.#places.delete(queryId);
    this.#running[place] = null;
    this.#freePlaces.push(place);
  }

  /** Returns the ended queries, newest first, with only the last query of each id. */
  #ended(): QueryRecord[] {
    const byId = new Map<string, QueryRecord>();
    for (const record of this.#oldestFirst().reverse())
      if (!byId.has(record.queryId)) byId.set(record.queryId, record);
    return [...byId.values()];
  }
}

function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** The longest shortened text, including the mark at its end. */
const SHORTENED_CHARACTERS = TEXT_IN_LISTS + 40;

/** Returns the beginning of the text with a mark that says how much is missing. A copy, since a slice would keep the whole text in memory. */
function shortened(text: string): string {
  const beginning = Buffer.from(text.slice(0, TEXT_IN_LISTS), 'utf16le').toString('utf16le');
  return `${beginning}…[+${text.length - TEXT_IN_LISTS} characters]`;
}

export function viewOf(record: QueryRecord, now: number, textLimit = Number.POSITIVE_INFINITY): QueryView {
  const { error } = record;
  const text = record.shownAs ?? withoutCredentials(record.text);
  return {
    queryId: record.queryId,
    traceId: record.trace.traceId,
    state: record.state,
    phase: record.phase,
    query: text.length > textLimit ? `${text.slice(0, textLimit)} ...` : text,
    connection: record.connection,
    client: record.principal.address,
    principal: record.principal.id,
    startedAt: new Date(record.startedAt).toISOString(),
    elapsedMs: (record.endedAt ?? now) - record.startedAt,
    timeLeftMs: record.endedAt === null ? Math.max(0, record.deadlineAt - now) : 0,
    phases: record.phases,
    workerPids: record.pids,
    bytes: record.bytes,
    rows: record.rows,
    error: error === null ? null : { code: error.code, message: withoutCredentials(error.message) },
    ...(record.sources !== null && { sources: record.sources }),
  };
}
