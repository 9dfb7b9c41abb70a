/** The slice of the configuration that each role gets in its `init`. Pure. */
import type { Config } from '../../core/config/config.ts';
import { STANDARD_OUTPUT } from '../../core/logging/standard-output.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import {
  type ConnectionConfig,
  DIALECT_OF_KIND,
  databasesOf,
  filesOf,
} from '../../core/protocol/connection.ts';
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import type { ServerConfig, ServerConnections } from '../../core/protocol/server-config.ts';
import type { SqlWorkerConfig } from '../../core/protocol/sql-worker.ts';

/** The worker whose configuration or address is asked for. */
export interface WorkerPlace {
  readonly config: Config;
  readonly runDir: RunDir;
  readonly workerId: string;
}

export function serverConfig(
  config: Config,
  { host, port }: { readonly host: string; readonly port: number },
  { logSocket }: RunDir,
): ServerConfig {
  const { reuse, maxQueriesPerWorker, max } = config.dsl;
  return {
    host,
    port,
    limits: config.limits,
    gate: {
      hostNames: [...config.access.hostNames, config.listen.host],
      corsOrigins: config.cors.origins,
      trustedProxies: config.access.trustedProxies,
    },
    auth: {
      keysFile: config.access.keysFile,
      jwt: config.access.jwt,
      policy: config.access.policy,
    },
    encryption: config.encryption,
    ...serverConnections(config),
    planner: config.planner,
    dsl: { reuse, maxQueriesPerWorker, max },
    logSocket,
    isLogStored: config.log.file !== STANDARD_OUTPUT,
    tracing: config.tracing,
    store: config.store,
  };
}

export function serverConnections({ connections, defaultConnection }: Config): ServerConnections {
  return {
    defaultConnection,
    connectionNames: Object.keys(connections),
    dialects: Object.fromEntries(
      Object.entries(connections).map(([name, connection]) => [name, DIALECT_OF_KIND[connection.kind]]),
    ),
    allowFunctions: Object.fromEntries(
      Object.entries(connections).map(([name, connection]) => [name, allowedFunctions(connection)]),
    ),
  };
}

export function sqlConfig({ config, runDir, workerId }: WorkerPlace): SqlWorkerConfig {
  const { sql, connections } = config;
  const { connectionsPerProcess, acquireTimeoutMs } = sql;
  return {
    socketPath: runDir.socketPath(workerId),
    connectionsPerProcess,
    acquireTimeoutMs,
    connections: databasesOf(connections),
  };
}

export function dslConfig({ config, runDir, workerId }: WorkerPlace): DslWorkerConfig {
  const { limits, dsl, connections } = config;
  return {
    socketPath: runDir.socketPath(workerId),
    fifoPath: runDir.fifoPath(workerId),
    spillDir: runDir.spillDir(workerId),
    memoryBytes: limits.dslMemoryBytes,
    spillBytes: limits.dslSpillBytes,
    threads: dsl.threads,
    files: filesOf(connections),
  };
}

function allowedFunctions(connection: ConnectionConfig): readonly string[] {
  return ('allowFunctions' in connection && connection.allowFunctions) || [];
}
