/** The `describe` call: finds the columns and parameter types of a statement, by Parse and Describe, without running it. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { DescribeCall, DescribeReply } from '../../core/protocol/sql-worker.ts';
import type { DatabaseColumn, NativeType } from '../../core/protocol/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import { statementError } from './errors.ts';
import { checkOf, runReadOnly } from './read-only-transaction.ts';
import { readParameterDescription, readRowDescription } from './wire/backend-messages.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { DESCRIBE_STATEMENT, parseMessage } from './wire/frontend-messages.ts';
import type { WireSession } from './wire-session.ts';

/** Describes the statement. Throws QueryError: the refusal of a function, or an error of the session or the database. */
export async function describeStatement(
  session: WireSession,
  call: DescribeCall,
  allowed: readonly string[],
  control: CallControl,
): Promise<DescribeReply> {
  let columns: DatabaseColumn[] = [];
  let parameterTypes: NativeType[] = [];
  const error = await runReadOnly(session, control, {
    check: checkOf(call, allowed),
    messages: [parseMessage(call.sql), DESCRIBE_STATEMENT],
    handler: {
      onMessage(type, bytes, start) {
        if (type === BackendMessage.parameterDescription)
          parameterTypes = readParameterDescription(bytes, start);
        else if (type === BackendMessage.rowDescription) columns = readRowDescription(bytes, start);
        else if (type === BackendMessage.noData) throw noRows();
      },
    },
  });
  if (error !== null) throw statementError(error);
  return { columns, parameterTypes };
}

export function noRows(): QueryError {
  return new QueryError('read-only', 'the statement returns no rows: it is not a query', {
    hint: 'Queries are SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN.',
    sqlPosition: 1,
  });
}
