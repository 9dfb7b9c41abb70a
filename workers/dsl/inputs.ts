/**
 * The inputs of one query: the pipes by which SQL workers send rows (core/protocol/wire-rows.ts), and what the engine has yet
 * to read of each. All pipes are open from the beginning, so that no writer waits for the engine.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { InputColumn, WorkerPlan } from '../../core/protocol/plan.ts';
import { quoteName } from '../../language/dialects/duckdb/sql.ts';
import { inputRows } from './chunks/input-function.ts';
import { RowSource } from './chunks/row-source.ts';
import { type InputReader, readInput } from './fifo.ts';

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

export class QueryInputs {
  /** By the plan's inputs; null for scans. */
  readonly #sources: readonly (RowSource | null)[];
  readonly #readers: readonly InputReader[];

  constructor({ inputs }: Pick<WorkerPlan, 'inputs'>, fifos: readonly string[], maxRowBytes: number) {
    const opened = inputs.map(({ columns, scan }, index) =>
      scan === undefined ? openInput(columns, fifos[index]!, maxRowBytes) : null,
    );
    this.#sources = opened.map((input) => input?.source ?? null);
    this.#readers = opened.flatMap((input) => (input === null ? [] : [input.reader]));
  }

  sourceOf(index: number): RowSource {
    const source = this.#sources[index];
    if (source === undefined || source === null) throw new Error(`the query has no input ${index}`);
    return source;
  }

  /** Rows that were read of the first one. */
  get rows(): number {
    return this.#sources[0]?.rows ?? 0;
  }

  /** The error that the engine was told instead of rows; the engine knows only its text. */
  get raised(): Error | null {
    return this.#sources.find((source) => source !== null && source.raised !== null)?.raised ?? null;
  }

  /** Gives the engine this error instead of more rows. */
  fail(cause: QueryError): void {
    for (const source of this.#sources) source?.fail(cause);
  }

  /** The engine reads no more: whoever still writes is told so. */
  close(): void {
    for (const reader of this.#readers) reader.close();
  }
}

function openInput(
  columns: readonly InputColumn[],
  fifo: string,
  maxRowBytes: number,
): { source: RowSource; reader: InputReader } {
  const source = new RowSource({ columns, maxRowBytes, onRoom: () => reader.resume() });
  const reader = readInput(
    fifo,
    (bytes) => {
      source.push(bytes);
      return !source.isFull;
    },
    (error) =>
      source.fail(new QueryError('internal', `the pipe of an input failed: ${error.message}`, {}, error)),
  );
  return { source, reader };
}
