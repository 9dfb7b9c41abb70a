/** The context that the steps of one query over files share, and the facts that a worker remembers between queries. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileTree } from '../../../connectors/files/file-tree.ts';
import { LocalTree } from '../../../connectors/files/local-tree.ts';
import type { ExtensionName } from '../../../core/process/engine-extensions.ts';
import type { FilesConnection } from '../../../core/protocol/connection.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { FactCache } from './fact-cache.ts';

export interface ScanContext {
  /** The connection to an engine that may open files below the roots of the query's connections. */
  readonly connection: DuckDBConnection;
  readonly memory: ScanMemory;
  /** Returns the files below the root of a connection. */
  treeOf(connection: FilesConnection): FileTree;
  /** A directory of this worker's own, for files in the encoding that the engine reads. */
  readonly textDir: string;
  /** The most bytes of such files. */
  readonly textBytes: number;
  /** The longest line of a text file. */
  readonly maxLineBytes: number;
  /** The extensions that the engine has loaded. */
  readonly extensions: ReadonlySet<ExtensionName>;
  /** Throws when the query has ended. */
  check(): void;
}

export interface EngineColumn {
  readonly name: string;
  /** The engine's name for the type. */
  readonly type: string;
  /** The item of a SELECT that reads it; left out: its name. */
  readonly item?: string;
  /** SQL that is true for values that make that item an error. */
  readonly refusedWhere?: string;
}

export interface CsvFacts {
  readonly columns: readonly Column[];
  readonly newLine: '\n' | '\r\n';
}

/** Facts about files, all of which are checked against the files as they are now before they count. */
export class ScanMemory {
  readonly parquet = new FactCache<ParquetFacts>(50_000);
  readonly parquetColumns = new FactCache<readonly EngineColumn[]>(1000);
  readonly csv = new FactCache<CsvFacts>(1000);
  readonly excel = new FactCache<readonly Column[]>(1000);
  readonly json = new FactCache<readonly EngineColumn[]>(1000);
  readonly #trees = new Map<string, LocalTree>();

  /** Returns the files below a directory of this machine. */
  treeOf(root: string): LocalTree {
    const fresh = new LocalTree(root);
    const known = this.#trees.get(root);
    // A root that is a link may lead elsewhere by now.
    if (known !== undefined && known.root === fresh.root) return known;
    this.#trees.set(root, fresh);
    return fresh;
  }
}

export interface ParquetFacts {
  /** Equal for files of the same columns and types. */
  readonly schema: string;
  /** The columns that the engine would not read exactly, each with the reason. */
  readonly refused: ReadonlyMap<string, string>;
  /** The columns of the type INT96 that may have digits below a microsecond. */
  readonly int96: readonly string[];
}

/** Runs a statement and returns its rows as values of JavaScript. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows() as unknown[][];
}
