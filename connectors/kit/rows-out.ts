/**
 * Writes rows of JavaScript values, for connectors whose drivers return values: as an answer, or into an input of the stage
 * engine (core/protocol/wire-rows.ts). Rows come in batches, so that asynchronous steps happen only once per batch; no batch
 * is taken while the reader is behind. Leaving early (a full answer, a reader that went away, an error) ends the iterator,
 * which tells the connector to stop its database.
 */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import { refuseNames } from '../../core/protocol/answer.ts';
import type { CopyToCall, RunSqlCall } from '../../core/protocol/sql-worker.ts';
import type { Column } from '../../core/protocol/types.ts';
import { WIRE_END, WIRE_HEADER } from '../../core/protocol/wire-rows.ts';
import { Answer, refuseSameNames, rowTooLongForStages, textAnswerOf } from './answer.ts';
import type { CallControl } from './call-control.ts';
import type { ByteSink, CopySummary } from './connector.ts';
import { type ByteWriter, WriterStock } from './encode/byte-writer.ts';
import { createRowEncoder, rowLayout } from './encode/row-encoder.ts';
import { Gate } from './gate.ts';
import { InputWriter } from './input-writer.ts';
import { type Row, RowWriter } from './row-writer.ts';
import { WireRowWriter } from './wire-row-writer.ts';
import { WriteAhead } from './write-ahead.ts';

export type Batches = AsyncIterable<readonly Row[]>;

/** The buffers that all answers of this process share. */
const BUFFERS = new WriterStock();

/** Writes an answer. Throws result-too-large, duplicate-column, errors of the batches, and the reason of the call's cancellation. */
export async function answerRows(
  columns: readonly Column[],
  batches: Batches,
  call: RunSqlCall,
  sink: ByteSink,
  { cancellation }: CallControl,
): Promise<AnswerSummary> {
  const options = textAnswerOf(call);
  refuseSameNames(columns);
  refuseNames(columns, options);
  const gate = new Gate(cancellation);
  const answer = new Answer(
    call,
    (bytes) => {
      if (!sink.write(bytes, () => BUFFERS.give(bytes))) gate.shut();
    },
    BUFFERS,
  );
  sink.setOnDrain(() => gate.open());
  try {
    answer.begin(createRowEncoder(rowLayout(columns, options)));
    const writer = new RowWriter(columns);
    await eachRow(batches, gate, (row) => {
      const end = writer.write(row);
      return answer.add(writer.bytes, 0, end);
    });
    return answer.finish();
  } finally {
    sink.setOnDrain(null);
    gate.dispose();
  }
}

/** Rows that write themselves in the form of the wire (core/protocol/wire-rows.ts). */
export interface WireBatch {
  readonly rows: number;
  /** Writes the row, or several from it on as one batch; returns how many. Throws bad-value for one that is too long. */
  write(row: number): number;
}

/** Writes rows for the stage engine. Throws bad-value for a row that is too long, errors of the batches, and the reason of the call's cancellation. */
export function copyRows(
  columns: readonly Column[],
  batches: Batches,
  call: CopyToCall,
  control: CallControl,
): Promise<CopySummary> {
  return copyBatches((writer) => wireBatches(columns, batches, writer, call.maxRowBytes), call, control);
}

async function* wireBatches(
  columns: readonly Column[],
  batches: Batches,
  writer: ByteWriter,
  maxRowBytes: number,
): AsyncGenerator<WireBatch> {
  const wire = new WireRowWriter(columns, writer);
  for await (const batch of batches)
    yield {
      rows: batch.length,
      write(row) {
        const before = writer.totalBytes;
        wire.write(batch[row]!);
        if (writer.totalBytes - before > maxRowBytes) throw rowTooLongForStages(maxRowBytes);
        return 1;
      },
    };
}

/** Writes rows for the stage engine, those of `batchesTo` the writer; throws as `copyRows` does. */
export async function copyBatches(
  batchesTo: (writer: ByteWriter) => AsyncIterable<WireBatch>,
  { fifo: path }: Pick<CopyToCall, 'fifo'>,
  { cancellation }: CallControl,
): Promise<CopySummary> {
  const gate = new Gate(cancellation);
  let readerClosed = false;
  let rows = 0;
  const input = new InputWriter(path, {
    onDrain: () => ahead.wasDrained(),
    onReaderClosed() {
      readerClosed = true;
      gate.open();
    },
    onError: (error) => gate.fail(error),
  });
  const ahead = new WriteAhead(input, () => gate.open());
  const writer = input.byteWriter(() => gate.shut(), ahead);
  const endEarly = (): void => input.destroy();
  cancellation.onCancel(endEarly);
  try {
    writer.copy(WIRE_HEADER, 0, WIRE_HEADER.length);
    for await (const batch of batchesTo(writer)) {
      for (let row = 0; row < batch.rows && !readerClosed; ) {
        const written = batch.write(row);
        row += written;
        rows += written;
      }
      if (readerClosed) break;
      await gate.passed();
    }
    gate.check();
    writer.copy(WIRE_END, 0, WIRE_END.length);
    writer.flush();
    if (!readerClosed && !ahead.finish()) {
      gate.shut();
      await gate.passed();
    }
    await input.end();
    gate.check();
    return { rows, bytes: writer.totalBytes, readerClosed };
  } finally {
    cancellation.offCancel(endEarly);
    input.destroy();
    gate.dispose();
  }
}

/** Passes rows to `take`, one by one, until it wants no more; waits at the gate between batches. */
async function eachRow(batches: Batches, gate: Gate, take: (row: Row) => boolean): Promise<void> {
  for await (const batch of batches) {
    for (const row of batch) if (!take(row)) return;
    await gate.passed();
  }
  gate.check();
}
