/**
 * The `run-sql` call: runs one statement and encodes its rows as they arrive. Nothing is sent before the columns are checked.
 * After that, bytes are sent whenever a buffer is full, and reading from the database pauses while the server's socket is
 * full, so that an answer of any size needs the same small memory here.
 */
import type { AnswerLimits, AnswerSummary } from '../../core/protocol/answer.ts';
import type { RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { Answer, textAnswerOf } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink } from '../kit/connector.ts';
import { WriterStock } from '../kit/encode/byte-writer.ts';
import { createRowEncoder } from '../kit/encode/row-encoder.ts';
import { layoutOf } from './answer-layouts.ts';
import { noRows } from './describe.ts';
import { DescriptionCheck, describeMessages } from './described-sql.ts';
import { statementError } from './errors.ts';
import { checkOf, runReadOnly } from './read-only-transaction.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { bindMessage, DESCRIBE_PORTAL, executeMessage, parseMessage } from './wire/frontend-messages.ts';
import type { ExchangeHandler, WireSession } from './wire-session.ts';

/** The largest row count of an Execute message, which is an i32. */
const MAX_EXECUTE_ROWS = 0x7fffffff;

/** The buffers that all answers of this process share. */
const BUFFERS = new WriterStock();

/** Runs the call. Throws QueryError: the refusal of a function, an error of the session or the database, or result-too-large. */
export async function runStatement(
  session: WireSession,
  call: RunSqlCall,
  allowed: readonly string[],
  sink: ByteSink,
  control: CallControl,
): Promise<AnswerSummary> {
  const columnCheck = new DescriptionCheck(call.described ?? []);
  const answer = new Answer(
    call,
    (bytes) => {
      if (!sink.write(bytes, () => BUFFERS.give(bytes))) session.pause();
    },
    BUFFERS,
  );
  sink.setOnDrain(() => session.resume());
  try {
    const error = await runReadOnly(session, control, {
      check: checkOf(call, allowed),
      messages: [
        ...describeMessages(call.described ?? []),
        parseMessage(call.sql),
        bindMessage(call.parameters),
        DESCRIBE_PORTAL,
        executeMessage(executeRows(call.limits)),
      ],
      handler: answerHandler(call, columnCheck, answer),
    });
    if (error !== null) throw columnCheck.errorOf(error) ?? statementError(error);
    return answer.finish();
  } finally {
    sink.setOnDrain(null);
  }
}

/**
 * Returns the row count for Execute. With a client's cap, the database stops by itself one row after it. Without a cap there
 * is no row count (0), because PostgreSQL uses no parallel workers with one; exceeding maxRows is an error that cancels anyway.
 */
function executeRows({ capRows, maxRows }: AnswerLimits): number {
  return capRows !== null && capRows <= maxRows && capRows < MAX_EXECUTE_ROWS ? capRows + 1 : 0;
}

function answerHandler(call: RunSqlCall, columnCheck: DescriptionCheck, answer: Answer): ExchangeHandler {
  const options = textAnswerOf(call);
  return {
    onMessage(type, bytes, start, end) {
      if (columnCheck.onMessage(type, bytes, start)) return;
      if (type === BackendMessage.dataRow) answer.add(bytes, start, end);
      else if (type === BackendMessage.rowDescription)
        answer.begin(createRowEncoder(layoutOf(bytes, start, end, options)));
      else if (type === BackendMessage.noData) throw noRows();
    },
    maxMessageBytes: call.maxRowBytes,
    tooLarge: (payloadBytes) => answer.longRow(payloadBytes),
  };
}
