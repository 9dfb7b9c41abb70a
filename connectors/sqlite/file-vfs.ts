/**
 * The only way from SQLite to a file: a VFS with one file in it, open for reading. SQLite is compiled to WebAssembly here and
 * reaches nothing else of the machine: not another file, a directory, or a library.
 *
 * Node has no file locks, so what writes the file meanwhile is found afterwards: `stamp` says what the file was like.
 */
import { fstatSync, readSync, statSync } from 'node:fs';
import { type Sqlite, vfsTools } from './wasm.ts';

export const DATABASE_NAME = '/database';
export const VFS_NAME = 'one-file';
/** Bytes 18 and 19 of a file say that it is written with a WAL (2) or a rollback journal (1). */
const FORMAT_AT = 18;
const ROLLBACK_FORMAT = 1;

/** Changes with every change of the file or of what writers keep beside it. */
export function stampOf(path: string): string {
  return ['', '-journal', '-wal'].map((suffix) => stampOfOne(path + suffix)).join(' ');
}

function stampOfOne(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

/** Registers the VFS, which reads from whatever `fileDescriptor` says at the time. */
export function installFileVfs(sqlite: Sqlite, fileDescriptor: () => number): void {
  const { capi, wasm } = sqlite;
  const { capi: structs, vfs: tools } = vfsTools(sqlite);
  const io = new structs.sqlite3_io_methods();
  const vfs = new structs.sqlite3_vfs();
  const usual = new structs.sqlite3_vfs(capi.sqlite3_vfs_find(null));
  io.$iVersion = 1;
  Object.assign(vfs, { $iVersion: 1, $szOsFile: structs.sqlite3_file.structInfo.sizeof, $mxPathname: 64 });
  Object.assign(vfs, { $xRandomness: usual.$xRandomness, $xSleep: usual.$xSleep });
  const done = (): number => 0;
  const refused = (): number => capi.SQLITE_READONLY;
  const poke = (at: number, value: number): number => {
    wasm.poke32(at, value);
    return 0;
  };
  tools.installVfs({
    io: {
      struct: io,
      methods: {
        xClose: done,
        xRead(_file: number, to: number, length: number, offset: bigint) {
          const target = wasm.heap8u().subarray(to, to + length);
          const read = readSync(fileDescriptor(), target, 0, length, Number(offset));
          // There is no WAL to be read (database.ts sees to it), and none could be shared with writers.
          if (offset === 0n && read > FORMAT_AT + 1) target.fill(ROLLBACK_FORMAT, FORMAT_AT, FORMAT_AT + 2);
          if (read === length) return 0;
          target.fill(0, read);
          return capi.SQLITE_IOERR_SHORT_READ;
        },
        xFileSize(_file: number, out: number) {
          wasm.poke64(out, BigInt(fstatSync(fileDescriptor()).size));
          return 0;
        },
        ...{ xWrite: refused, xTruncate: refused, xSync: done, xLock: done, xUnlock: done },
        xCheckReservedLock: (_file: number, out: number) => poke(out, 0),
        xFileControl: () => capi.SQLITE_NOTFOUND,
        xSectorSize: () => 4096,
        xDeviceCharacteristics: () => capi.SQLITE_IOCAP_IMMUTABLE,
      },
    },
    vfs: {
      struct: vfs,
      name: VFS_NAME,
      methods: {
        xOpen(_vfs: number, name: number, file: number, _flags: number, out: number) {
          if (name === 0 || wasm.cstrToJs(name) !== DATABASE_NAME) return capi.SQLITE_CANTOPEN;
          const opened = new structs.sqlite3_file(file);
          opened.$pMethods = io.pointer;
          opened.dispose();
          return out === 0 ? 0 : poke(out, capi.SQLITE_OPEN_READONLY);
        },
        xAccess: (_vfs: number, _name: number, _flags: number, out: number) => poke(out, 0),
        xDelete: refused,
        xFullPathname: (_vfs: number, name: number, size: number, out: number) =>
          wasm.cstrncpy(out, name, size) < size ? 0 : capi.SQLITE_CANTOPEN,
        xGetLastError: done,
        xCurrentTime(_vfs: number, out: number) {
          wasm.poke(out, 2440587.5 + Date.now() / 86_400_000, 'double');
          return 0;
        },
      },
    },
  });
}
