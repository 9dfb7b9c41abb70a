/** One session of Spark for many short statements, whose values are all texts and numbers: a connector begins a session for each. */
import { randomUUID } from 'node:crypto';
import { tableFromIPC } from 'apache-arrow';
import { deadline, openChannel } from '../../connectors/spark/channel.ts';
import type { ExecuteRequest, ExecuteResponse } from '../../connectors/spark/protocol.ts';
import { SESSION_SETTINGS } from '../../connectors/spark/settings.ts';
import { readUrl } from '../../core/config/urls/spark-url.ts';

const CALL_MS = 120_000;

export interface SparkTexts {
  /** Makes a temporary view of a query, which is analysed once. */
  view(name: string, sql: string): Promise<void>;
  rows(sql: string): Promise<(string | null)[][]>;
  close(): Promise<void>;
}

export async function openSparkTexts(url: string): Promise<SparkTexts> {
  const options = { tls: { ca: null }, userAgent: 'test', guardsAddress: false };
  const channel = await openChannel(readUrl(url), options);
  const fields = {
    ...{ session_id: randomUUID(), user_context: { user_id: channel.userId }, client_type: 'test' },
  };
  const pairs = Object.entries(SESSION_SETTINGS).map(([key, value]) => ({ key, value }));
  await new Promise<void>((resolve, reject) =>
    channel.stub.Config(
      { ...fields, operation: { set: { pairs } } },
      channel.metadata(),
      deadline(CALL_MS),
      (error) => (error === null ? resolve() : reject(error)),
    ),
  );

  async function* execute(plan: object): AsyncGenerator<Buffer> {
    const request = { ...fields, plan, operation_id: randomUUID(), tags: [], request_options: [] };
    const stream = channel.stub.ExecutePlan(
      request as unknown as ExecuteRequest,
      channel.metadata(),
      deadline(CALL_MS),
    );
    for await (const { arrow_batch: batch } of stream as AsyncIterable<ExecuteResponse>)
      if (batch != null) yield batch.data;
  }

  return {
    async view(name, sql) {
      const input = { sql: { query: sql } };
      const command = { create_dataframe_view: { input, name, is_global: false, replace: true } };
      for await (const _ of execute({ command }));
    },
    async rows(sql) {
      const found: (string | null)[][] = [];
      for await (const data of execute({ root: { sql: { query: sql } } })) found.push(...rowsIn(data));
      return found;
    },
    async close() {
      await new Promise<void>((resolve) =>
        channel.stub.ReleaseSession(fields, channel.metadata(), deadline(CALL_MS), () => resolve()),
      );
      channel.close();
    },
  };
}

function rowsIn(data: Buffer): (string | null)[][] {
  const table = tableFromIPC(data);
  const columns = table.schema.fields.map((_, at) => table.getChildAt(at)!);
  return Array.from({ length: table.numRows }, (_, row) =>
    columns.map((column): string | null => {
      const cell: unknown = column.get(row);
      return cell === null ? null : String(cell);
    }),
  );
}
