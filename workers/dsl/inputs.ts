/**
 * The inputs of one query: the sockets by which SQL workers send rows (core/protocol/wire-rows.ts), and what the engine has yet
 * to read of each. All of them listen at once, so that no writer waits for the engine.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { InputColumn, WorkerPlan } from '../../core/protocol/plan.ts';
import { quoteName } from '../../language/dialects/duckdb/sql.ts';
import { inputRows } from './chunks/input-function.ts';
import { type InputReader, readInput } from './chunks/input-reader.ts';
import { KeptRows } from './chunks/kept-rows.ts';
import { RowSource } from './chunks/row-source.ts';

/** Returns a SELECT that reads the input of this index once; its columns are those of the plan, in order. */
export function inputSelect(columns: readonly InputColumn[], index: number): string {
  return valuesOf(columns, inputRows(columns, index));
}

/** Returns a SELECT of the columns' values from rows as they are read. */
export function valuesOf(columns: readonly InputColumn[], rows: string): string {
  if (columns.every(({ expression }) => expression === null)) return rows;
  const outputs = columns.map(({ name, expression }) => {
    const quoted = quoteName(name);
    return expression === null ? quoted : `${expression} AS ${quoted}`;
  });
  return `SELECT ${outputs.join(', ')} FROM (${rows})`;
}

/**
 * The time from the beginning of a query for which the engine waits for inputs that may come whole. Waiting takes no CPU, and a
 * query that has waited so long hardly notices that it is planned once more. Rows that trickle in are held up by so much.
 */
const WHOLE_WAIT_MS = 250;

/** One input and how it is read. */
interface Input {
  /** Replaced when the rows are to be read once more. */
  source: RowSource;
  /** Reads the socket; null before `open`. */
  reader: InputReader | null;
  /** All bytes of an input that came whole before the engine opened it. */
  whole: Uint8Array | null;
}

export class QueryInputs {
  /** By the plan's inputs; null for scans. */
  readonly #inputs: readonly (Input | null)[];
  readonly #fifos: readonly string[];
  readonly #maxRowBytes: number;
  readonly #areKept: boolean;
  readonly #startedAt = performance.now();
  /** Called when something of an input has come. */
  #onArrival: () => void = () => {};

  /** `areKept`: whether kept rows come, and not those of the wire. */
  constructor(
    { inputs }: Pick<WorkerPlan, 'inputs'>,
    fifos: readonly string[],
    maxRowBytes: number,
    areKept = false,
  ) {
    this.#areKept = areKept;
    this.#fifos = fifos;
    this.#maxRowBytes = maxRowBytes;
    this.#inputs = inputs.map(({ columns, scan }) => {
      if (scan !== undefined) return null;
      const onRoom = (): void => input.reader?.resume();
      const input: Input = {
        source: new RowSource({ columns, maxRowBytes, onRoom }),
        reader: null,
        whole: null,
      };
      return input;
    });
  }

  /** Takes rows from now on. */
  open(): void {
    for (const [index, input] of this.#inputs.entries())
      if (input !== null) input.reader = this.#read(input, this.#fifos[index]!);
  }

  sourceOf(index: number): RowSource {
    const input = this.#inputs[index];
    if (input === undefined || input === null) throw new Error(`the query has no input ${index}`);
    return input.source;
  }

  /** Rows that were read of the first one. */
  get rows(): number {
    return this.#inputs[0]?.source.rows ?? 0;
  }

  /** The error that the engine was told instead of rows; the engine knows only its text. */
  get raised(): Error | null {
    return (
      this.#inputs.find((input) => input !== null && input.source.raised !== null)?.source.raised ?? null
    );
  }

  /**
   * Resolves with true once every input is here as a whole, which only inputs of few rows ever are before the engine opens
   * them. Resolves with false as soon as that cannot be any more, and after WHOLE_WAIT_MS.
   */
  comeWhole(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (areWhole: boolean): void => {
        clearTimeout(timer);
        this.#onArrival = () => {};
        resolve(areWhole);
      };
      const look = (): void => {
        const areWhole = this.#areWhole();
        if (areWhole !== null) settle(areWhole);
      };
      const left = WHOLE_WAIT_MS - (performance.now() - this.#startedAt);
      const timer = setTimeout(settle, left, false);
      this.#onArrival = look;
      look();
    });
  }

  /** Lets the engine read inputs that came whole once more, from their first row. */
  rewind(): void {
    for (const [index, input] of this.#inputs.entries()) {
      if (input === null) continue;
      if (input.whole === null) throw new Error(`input ${index} did not come whole`);
      const { columns } = input.source;
      input.source = new RowSource({ columns, maxRowBytes: this.#maxRowBytes, onRoom: () => {} });
      input.source.push(input.whole);
    }
  }

  /** Gives the engine this error instead of more rows. */
  fail(cause: QueryError): void {
    for (const input of this.#inputs) input?.source.fail(cause);
    this.#onArrival();
  }

  /** The engine reads no more: whoever still writes is told so. */
  close(): void {
    for (const input of this.#inputs) {
      input?.reader?.close();
      input?.source.release();
    }
  }

  /** Says whether all inputs are here as a whole; null: it cannot be said yet. */
  #areWhole(): boolean | null {
    let areWhole: true | null = true;
    for (const input of this.#inputs) {
      if (input === null) continue;
      const whole = input.whole ?? input.source.wholeStream;
      if (whole === null) return false;
      if (whole === 'not yet') areWhole = null;
      else input.whole = whole;
    }
    return areWhole;
  }

  #read(input: Input, fifo: string): InputReader {
    const { room, took } = this.#areKept ? keptSink(input) : wireSink(input);
    return readInput(
      fifo,
      {
        room,
        took: (bytes) => {
          took(bytes);
          this.#onArrival();
          return !input.source.isFull;
        },
      },
      (error) => {
        const message = `the socket of an input failed: ${error.message}`;
        input.source.fail(new QueryError('internal', message, {}, error));
        this.#onArrival();
      },
    );
  }
}

interface ByteTaker {
  room(): Uint8Array;
  took(bytes: number): void;
}

/** Bytes of the wire are read right into the memory of the rows' reader, also where another one reads them once more. */
function wireSink({ source }: Input): ByteTaker {
  return { room: () => source.room(), took: (bytes) => source.took(bytes) };
}

/** Kept rows become rows of the wire first. */
function keptSink(input: Input): ByteTaker {
  const rows = new KeptRows(input.source.columns.length, (wire) => input.source.push(wire));
  return {
    room: () => KEPT_BYTES,
    took(bytes) {
      try {
        rows.push(KEPT_BYTES.subarray(0, bytes));
      } catch (thrown) {
        input.source.fail(QueryError.from(thrown));
      }
    },
  };
}

/** All kept rows are read into it: `KeptRows` copies what it keeps. */
const KEPT_BYTES = Buffer.allocUnsafeSlow(64 * 1024);
