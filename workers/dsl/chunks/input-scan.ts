/** One reading of an input by the engine, from its start to its last row. Runs on the JavaScript thread, while the engine waits. */
import duckdb, { type DataChunk } from '@duckdb/node-bindings';
import type { Chunk } from './chunk.ts';
import { CHUNK_ROWS } from './fields.ts';
import { RowPause } from './row-pause.ts';
import type { RowSource } from './row-source.ts';

/** The number of times that the engine asks again at once: a query on few rows waits for the database a moment only. */
const EAGER_TRIES = 8;
const FIRST_SLEEP_MS = 1;
const LONGEST_SLEEP_MS = 10;
/** A sleep is the n-th part of what was waited so far. */
const SLEEP_PART = 20;
/** Once rows came, part of a chunk is taken only after so many sleeps in a row. */
const TRIES_FOR_PART = 2;

export class InputScan {
  readonly #source: RowSource;
  /** The indexes, in the engine's chunk, of the columns that are wanted of the source. */
  readonly #targets: readonly number[];
  readonly #waitTarget: number;
  readonly #targetCount: number;
  readonly #wait = new Int32Array(1);
  readonly #startedAt = performance.now();
  readonly #pause = new RowPause();
  #hasRows = false;
  #tries = 0;
  #waitingSince = 0;

  /** `asked`: for each column of the engine's chunk its index among those of the function; the last of these says how long to wait. */
  constructor(source: RowSource, asked: readonly number[]) {
    const waitPlace = source.columns.length;
    const wanted = [...asked.entries()].filter(([, place]) => place < waitPlace);
    this.#source = source;
    this.#targets = wanted.map(([target]) => target);
    this.#waitTarget = asked.indexOf(waitPlace);
    this.#targetCount = asked.length;
    source.open(wanted.map(([, place]) => place));
  }

  /** Fills an empty chunk. Without rows it is the last one. */
  fill(target: DataChunk): void {
    const chunk = this.#source.take(this.#hasRows && this.#tries < TRIES_FOR_PART ? CHUNK_ROWS : 1);
    if (chunk === 'ended') duckdb.data_chunk_set_size(target, 0);
    else if (chunk === null) this.#fillWait(target);
    else this.#fillRows(target, chunk);
  }

  #fillRows(target: DataChunk, chunk: Chunk): void {
    if (this.#hasRows && this.#tries > 0)
      this.#pause.ended(this.#source.isFull, this.#source.readyChunks + 1);
    this.#tries = 0;
    this.#hasRows = true;
    chunk.copyTo(target, this.#targets);
    this.#setNulls(target, this.#waitTarget, chunk.rows);
    setImmediate(() => this.#source.giveBack(chunk));
  }

  #fillWait(target: DataChunk): void {
    if (this.#waitTarget < 0) throw new Error('an input is read without waiting for its rows');
    duckdb.data_chunk_set_size(target, 1);
    for (let index = 0; index < this.#targetCount; index++)
      if (index !== this.#waitTarget) this.#setNulls(target, index, 1);
    this.#wait[0] = this.#sleepMs();
    const vector = duckdb.data_chunk_get_vector(target, this.#waitTarget);
    duckdb.copy_data_to_vector(vector, 0, this.#wait.buffer as ArrayBuffer, 0, 4);
  }

  #sleepMs(): number {
    const now = performance.now();
    if (this.#tries === 0) this.#waitingSince = now;
    this.#tries++;
    if (this.#hasRows) return this.#pause.milliseconds(now - this.#startedAt);
    if (this.#tries <= EAGER_TRIES) return 0;
    return sleepOf((now - this.#waitingSince) / SLEEP_PART, LONGEST_SLEEP_MS);
  }

  #setNulls(target: DataChunk, index: number, rows: number): void {
    const vector = duckdb.data_chunk_get_vector(target, index);
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, NULLS.buffer as ArrayBuffer, 0, Math.ceil(rows / 8));
  }
}

function sleepOf(ms: number, longestMs: number): number {
  return Math.max(FIRST_SLEEP_MS, Math.min(Math.floor(ms), longestMs));
}

/** Validity of 2,048 nulls. */
const NULLS = new Int32Array(64);
