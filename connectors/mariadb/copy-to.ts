/** The `copy-to` call: the rows of a statement into the pipe to the stages, those columns only that they use. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { CopyToCall } from '../../core/protocol/sql-worker.ts';
import { type DatabaseColumn, typeName } from '../../core/protocol/types.ts';
import { columnOf, columnType } from '../../language/dialects/mariadb/types.ts';
import { rowTooLongForStages } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { CopySummary } from '../kit/connector.ts';
import { copyRows } from '../kit/rows-out.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { noRows } from './describe.ts';
import { exchange } from './exchange.ts';
import { judgeSql } from './guard/judge.ts';
import { boundStatement } from './parameters.ts';
import { RowBatches } from './row-batches.ts';
import { RowReader } from './values.ts';
import type { WireSession } from './wire-session.ts';

export async function copyToFifo(
  session: WireSession,
  call: CopyToCall,
  allowed: readonly string[],
  control: CallControl,
): Promise<CopySummary> {
  judgeSql(call.sql, allowed);
  const { text, values } = boundStatement(call);
  let onColumns: () => void = () => {};
  const columnsKnown = new Promise<boolean>((resolve) => {
    onColumns = () => resolve(true);
  });
  const batches = new RowBatches(session, {
    maxRowBytes: call.maxRowBytes,
    tooLarge: () => rowTooLongForStages(call.maxRowBytes),
    reader(columns) {
      const reader = new RowReader(columns, placesOf(call.expect, columns));
      onColumns();
      return reader;
    },
  });
  const running = exchange(
    session,
    { sql: text, atMost: null, run: () => ({ values, taker: batches }) },
    control,
  );
  const over = running.then(() => false).finally(() => batches.over());
  over.catch(() => {}); // awaited below
  if (!(await Promise.race([columnsKnown, over]))) throw noRows();
  try {
    const copied = await copyRows(call.expect.map(columnOf), batches, call, control);
    await over;
    return copied;
  } catch (thrown) {
    session.discard(QueryError.from(thrown));
    await over; // An error of the database is thrown here, before the one that it caused.
    throw thrown;
  }
}

/** The places of the columns that are expected; throws stale-plan for one that is not there as it was. */
function placesOf(expected: readonly DatabaseColumn[], found: readonly DatabaseColumn[]): readonly number[] {
  return expected.map((column) => {
    const at = found.findIndex(({ name }) => name === column.name);
    if (at === -1) throw stalePlan('the columns');
    const [was, is] = [column, found[at]!].map(({ type }) => typeName(columnType(type)));
    if (was !== is) throw stalePlan(`the type of the column ${column.name} (${was}, now ${is})`);
    return at;
  });
}
