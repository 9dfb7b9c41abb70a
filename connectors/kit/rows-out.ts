/**
 * Writes rows of JavaScript values, for connectors whose drivers return values: as an answer, or into a FIFO for the stage
 * engine (core/protocol/wire-rows.ts). Rows come in batches, so that asynchronous steps happen only once per batch; no batch
 * is taken while the reader is behind. Leaving early (a full answer, a reader that went away, an error) ends the iterator,
 * which tells the connector to stop its database.
 */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import { refuseNames } from '../../core/protocol/answer.ts';
import type { CopyToCall, RunSqlCall } from '../../core/protocol/sql-worker.ts';
import type { Column } from '../../core/protocol/types.ts';
import { Answer, refuseSameNames, rowTooLongForStages, textAnswerOf } from './answer.ts';
import type { CallControl } from './call-control.ts';
import type { ByteSink, CopySummary } from './connector.ts';
import { ByteWriter, WriterStock } from './encode/byte-writer.ts';
import { createRowEncoder, rowLayout } from './encode/row-encoder.ts';
import { FifoWriter } from './fifo-writer.ts';
import { Gate } from './gate.ts';
import { type Row, RowWriter } from './row-writer.ts';
import { WireRowWriter } from './wire-row-writer.ts';

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

/** Writes rows for the stage engine. Throws bad-value for a row that is too long, errors of the batches, and the reason of the call's cancellation. */
export async function copyRows(
  columns: readonly Column[],
  batches: Batches,
  { fifo: path, maxRowBytes }: CopyToCall,
  { cancellation }: CallControl,
): Promise<CopySummary> {
  const gate = new Gate(cancellation);
  let readerClosed = false;
  let rows = 0;
  const fifo = new FifoWriter(path, {
    onDrain: () => gate.open(),
    onReaderClosed() {
      readerClosed = true;
      gate.open();
    },
    onError: (error) => gate.fail(error),
  });
  const writer = new ByteWriter((bytes) => {
    if (!fifo.write(bytes)) gate.shut();
  });
  const endEarly = (): void => fifo.destroy();
  cancellation.onCancel(endEarly);
  try {
    const wire = new WireRowWriter(columns, writer);
    wire.begin();
    await eachRow(batches, gate, (row) => {
      if (readerClosed) return false;
      const before = writer.totalBytes;
      wire.write(row);
      if (writer.totalBytes - before > maxRowBytes) throw rowTooLongForStages(maxRowBytes);
      rows++;
      return true;
    });
    wire.end();
    writer.flush();
    await fifo.end();
    gate.check();
    return { rows, bytes: writer.totalBytes, readerClosed };
  } finally {
    cancellation.offCancel(endEarly);
    fifo.destroy();
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
