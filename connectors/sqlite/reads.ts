/** The calls on a SQLite file, on the thread that reads it: describe, run, copy, introspect. */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type {
  CopyToCall,
  DatabaseTable,
  DescribeCall,
  DescribeReply,
  IntrospectCall,
  IntrospectReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import { type Column, type DatabaseColumn, typeName } from '../../core/protocol/types.ts';
import {
  columnOf,
  columnType,
  isUndeclared,
  nativeType,
  type StorageClass,
  sqliteTypeOf,
} from '../../language/dialects/sqlite/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink, CopySummary } from '../kit/connector.ts';
import type { Row } from '../kit/row-writer.ts';
import { answerRows, copyRows } from '../kit/rows-out.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import type { BoundValue, SqliteFile, SqliteRow, SqliteStatement } from './database.ts';
import { fileError } from './errors.ts';
import { decoderOf, type SqliteValue } from './values.ts';

const ROWS_A_BATCH = 256;
const BYTES_A_BATCH = 256 * 1024;
/** Rows that are looked at for the types of columns that have none by declaration; null tells nothing. */
const ROWS_SEEN = 256;

export function describe(file: SqliteFile, call: DescribeCall): Promise<DescribeReply> {
  return reading(file, call, call.sql, (statement) => {
    const declared = statement.columns();
    const columns = seenColumns(declared, firstRows(statement, declared));
    const parameterTypes = Array.from({ length: statement.parameterCount }, () => nativeType(null));
    return { columns, parameterTypes };
  });
}

export function run(
  file: SqliteFile,
  call: RunSqlCall,
  sink: ByteSink,
  control: CallControl,
): Promise<AnswerSummary> {
  return reading(file, call, call.sql, (statement) => {
    statement.bind(boundValues(call));
    const declared = statement.columns();
    const first = firstRows(statement, declared);
    const columns = seenColumns(declared, first);
    return answerRows(columns.map(columnOf), batches(statement, columns, first), call, sink, control);
  });
}

export function copyTo(file: SqliteFile, call: CopyToCall, control: CallControl): Promise<CopySummary> {
  return reading(file, call, call.sql, (statement) => {
    if (statement.parameterCount > call.parameters.length) throw stalePlan('the number of parameters');
    const declared = statement.columns();
    expectPlanned(call.expect, declared);
    statement.bind(boundValues(call));
    return copyRows(call.expect.map(columnOf), batches(statement, call.expect, []), call, control);
  });
}

const TABLES = `select m.name, p.name, p.type from sqlite_schema m join pragma_table_xinfo(m.name) p
  where m.type in ('table', 'view') and m.name not like 'sqlite\\_%' escape '\\' and p.hidden <> 1 order by m.name, p.cid`;

/** Lists tables and columns. The SQL for that is ours, and the only SQL that reads a pragma. */
export async function introspect(file: SqliteFile, call: IntrospectCall): Promise<IntrospectReply> {
  file.isOurs = true;
  try {
    return await readTables(file, call);
  } finally {
    file.isOurs = false;
  }
}

function readTables(file: SqliteFile, call: IntrospectCall): Promise<IntrospectReply> {
  return reading(file, call, TABLES, (statement) => {
    const tables = new Map<string, DatabaseTable & { readonly columns: Column[] }>();
    for (let left = call.maxColumns; ; left--) {
      const row = statement.step() as readonly [string, string, string] | null; // TABLES selects these three texts
      if (row === null || left === 0) return { tables: [...tables.values()], complete: row === null };
      const [name, column, declared] = row;
      const table = tables.get(name) ?? { schema: 'main', name, visible: true, columns: [] };
      table.columns.push({ name: column, type: columnType(nativeType(declared)) });
      tables.set(name, table);
    }
  });
}

/** Opens the file when it must be, and throws when it was written meanwhile, whatever else there was to say. */
export async function reading<T>(
  file: SqliteFile,
  { connection }: Pick<DescribeCall, 'connection'>,
  sql: string,
  read: (statement: SqliteStatement) => T | Promise<T>,
): Promise<T> {
  try {
    file.open();
  } catch (thrown) {
    throw fileError(connection, thrown);
  }
  try {
    const statement = file.prepare(sql);
    try {
      return await read(statement);
    } finally {
      statement.finalize();
    }
  } finally {
    file.expectUnchanged();
  }
}

/** Steps until each column without a declared type has shown a value. */
function firstRows(statement: SqliteStatement, declared: readonly DatabaseColumn[]): readonly SqliteRow[] {
  const open = new Set(
    declared.flatMap(({ type }, index) => (isUndeclared(sqliteTypeOf(type)) ? [index] : [])),
  );
  const rows: SqliteRow[] = [];
  while (open.size > 0 && rows.length < ROWS_SEEN) {
    const row = statement.step();
    if (row === null) break;
    rows.push(row);
    for (const index of open) if (row[index] !== null) open.delete(index);
  }
  return rows;
}

function seenColumns(
  declared: readonly DatabaseColumn[],
  rows: readonly SqliteRow[],
): readonly DatabaseColumn[] {
  return declared.map(({ name, type }, index) => {
    const { declared: typeName } = sqliteTypeOf(type);
    if (!isUndeclared(sqliteTypeOf(type))) return { name, type };
    const value = rows.find((row) => row[index] !== null)?.[index] ?? null;
    return { name, type: nativeType(typeName, value === null ? null : classOf(value)) };
  });
}

function classOf(value: SqliteValue): StorageClass {
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return 'real';
  return typeof value === 'string' ? 'text' : 'blob';
}

/** Columns without a declared type are taken for what they were planned as: values that differ are errors. */
function expectPlanned(expected: readonly DatabaseColumn[], found: readonly DatabaseColumn[]): void {
  const isSame = (column: DatabaseColumn, { name, type }: DatabaseColumn): boolean =>
    column.name === name &&
    (isUndeclared(sqliteTypeOf(type)) || typeName(columnType(type)) === typeName(columnType(column.type)));
  if (expected.length !== found.length || !expected.every((column, index) => isSame(column, found[index]!)))
    throw stalePlan('the columns');
}

/** Between batches everything else that the thread is told comes to its turn. */
async function* batches(
  statement: SqliteStatement,
  columns: readonly DatabaseColumn[],
  first: readonly SqliteRow[],
): AsyncGenerator<readonly Row[]> {
  const decoders = columns.map(decoderOf);
  const decoded = (row: SqliteRow): Row =>
    row.map((value, index) => (value === null ? null : decoders[index]!(value)));
  yield first.map(decoded);
  for (;;) {
    const rows: Row[] = [];
    for (let bytes = 0; rows.length < ROWS_A_BATCH && bytes < BYTES_A_BATCH; ) {
      const row = statement.step();
      if (row === null) return void (yield rows);
      for (const value of row)
        bytes += typeof value === 'object' ? (value?.length ?? 0) : String(value).length;
      rows.push(decoded(row));
    }
    yield rows;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** SQLite infers no types of parameters: each is bound as what it was given as. */
function boundValues({ parameters, parameterKinds = [] }: RunSqlCall | CopyToCall): readonly BoundValue[] {
  return parameters.map((text, index) => {
    const kind = parameterKinds[index] ?? 'string';
    if (kind.startsWith('list<'))
      throw new QueryError('bad-parameter', 'a list cannot be bound in SQL for SQLite', {
        sqlParameter: index + 1,
        hint: 'give each value a name of its own: `in (:a, :b)`, or filter in a stage: `| where x in (:list)`',
      });
    if (text === null) return null;
    if (kind === 'int64') return BigInt(text);
    if (kind === 'bool') return text === 'true' || text === 't' ? 1n : 0n;
    return kind === 'float64' || kind === 'number' || kind.startsWith('decimal') ? Number(text) : text;
  });
}
