/** SQLite itself, compiled to WebAssembly by its own project, as far as it is used here: the package's types differ from what it does. */
import init from '@sqlite.org/sqlite-wasm';

type Pointer = number;
type Result = number;

interface Struct {
  readonly pointer: Pointer;
  dispose(): void;
  [member: `$${string}`]: unknown;
}

type StructType = { new (at?: Pointer): Struct; readonly structInfo: { readonly sizeof: number } };

type Constant =
  | 'OK'
  | 'ROW'
  | 'DONE'
  | 'READONLY'
  | 'CANTOPEN'
  | 'NOTFOUND'
  | 'INTERRUPT'
  | 'IOERR_SHORT_READ';

export interface Sqlite {
  readonly capi: { readonly [C in Constant as `SQLITE_${C}`]: Result } & {
    readonly SQLITE_OPEN_READONLY: number;
    readonly SQLITE_IOCAP_IMMUTABLE: number;
    readonly SQLITE_LIMIT_LENGTH: number;
    readonly sqlite3_file: StructType;
    readonly sqlite3_vfs: StructType;
    readonly sqlite3_io_methods: StructType;
    sqlite3_vfs_find(name: null): Pointer;
    sqlite3_open_v2(name: string, out: Pointer, flags: number, vfs: string): Result;
    sqlite3_close_v2(db: Pointer): Result;
    sqlite3_exec(db: Pointer, sql: string, callback: 0, argument: 0, message: 0): Result;
    sqlite3_limit(db: Pointer, which: number, value: number): number;
    sqlite3_set_authorizer(
      db: Pointer,
      decide: (user: Pointer, ...action: (number | string)[]) => number,
      user: 0,
    ): Result;
    sqlite3_progress_handler(db: Pointer, operations: number, stop: () => number, user: 0): void;
    sqlite3_extended_errcode(db: Pointer): Result;
    sqlite3_errmsg(db: Pointer): string;
    sqlite3_error_offset(db: Pointer): number;
    sqlite3_prepare_v3(
      db: Pointer,
      sql: Pointer,
      bytes: number,
      flags: 0,
      out: Pointer,
      tail: Pointer,
    ): Result;
    sqlite3_step(statement: Pointer): Result;
    sqlite3_finalize(statement: Pointer): Result;
    sqlite3_stmt_isexplain(statement: Pointer): number;
    sqlite3_bind_parameter_count(statement: Pointer): number;
    sqlite3_bind_parameter_index(statement: Pointer, name: string): number;
    sqlite3_bind_int64(statement: Pointer, index: number, value: bigint): Result;
    sqlite3_bind_double(statement: Pointer, index: number, value: number): Result;
    sqlite3_column_count(statement: Pointer): number;
    sqlite3_column_name(statement: Pointer, index: number): string;
    sqlite3_column_decltype(statement: Pointer, index: number): string | null;
    sqlite3_column_type(statement: Pointer, index: number): number;
    sqlite3_column_int64(statement: Pointer, index: number): bigint;
    sqlite3_column_double(statement: Pointer, index: number): number;
    sqlite3_column_bytes(statement: Pointer, index: number): number;
    sqlite3_column_blob(statement: Pointer, index: number): Pointer;
  };
  readonly wasm: {
    /** Functions as they are exported: a text is a pointer. */
    readonly exports: {
      sqlite3_column_text(statement: Pointer, index: number): Pointer;
      sqlite3_bind_text(statement: Pointer, index: number, text: Pointer, bytes: number, how: number): Result;
    };
    heap8u(): Uint8Array;
    poke32(at: Pointer, value: number): void;
    poke64(at: Pointer, value: bigint): void;
    poke(at: Pointer, value: number, type: 'double'): void;
    peekPtr(at: Pointer): Pointer;
    cstrToJs(at: Pointer): string;
    cstrncpy(to: Pointer, from: Pointer, bytes: number): number;
    allocCString(text: string, withLength: true): [Pointer, number];
    dealloc(at: Pointer): void;
    readonly pstack: { readonly pointer: Pointer; restore(pointer: Pointer): void; allocPtr(): Pointer };
  };
  readonly vfs: {
    installVfs(
      parts: Readonly<Record<'io' | 'vfs', { struct: Struct; name?: string; methods: object }>>,
    ): void;
  };
}

export async function loadSqlite(): Promise<Sqlite> {
  return (await init()) as unknown as Sqlite;
}
