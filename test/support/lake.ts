/** Directories of files for tests, written by an engine of the test's own, by hand, and byte by byte. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export interface Lake {
  readonly root: string;
  /** Runs SQL of the engine; `$ROOT` in it is the root. */
  run(sql: string): Promise<void>;
  /** Writes a file and returns its path. */
  write(path: string, content: string | Uint8Array): string;
  at(path: string): string;
  close(): void;
}

export async function createLake(): Promise<Lake> {
  const root = mkdtempSync(join(tmpdir(), 'forkline-lake-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection: DuckDBConnection = await instance.connect();
  const at = (path: string): string => join(root, path);
  return {
    root,
    at,
    async run(sql) {
      await connection.run(sql.replaceAll('$ROOT', root));
    },
    write(path, content) {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), content);
      return at(path);
    },
    close() {
      connection.closeSync();
      instance.closeSync();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
