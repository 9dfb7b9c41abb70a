/**
 * The `copy-to` call: writes a query's rows into a DSL worker's FIFO, in one round trip, in COPY's binary form, which is that
 * of core/protocol/wire-rows.ts. First the query itself is parsed, described, and bound (which checks the parameters' values),
 * so that errors refer to the user's text and a changed schema is noticed before any row. The COPY of the same text follows in
 * the same transaction. CopyData messages are passed on as they are, many at a time: whoever reads the rows skips their headers.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { CopyToCall } from '../../core/protocol/sql-worker.ts';
import { WIRE_HEADER } from '../../core/protocol/wire-rows.ts';
import { rowTooLongForStages } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { CopySummary } from '../kit/connector.ts';
import type { ByteWriter } from '../kit/encode/byte-writer.ts';
import { FifoWriter } from '../kit/fifo-writer.ts';
import { expectColumns, expectParameters, stalePlan } from '../kit/stale-plan.ts';
import { buildCopy, buildSettings, type CopyStatement } from './copy-text.ts';
import { DescriptionCheck, describeMessages } from './described-sql.ts';
import { statementError } from './errors.ts';
import { resolveTypeNames, type TypeNames } from './parameter-types.ts';
import { checkOf, runReadOnly } from './read-only-transaction.ts';
import {
  readCommandRows,
  readParameterDescription,
  readRowDescription,
  type ServerError,
} from './wire/backend-messages.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { bindMessage, DESCRIBE_STATEMENT, EXECUTE, parseMessage } from './wire/frontend-messages.ts';
import type { ExchangeHandler, WireSession } from './wire-session.ts';

/** Runs the call. Throws QueryError: the refusal of a function, an error of the session or the database, or stale-plan. */
export async function copyToFifo(
  session: WireSession,
  call: CopyToCall,
  allowed: readonly string[],
  typeNames: TypeNames,
  control: CallControl,
): Promise<CopySummary> {
  if (call.parameters.length !== call.parameterTypes.length) throw stalePlan('the number of parameters');
  const names = await resolveTypeNames(session, call.parameterTypes, typeNames, control);
  const nulls = call.parameters.map((value) => value === null);
  return runCopy(session, call, allowed, buildCopy(call.sql, names, nulls), control);
}

async function runCopy(
  session: WireSession,
  call: CopyToCall,
  allowed: readonly string[],
  copy: CopyStatement,
  control: CallControl,
): Promise<CopySummary> {
  const readerClosed = new QueryError('internal', 'the reader closed the FIFO');
  let isReaderGone = false;
  let fifoError: QueryError | null = null;
  const fifo = new FifoWriter(call.fifo, {
    onDrain: () => session.resume(),
    onReaderClosed() {
      isReaderGone = true;
      session.fail(readerClosed);
    },
    onError(error) {
      fifoError = error;
      session.fail(error);
    },
  });
  const writer = fifo.byteWriter(() => session.pause());
  const columnCheck = new DescriptionCheck(call.described ?? []);
  const progress = createCopyHandler(call, columnCheck, writer);
  const endEarly = (): void => fifo.destroy();
  control.cancellation.onCancel(endEarly);
  try {
    const error = await runReadOnly(session, control, {
      check: checkOf(call, allowed),
      messages: copyMessages(call, copy.text),
      handler: progress.handler,
    });
    if (error !== null) throw columnCheck.errorOf(error) ?? copyError(error, progress.aboutCopy, copy);
    writer.flush();
    await fifo.end();
    if (fifoError !== null) throw fifoError;
    if (control.cancellation.reason !== null) throw control.cancellation.reason;
  } catch (thrown) {
    if (thrown !== readerClosed) throw thrown;
  } finally {
    control.cancellation.offCancel(endEarly);
    fifo.destroy();
  }
  return { rows: progress.rows, bytes: writer.totalBytes, readerClosed: isReaderGone };
}

function copyMessages({ sql, parameters, described = [] }: CopyToCall, copyText: string): Buffer[] {
  const messages = [...describeMessages(described), parseMessage(sql), DESCRIBE_STATEMENT];
  if (parameters.length > 0)
    messages.push(
      bindMessage(parameters),
      parseMessage(buildSettings(parameters.length)),
      bindMessage(parameters.map((value) => value ?? '')),
      EXECUTE,
    );
  messages.push(parseMessage(copyText), bindMessage([]), EXECUTE);
  return messages;
}

interface CopyProgress {
  readonly handler: ExchangeHandler;
  /** The number of complete rows from the database. */
  readonly rows: number;
  /** Whether an error from now on is about the COPY text instead of the query itself. */
  readonly aboutCopy: boolean;
}

function createCopyHandler(
  call: CopyToCall,
  columnCheck: DescriptionCheck,
  writer: ByteWriter,
): CopyProgress {
  let rows = 0;
  let parsed = 0;
  // The header comes with the first row.
  const mostBytes = call.maxRowBytes + WIRE_HEADER.length;
  return {
    get rows() {
      return rows;
    },
    get aboutCopy() {
      return parsed > 0;
    },
    handler: {
      onMessage(type, bytes, start, end) {
        if (columnCheck.onMessage(type, bytes, start)) return;
        if (type === BackendMessage.parseComplete) parsed++;
        else if (type === BackendMessage.parameterDescription)
          expectParameters(call.parameterTypes, readParameterDescription(bytes, start));
        else if (type === BackendMessage.rowDescription)
          expectColumns(call.expect, readRowDescription(bytes, start));
        else if (
          type === BackendMessage.commandComplete &&
          bytes.toString('latin1', start, start + 5) === 'COPY '
        )
          rows = readCommandRows(bytes, start, end) ?? rows;
      },
      // PostgreSQL sends each row as a message of its own, and the end mark too; the command's tag has the rows alone.
      onCopyData(bytes, start, end, { messages, longest }) {
        if (longest > mostBytes) throw rowTooLongForStages(call.maxRowBytes);
        writer.copy(bytes, start, end);
        rows += messages;
      },
    },
  };
}

/** Returns the error with its position mapped. After the query was parsed, errors are about the COPY text; errors of binding have no position. */
function copyError(error: ServerError, aboutCopy: boolean, copy: CopyStatement): QueryError {
  return statementError(error, aboutCopy ? { mapPosition: copy.mapPosition } : {});
}
