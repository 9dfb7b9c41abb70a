/** SQLite itself, compiled to WebAssembly by its own project. The package's types of what a VFS is made of differ from what it does. */
import init, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';

export type Sqlite = Sqlite3Static;

interface Struct {
  readonly pointer: number;
  dispose(): void;
  [member: `$${string}`]: unknown;
}

type StructType = { new (at?: number): Struct; readonly structInfo: { readonly sizeof: number } };

interface VfsTools {
  readonly capi: Readonly<Record<'sqlite3_file' | 'sqlite3_vfs' | 'sqlite3_io_methods', StructType>>;
  readonly vfs: {
    installVfs(
      parts: Readonly<Record<'io' | 'vfs', { struct: Struct; name?: string; methods: object }>>,
    ): void;
  };
}

export function vfsTools(sqlite: Sqlite): VfsTools {
  return sqlite as unknown as VfsTools;
}

export function loadSqlite(): Promise<Sqlite> {
  return init();
}
