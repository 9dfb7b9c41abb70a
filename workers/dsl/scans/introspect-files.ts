/** The `introspect-files` call: the tables of a connection to files, for completion. A table that cannot be read has no columns. */

import type { FilesConnection } from '../../../core/protocol/connection.ts';
import type { IntrospectFilesCall } from '../../../core/protocol/dsl-worker.ts';
import type { DatabaseTable, IntrospectReply } from '../../../core/protocol/sql-worker.ts';
import { typeOfFile } from '../../../language/dialects/files/types.ts';
import { openTable } from './open-table.ts';
import type { ScanContext } from './scan-context.ts';

/** The share of the call's time after which it answers with the tables that it has: somebody waits who is typing. */
const SHARE_OF_TIME = 0.6;

export async function introspectFiles(
  tools: ScanContext,
  files: FilesConnection,
  { maxColumns, deadlineAt, shown }: Pick<IntrospectFilesCall, 'maxColumns' | 'deadlineAt' | 'shown'>,
): Promise<IntrospectReply> {
  const stopAt = Date.now() + (deadlineAt - Date.now()) * SHARE_OF_TIME;
  const tables: DatabaseTable[] = [];
  let count = 0;
  const names = Object.keys(files.tables);
  for (const name of shown === null
    ? names
    : names.filter((each) => Object.hasOwn(shown, each.toLowerCase()))) {
    if (Date.now() > stopAt) return { tables, complete: false };
    tools.check();
    const hidden = shown?.[name.toLowerCase()] ?? [];
    const columns = (await columnsOf(tools, files, name)).filter(
      (column) => !hidden.includes(column.name.toLowerCase()),
    );
    count += columns.length;
    if (count > maxColumns) return { tables, complete: false };
    tables.push({ schema: '', name, visible: true, columns });
  }
  return { tables, complete: true };
}

async function columnsOf(
  tools: ScanContext,
  files: FilesConnection,
  name: string,
): Promise<DatabaseTable['columns']> {
  try {
    const { columns } = await openTable(tools, files, name);
    return columns.flatMap((column) => {
      const type = typeOfFile(column.type);
      return type === null ? [] : [{ name: column.name, type }];
    });
  } catch (thrown) {
    tools.check();
    void thrown; // the query that reads the table tells what is wrong with it
    return [];
  }
}
