/**
 * One DuckDB instance in memory, locked down before it sees a query: no files but the answer's pipe and the spill
 * directory, no extensions fetched, no setting changed. Between two queries it gets a new connection: temporary tables
 * and prepared statements go with the old one, and the compiler's statements leave nothing else behind. A whole new
 * instance would cost 50 ms of CPU for each query.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import { quoteText } from '../../language/dialects/duckdb/sql.ts';
import { registerInputFunction } from './chunks/input-function.ts';
import type { QueryInputs } from './inputs.ts';

export interface Engine {
  /** The inputs that the running query reads; null between queries. */
  inputs: QueryInputs | null;
  /** The connection of the running query; `renew` replaces it. */
  readonly connection: DuckDBConnection;
  /** Forgets the last query. */
  renew(): Promise<void>;
  close(): void;
}

/** The pipes at both ends of the engine. It touches that of the answer only. */
export interface EnginePipes {
  /** The paths of the inputs' sockets, by the index of the plan's input. */
  readonly inputs: readonly string[];
  readonly answer: string;
}

/** The rights of an engine besides computing: none unless a query reads files. */
export interface EngineAccess {
  /** Directories below which it may read, and prefixes of addresses, with a slash at the end. */
  readonly directories: readonly string[];
  /** SQL that loads its extensions. */
  readonly loading: string;
}

export async function createEngine(
  config: DslWorkerConfig,
  pipes: EnginePipes,
  { directories, loading }: EngineAccess = { directories: [], loading: '' },
): Promise<Engine> {
  const instance = await DuckDBInstance.create(':memory:', {
    // Bytes exactly: the engine's own units are decimal, and rounded.
    memory_limit: `${config.memoryBytes}B`,
    threads: String(config.threads),
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  let connection = await instance.connect();
  // The spill limit given as an option of the instance is shown, and not enforced; as a setting it holds.
  if (loading !== '') await connection.run(loading);
  await connection.run(`
    SET temp_directory = ${quoteText(config.spillDir)};
    SET max_temp_directory_size = '${config.spillBytes}B';
    SET allowed_paths = [${quoteText(pipes.answer)}];${allowed(directories)}
    SET GLOBAL TimeZone = 'UTC';
    SET enable_external_access = false;
    SET lock_configuration = true;
  `);
  const engine: Engine = {
    inputs: null,
    get connection() {
      return connection;
    },
    async renew() {
      connection.closeSync();
      connection = await instance.connect();
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
  registerInputFunction(connection, (index) => {
    if (engine.inputs === null) throw new Error('no query runs that has inputs');
    return engine.inputs.sourceOf(index);
  });
  return engine;
}

function allowed(directories: readonly string[]): string {
  if (directories.length === 0) return '';
  return ` SET allowed_directories = [${directories.map(quoteText).join(', ')}];`;
}
