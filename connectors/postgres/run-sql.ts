/**
 * The `run-sql` call: one statement, its rows encoded on the way through. Nothing is sent before the columns are known
 * to be good; from then on bytes go out as buffers fill, and the database is paused while the server's socket is full,
 * so that an answer of any size needs the same little memory here.
 */
import type { AnswerLimits, AnswerSummary } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { RunSqlCall } from '../../core/protocol/sql-worker.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink } from '../kit/connector.ts';
import { ByteWriter, WriterStock } from '../kit/encode/byte-writer.ts';
import { createRowEncoder, type RowEncoder, type TextAnswer } from '../kit/encode/row-encoder.ts';
import { layoutOf } from './answer-layouts.ts';
import { BasisCheck, basisMessages } from './basis.ts';
import { noRows } from './describe.ts';
import { statementError } from './errors.ts';
import { checkOf, runReadOnly } from './read-only-transaction.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { bindMessage, DESCRIBE_PORTAL, executeMessage, parseMessage } from './wire/frontend-messages.ts';
import type { ExchangeHandler, WireSession } from './wire-session.ts';

/** Execute's row count is an i32. */
const MAX_EXECUTE_ROWS = 0x7fffffff;

/** Of all answers of this process. */
const BUFFERS = new WriterStock();

/** Throws what the catalogue, the session or the database finds wrong, and result-too-large, as QueryError. */
export async function runStatement(
  session: WireSession,
  call: RunSqlCall,
  allowed: readonly string[],
  sink: ByteSink,
  control: CallControl,
): Promise<AnswerSummary> {
  const basis = new BasisCheck(call.basis ?? []);
  const answer = createAnswer(call, basis, (bytes) => {
    if (!sink.write(bytes, () => BUFFERS.give(bytes))) session.pause();
  });
  sink.setOnDrain(() => session.resume());
  try {
    const error = await runReadOnly(session, control, {
      check: checkOf(call, allowed),
      messages: [
        ...basisMessages(call.basis ?? []),
        parseMessage(call.sql),
        bindMessage(call.parameters),
        DESCRIBE_PORTAL,
        executeMessage(executeRows(call.limits)),
      ],
      handler: answer.handler,
    });
    if (error !== null) throw basis.errorOf(error) ?? statementError(error);
    return answer.finish();
  } finally {
    sink.setOnDrain(null);
  }
}

/**
 * With a client's cap the database stops by itself one row past it. Without one it gets no row count, because with one
 * it never uses parallel workers; going past maxRows is an error anyway, and cancels.
 */
function executeRows({ capRows, maxRows }: AnswerLimits): number {
  return capRows !== null && capRows <= maxRows && capRows < MAX_EXECUTE_ROWS ? capRows + 1 : 0;
}

function textAnswerOf({ answer: { format, rows, numbers, end } }: RunSqlCall): TextAnswer {
  if (format === 'arrow' || format === 'parquet') throw new Error(`SQL workers do not encode ${format}`);
  return { format, rows, numbers, end };
}

interface Answer {
  readonly handler: ExchangeHandler;
  finish(): AnswerSummary;
}

function createAnswer(call: RunSqlCall, basis: BasisCheck, emit: (bytes: Buffer) => void): Answer {
  const { limits, maxRowBytes } = call;
  const options = textAnswerOf(call);
  const writer = new ByteWriter(emit, BUFFERS);
  const lastRow = Math.min(limits.capRows ?? limits.maxRows, limits.maxRows);
  let encoder: RowEncoder | null = null;
  let rows = 0;
  let complete = true;

  function onRow(bytes: Buffer, start: number, end: number): void {
    if (end - start > maxRowBytes) throw longRow(maxRowBytes, end - start);
    if (rows === lastRow) {
      if (limits.capRows === null || limits.capRows > limits.maxRows)
        throw tooLarge('resultRows', limits.maxRows, rows + 1);
      complete = false;
      return;
    }
    encoder!.writeRow(writer, bytes, start);
    rows++;
    if (writer.totalBytes > limits.maxBytes)
      throw tooLarge('resultBytes', limits.maxBytes, writer.totalBytes);
  }

  return {
    handler: {
      onMessage(type, bytes, start, end) {
        if (basis.onMessage(type, bytes, start)) return;
        if (type === BackendMessage.dataRow) onRow(bytes, start, end);
        else if (type === BackendMessage.rowDescription) {
          encoder = createRowEncoder(layoutOf(bytes, start, end, options));
          encoder.writeHead(writer);
        } else if (type === BackendMessage.noData) throw noRows();
      },
      maxMessageBytes: maxRowBytes,
      tooLarge: (payloadBytes) => longRow(maxRowBytes, payloadBytes),
    },
    finish() {
      writer.flush();
      return { rows, bytes: writer.totalBytes, complete };
    },
  };
}

function tooLarge(name: 'resultRows' | 'resultBytes', value: number, observed: number): QueryError {
  const unit = name === 'resultRows' ? 'rows' : 'bytes';
  return new QueryError('result-too-large', `the result has more than ${value} ${unit}`, {
    hint: 'Ask for fewer rows or columns, or put `| head n` behind it.',
    limit: { name, value, observed },
  });
}

function longRow(maxRowBytes: number, observed: number): QueryError {
  return new QueryError('result-too-large', `a row of the result has more than ${maxRowBytes} bytes`, {
    hint: 'Leave the long column out or shorten it (`left`, `substr`), or raise `limits.dslRowBytes`, the longest row.',
    limit: { name: 'dslRowBytes', value: maxRowBytes, observed },
  });
}
