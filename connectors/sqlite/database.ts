/**
 * One SQLite file, read on the thread that this runs on. Read-only in depth: the file is open for reading, the VFS writes
 * nothing, `query_only` is on, and an authorizer lets SQLite prepare nothing but SELECTs.
 *
 * Invariants: a statement is finalized before the next one is prepared; `interrupted` is asked every few thousand steps.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { QueryError } from '../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { nativeType, type StorageClass } from '../../language/dialects/sqlite/types.ts';
import { NO_FILE } from '../kit/session-thread.ts';
import { sqliteError } from './errors.ts';
import { DATABASE_NAME, installFileVfs, stampOf, VFS_NAME } from './file-vfs.ts';
import type { SqliteValue } from './values.ts';
import type { Sqlite } from './wasm.ts';

const HEAP_BYTES = 256 * 1024 * 1024;
const STEPS_BETWEEN_LOOKS = 5000;
const MAGIC = 'SQLite format 3\0';
/** The actions that SQLite's authorizer is asked about, of those that only read. */
export const ACTION = { pragma: 19, read: 20, select: 21, function: 31, recursive: 33 } as const;
const ALLOWED: ReadonlySet<unknown> = new Set([
  ACTION.read,
  ACTION.select,
  ACTION.function,
  ACTION.recursive,
]);
const CLASSES: readonly (StorageClass | null)[] = [null, 'integer', 'real', 'text', 'blob', null];
/** SQLite copies what is bound. */
const TRANSIENT = -1;

export type SqliteRow = readonly (SqliteValue | null)[];
/** A value for `$1..$n`. */
export type BoundValue = string | number | bigint | null;

export class SqliteFile {
  readonly #sqlite: Sqlite;
  readonly #path: string;
  readonly #interrupted: () => boolean;
  /** The shared memory whose first element is the descriptor of the file (session-thread.ts). */
  readonly #openFile: Int32Array;
  #stamp = '';
  #db = 0;
  /** While SQL of ours runs, which asks pragmas for the tables' columns. */
  isOurs = false;
  /** Called with every action of a statement while it is prepared; null: nobody wants to know. */
  onAction: ((...action: (number | string)[]) => void) | null = null;

  constructor(sqlite: Sqlite, path: string, interrupted: () => boolean, openFile: Int32Array) {
    this.#sqlite = sqlite;
    this.#path = path;
    this.#interrupted = interrupted;
    this.#openFile = openFile;
    installFileVfs(sqlite, () => this.#fileDescriptor);
  }

  get #fileDescriptor(): number {
    return Atomics.load(this.#openFile, 0);
  }

  get path(): string {
    return this.#path;
  }

  /** Opens the file, again when it changed since. Throws an Error that says what is wrong with it. */
  open(): void {
    const stamp = stampOf(this.#path);
    if (this.#db !== 0 && stamp === this.#stamp) return;
    this.close();
    try {
      this.#refuseUnfinished();
      Atomics.store(this.#openFile, 0, openSync(this.#path, 'r'));
      this.#refuseOther();
      this.#connect();
      this.#stamp = stamp;
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  close(): void {
    if (this.#db !== 0) this.#sqlite.capi.sqlite3_close_v2(this.#db);
    this.#db = 0;
    const fileDescriptor = Atomics.exchange(this.#openFile, 0, NO_FILE); // first, so that nobody else closes it too
    if (fileDescriptor !== NO_FILE) closeSync(fileDescriptor);
  }

  /** Throws when the file is not what it was when it was opened: what was read may be of both. */
  expectUnchanged(): void {
    if (stampOf(this.#path) === this.#stamp) return;
    throw new QueryError('database-unavailable', 'the SQLite file was written while it was read', {
      hint: 'Send the query again; give Forkline a copy of a file that is written all the time.',
      retryAfterSeconds: 1,
    });
  }

  /** Throws QueryErrors with places in `sql`. Whoever prepares finalizes. */
  prepare(sql: string): SqliteStatement {
    const { capi, wasm } = this.#sqlite;
    const before = wasm.pstack.pointer;
    const [text, bytes] = wasm.allocCString(sql, true);
    try {
      const [out, tail] = [wasm.pstack.allocPtr(), wasm.pstack.allocPtr()];
      const result = capi.sqlite3_prepare_v3(this.#db, text, bytes, 0, out, tail);
      if (result !== capi.SQLITE_OK) throw this.#error(sql);
      const statement = new SqliteStatement(this.#sqlite, wasm.peekPtr(out), () => this.#error(sql));
      const rest = Buffer.from(sql).subarray(wasm.peekPtr(tail) - text);
      if (rest.toString().trim() === '') return statement;
      statement.finalize();
      throw new QueryError('multiple-statements', 'only one statement may be sent at a time', {
        hint: 'Send each statement as a query of its own.',
      });
    } finally {
      wasm.dealloc(text);
      wasm.pstack.restore(before);
    }
  }

  #connect(): void {
    const { capi, wasm } = this.#sqlite;
    const before = wasm.pstack.pointer;
    const out = wasm.pstack.allocPtr();
    const opened = capi.sqlite3_open_v2(DATABASE_NAME, out, capi.SQLITE_OPEN_READONLY, VFS_NAME);
    this.#db = wasm.peekPtr(out);
    wasm.pstack.restore(before);
    const settings = `pragma query_only = on; pragma trusted_schema = off; pragma hard_heap_limit = ${HEAP_BYTES}`;
    if (opened !== capi.SQLITE_OK || capi.sqlite3_exec(this.#db, settings, 0, 0, 0) !== capi.SQLITE_OK)
      throw new Error(capi.sqlite3_errmsg(this.#db));
    capi.sqlite3_limit(this.#db, capi.SQLITE_LIMIT_LENGTH, HEAP_BYTES / 4);
    // The full-text index reads `data_version`, by which it sees that the file changed.
    const isAllowed = (action: unknown, name: unknown): boolean =>
      ALLOWED.has(action) ||
      (action === ACTION.pragma && (name === 'data_version' || (this.isOurs && name === 'table_xinfo')));
    const decide = (_user: number, ...action: (number | string)[]): number => {
      this.onAction?.(...action);
      return isAllowed(action[0], action[1]) ? 0 : 1;
    };
    capi.sqlite3_set_authorizer(this.#db, decide, 0);
    capi.sqlite3_progress_handler(this.#db, STEPS_BETWEEN_LOOKS, () => (this.#interrupted() ? 1 : 0), 0);
  }

  /** A WAL or a journal beside the file holds changes that only a writer can bring into it. */
  #refuseUnfinished(): void {
    for (const [suffix, what] of [
      ['-wal', 'changes that are not in it yet (run `pragma wal_checkpoint(truncate)` where it is written)'],
      ['-journal', 'an unfinished change (open it where it is written, which ends that)'],
    ] as const) {
      const { size = 0 } = statSync(this.#path + suffix, { throwIfNoEntry: false }) ?? {};
      if (size > 0) throw new Error(`the file has ${what} in its ${suffix} file`);
    }
  }

  /** An empty file is an empty database. */
  #refuseOther(): void {
    const head = Buffer.alloc(MAGIC.length);
    const read = readSync(this.#fileDescriptor, head, 0, head.length, 0);
    if (read > 0 && head.toString('latin1') !== MAGIC) throw new Error('the file is no SQLite database');
  }

  #error(sql: string): QueryError {
    const { capi } = this.#sqlite;
    const message = capi.sqlite3_errmsg(this.#db);
    return sqliteError(
      capi.sqlite3_extended_errcode(this.#db),
      message,
      sql,
      capi.sqlite3_error_offset(this.#db),
    );
  }
}

export class SqliteStatement {
  readonly #sqlite: Sqlite;
  readonly #pointer: number;
  readonly #error: () => QueryError;
  #isDone = false;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(sqlite: Sqlite, pointer: number, error: () => QueryError) {
    this.#sqlite = sqlite;
    this.#pointer = pointer;
    this.#error = error;
    if (pointer === 0) throw new QueryError('sql-syntax', 'there is no statement', { sqlPosition: 1 });
  }

  get parameterCount(): number {
    return this.#sqlite.capi.sqlite3_bind_parameter_count(this.#pointer);
  }

  get isExplain(): boolean {
    return this.#sqlite.capi.sqlite3_stmt_isexplain(this.#pointer) !== 0;
  }

  /** Columns with declared types only; `seenIn` adds what is known of the others. */
  columns(): readonly DatabaseColumn[] {
    const { capi } = this.#sqlite;
    return Array.from({ length: capi.sqlite3_column_count(this.#pointer) }, (_, index) => ({
      name: capi.sqlite3_column_name(this.#pointer, index),
      type: nativeType(capi.sqlite3_column_decltype(this.#pointer, index)),
    }));
  }

  /** Binds `$1`, `$2`, ...; those that the statement does not use are left out. */
  bind(values: readonly BoundValue[]): void {
    const { capi } = this.#sqlite;
    values.forEach((value, position) => {
      const index = capi.sqlite3_bind_parameter_index(this.#pointer, `$${position + 1}`);
      if (index === 0 || value === null) return; // a value that is not bound is null
      if (typeof value === 'bigint') capi.sqlite3_bind_int64(this.#pointer, index, value);
      else if (typeof value === 'number') capi.sqlite3_bind_double(this.#pointer, index, value);
      else this.#bindText(index, value);
    });
  }

  #bindText(index: number, value: string): void {
    const { wasm } = this.#sqlite;
    const [text, bytes] = wasm.allocCString(value, true);
    wasm.exports.sqlite3_bind_text(this.#pointer, index, text, bytes, TRANSIENT);
    wasm.dealloc(text);
  }

  /** Returns the next row, or null at the end. */
  step(): SqliteRow | null {
    const { capi } = this.#sqlite;
    if (this.#isDone) return null; // one more step would begin again
    const result = capi.sqlite3_step(this.#pointer);
    this.#isDone = result === capi.SQLITE_DONE;
    if (this.#isDone) return null;
    if (result !== capi.SQLITE_ROW) throw this.#error();
    const count = capi.sqlite3_column_count(this.#pointer);
    return Array.from({ length: count }, (_, index) => this.#value(index));
  }

  finalize(): void {
    this.#sqlite.capi.sqlite3_finalize(this.#pointer);
  }

  #value(index: number): SqliteValue | null {
    const { capi, wasm } = this.#sqlite;
    switch (CLASSES[capi.sqlite3_column_type(this.#pointer, index)]) {
      case 'integer':
        return capi.sqlite3_column_int64(this.#pointer, index);
      case 'real':
        return capi.sqlite3_column_double(this.#pointer, index);
      case 'text':
        return this.#textAt(wasm.exports.sqlite3_column_text(this.#pointer, index), index);
      case 'blob':
        return this.#bytesAt(capi.sqlite3_column_blob(this.#pointer, index), index).slice();
      default:
        return null;
    }
  }

  /** SQLite keeps whatever bytes it was given as text. */
  #textAt(at: number, index: number): string {
    try {
      return this.#text.decode(this.#bytesAt(at, index));
    } catch {
      const name = this.#sqlite.capi.sqlite3_column_name(this.#pointer, index);
      throw new QueryError('bad-value', `column ${name} holds a text that is not UTF-8`, {
        hint: `write hex(${name}) or cast(${name} as blob) in the SQL`,
      });
    }
  }

  #bytesAt(at: number, index: number): Uint8Array {
    const length = this.#sqlite.capi.sqlite3_column_bytes(this.#pointer, index);
    return this.#sqlite.wasm.heap8u().subarray(at, at + length);
  }
}
