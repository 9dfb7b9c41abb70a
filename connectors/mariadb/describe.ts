/** The `describe` call: columns and parameters of a statement, by preparing it, without running it. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { DescribeCall, DescribeReply } from '../../core/protocol/sql-worker.ts';
import { TEXT_TYPE } from '../../language/dialects/mariadb/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import { exchange } from './exchange.ts';
import { judgeSql } from './guard/judge.ts';
import { withPlaces } from './parameters.ts';
import type { WireSession } from './wire-session.ts';

export async function describeStatement(
  session: WireSession,
  { sql }: DescribeCall,
  allowed: readonly string[],
  control: CallControl,
): Promise<DescribeReply> {
  judgeSql(sql, allowed);
  const { text, numbers } = withPlaces(sql);
  const { columns } = await exchange(session, { sql: text, atMost: null, run: null }, control);
  return { columns, parameterTypes: Array.from({ length: Math.max(0, ...numbers) }, () => TEXT_TYPE) };
}

export function noRows(): QueryError {
  return new QueryError('read-only', 'the statement returns no rows: it is not a query', {
    hint: 'Queries are SELECT, WITH, VALUES, SHOW, EXPLAIN or DESCRIBE.',
    sqlPosition: 1,
  });
}
