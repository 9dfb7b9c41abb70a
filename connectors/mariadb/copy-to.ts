/**
 * The `copy-to` call: the rows of a statement into the pipe to the stages, those columns only that they use. Values go from the
 * packets of the database into the wire's rows; while the pipe is full the database is paused.
 */
import type { QueryError } from '../../core/protocol/errors.ts';
import type { CopyToCall } from '../../core/protocol/sql-worker.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { rowTooLongForStages } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { CopySummary } from '../kit/connector.ts';
import type { ByteWriter } from '../kit/encode/byte-writer.ts';
import { InputWriter } from '../kit/input-writer.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { noRows } from './describe.ts';
import { exchange } from './exchange.ts';
import { asExpected } from './expected.ts';
import { judgeSql } from './guard/judge.ts';
import { boundStatement } from './parameters.ts';
import { WireRows } from './rows/row-encoders.ts';
import type { RowTaker, WireSession } from './wire-session.ts';

export async function copyToFifo(
  session: WireSession,
  call: CopyToCall,
  allowed: readonly string[],
  control: CallControl,
): Promise<CopySummary> {
  judgeSql(call.sql, allowed);
  const { text, values } = boundStatement(call);
  let readerClosed = false;
  let fifoError: QueryError | null = null;
  const fifo = new InputWriter(call.fifo, {
    onDrain: () => session.resume(),
    onReaderClosed() {
      readerClosed = true;
      session.discard(null);
    },
    onError(error) {
      fifoError = error;
      session.discard(error);
    },
  });
  const writer = fifo.byteWriter(() => session.pause());
  const taker = new CopiedRows(call, writer);
  const endEarly = (): void => fifo.destroy();
  control.cancellation.onCancel(endEarly);
  try {
    await exchange(
      session,
      { sql: text, described: call.described ?? [], atMost: null, run: () => ({ values, taker }) },
      control,
    );
    if (!readerClosed) {
      taker.end();
      writer.flush();
      await fifo.end();
    }
    if (fifoError !== null) throw fifoError;
    if (control.cancellation.reason !== null) throw control.cancellation.reason;
    return { rows: taker.rows, bytes: writer.totalBytes, readerClosed };
  } finally {
    control.cancellation.offCancel(endEarly);
    fifo.destroy();
  }
}

class CopiedRows implements RowTaker {
  readonly maxRowBytes: number;
  rows = 0;
  readonly #expect: readonly DatabaseColumn[];
  readonly #writer: ByteWriter;
  #wire: WireRows | null = null;

  constructor({ expect, maxRowBytes }: CopyToCall, writer: ByteWriter) {
    this.#expect = expect;
    this.#writer = writer;
    this.maxRowBytes = maxRowBytes;
  }

  onColumns(columns: readonly DatabaseColumn[]): void {
    const places = placesOf(this.#expect, columns);
    const read = columns.map((column, place) => {
      const at = places.indexOf(place);
      return at === -1 ? column : asExpected(column, this.#expect[at]!);
    });
    this.#wire = new WireRows(this.#writer, read, places);
    this.#wire.begin();
  }

  onRow(bytes: Buffer, start: number, end: number): void {
    const before = this.#writer.totalBytes;
    this.#wire!.write(bytes, start, end);
    if (this.#writer.totalBytes - before > this.maxRowBytes) throw rowTooLongForStages(this.maxRowBytes);
    this.rows++;
  }

  onChunkEnd(): void {}

  tooLarge(): QueryError {
    return rowTooLongForStages(this.maxRowBytes);
  }

  /** Tells that no row follows; throws read-only for a statement that has none. */
  end(): void {
    if (this.#wire === null) throw noRows();
    this.#wire.end();
  }
}

/** The places of the columns that are expected; throws stale-plan for one that is not there. */
function placesOf(expected: readonly DatabaseColumn[], found: readonly DatabaseColumn[]): readonly number[] {
  return expected.map((column) => {
    const at = found.findIndex(({ name }) => name === column.name);
    if (at === -1) throw stalePlan('the columns');
    return at;
  });
}
