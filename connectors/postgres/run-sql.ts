/**
 * The `run-sql` call: one statement, its rows encoded on the way through. Nothing is sent before the columns are known
 * to be good; from then on bytes go out as buffers fill, and the database is paused while the server's socket is full,
 * so that an answer of any size needs the same little memory here.
 */
import type { AnswerLimits, AnswerSummary } from '../../core/protocol/answer.ts';
import type { RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { Answer, textAnswerOf } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink } from '../kit/connector.ts';
import { WriterStock } from '../kit/encode/byte-writer.ts';
import { layoutOf } from './answer-layouts.ts';
import { noRows } from './describe.ts';
import { DescriptionCheck, describeMessages } from './described-sql.ts';
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
 * With a client's cap the database stops by itself one row past it. Without one it gets no row count, because with one
 * it never uses parallel workers; going past maxRows is an error anyway, and cancels.
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
      else if (type === BackendMessage.rowDescription) answer.begin(layoutOf(bytes, start, end, options));
      else if (type === BackendMessage.noData) throw noRows();
    },
    maxMessageBytes: call.maxRowBytes,
    tooLarge: (payloadBytes) => answer.longRow(payloadBytes),
  };
}
