/** Runs SQL of ours to its end and returns its rows: questions to the database's catalogue. */
import type { DescribeCall } from '../../core/protocol/sql-worker.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink } from '../kit/connector.ts';
import { runStatement } from './run-sql.ts';
import type { WireSession } from './wire-session.ts';

const MAX_BYTES = 16 * 1024 * 1024;

export interface OwnQuery {
  readonly sql: string;
  readonly parameters?: readonly string[];
  readonly maxRows: number;
}

/** Returns the rows, and whether these are all; the caller knows the columns of its SQL. */
export async function readOwnRows<Row>(
  session: WireSession,
  { queryId, connection, deadlineAt }: Pick<DescribeCall, 'queryId' | 'connection' | 'deadlineAt'>,
  { sql, parameters = [], maxRows }: OwnQuery,
  control: CallControl,
): Promise<{ readonly rows: readonly Row[]; readonly complete: boolean }> {
  const chunks: Buffer[] = [];
  const sink: ByteSink = {
    write: (bytes, onWritten) => {
      chunks.push(Buffer.from(bytes)); // the writer reuses its buffers
      onWritten();
      return true;
    },
    setOnDrain: () => {}, // `write` never returns false
  };
  const call = {
    ...{ queryId, connection, deadlineAt, sql, parameters },
    functions: [], // our own SQL needs no look-up
    answer: { format: 'ndjson', rows: 'arrays', numbers: 'number' } as const,
    limits: { capRows: maxRows, maxRows, maxBytes: MAX_BYTES },
    maxRowBytes: MAX_BYTES,
  };
  const { complete } = await runStatement(session, call, [], sink, control);
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  const rows = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  return { rows, complete };
}
