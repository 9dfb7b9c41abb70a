/** Runs SQL of ours to its end and returns its rows: questions to the database's catalogue. */
import type { CallControl } from '../kit/call-control.ts';
import { exchange } from './exchange.ts';
import { RowBatches } from './row-batches.ts';
import { RowReader } from './rows/values.ts';
import type { BoundValue } from './wire/commands.ts';
import type { WireSession } from './wire-session.ts';

const MAX_ROW_BYTES = 16 * 1024 * 1024;

export interface OwnQuery {
  readonly sql: string;
  readonly values?: readonly BoundValue[];
  readonly maxRows: number;
}

/** Returns the rows; the caller knows the columns of its SQL. */
export async function readOwnRows<Row>(
  session: WireSession,
  { sql, values = [], maxRows }: OwnQuery,
  control: CallControl,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const batches = new RowBatches(session, {
    maxRowBytes: MAX_ROW_BYTES,
    tooLarge: (bytes) => {
      throw new Error(`a row of the catalogue has ${bytes} bytes`);
    },
    reader: (columns) => new RowReader(columns),
  });
  const running = exchange(
    session,
    { sql, atMost: maxRows, run: () => ({ values, taker: batches }) },
    control,
  ).finally(() => batches.over());
  running.catch(() => {}); // awaited below
  for await (const batch of batches) rows.push(...(batch as unknown as readonly Row[]));
  await running;
  return rows;
}
