/** The slice of the configuration that each role gets in its `init`. Pure. */
import { dirname } from 'node:path';
import type { Config } from '../../core/config/config.ts';
import { roleLoginsIn } from '../../core/config/role-logins.ts';
import { STANDARD_OUTPUT } from '../../core/logging/standard-output.ts';
import { resultsDir } from '../../core/process/results-dir.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import {
  type ConfiguredConnection,
  DIALECT_OF_KIND,
  databasesOf,
  filesOf,
} from '../../core/protocol/connection.ts';
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import type { ResultsConfig } from '../../core/protocol/results-config.ts';
import type { ServerConfig, ServerConnections } from '../../core/protocol/server-config.ts';
import type { SqlWorkerConfig } from '../../core/protocol/sql-worker.ts';
import { stateFilePath } from '../sweep/state-file.ts';
import { connectionVersion } from './connection-version.ts';

/** The worker whose configuration or address is asked for. */
export interface WorkerPlace {
  readonly config: Config;
  readonly runDir: RunDir;
  readonly workerId: string;
}

/** The socket of the port is descriptor 4; unix sockets follow. */
const FIRST_LOCAL_FD = 5;

export function serverConfig(
  config: Config,
  { host, port, locals }: { readonly host: string; readonly port: number; readonly locals: number },
  { logSocket }: RunDir,
): ServerConfig {
  const { reuse, maxQueriesPerWorker, max } = config.dsl;
  return {
    host,
    port,
    limits: config.limits,
    tls: config.tls,
    gate: {
      hostNames: [...config.access.hostNames, config.listen.host],
      corsOrigins: config.cors.origins,
      trustedProxies: config.access.trustedProxies,
    },
    auth: {
      keysFile: config.access.keysFile,
      jwt: config.access.jwt,
      certificates: config.tls?.clientCaFile != null,
      proxy: config.access.proxy,
      policy: config.access.policy,
    },
    encryption: config.encryption,
    audit: config.audit,
    ...serverConnections(config),
    planner: config.planner,
    dsl: { reuse, maxQueriesPerWorker, max },
    localFds: Array.from({ length: locals }, (_, index) => FIRST_LOCAL_FD + index),
    logSocket,
    isLogStored: config.log.file !== STANDARD_OUTPUT,
    tracing: config.tracing,
    results: resultsConfig(config),
    store: config.store,
  };
}

export function serverConnections({
  connections,
  defaultConnection,
  storedConnections,
}: Config): ServerConnections {
  return {
    defaultConnection,
    connectionNames: Object.keys(connections),
    storedConnections,
    dialects: Object.fromEntries(
      Object.entries(connections).map(([name, connection]) => [name, DIALECT_OF_KIND[connection.kind]]),
    ),
    allowFunctions: Object.fromEntries(
      Object.entries(connections).map(([name, connection]) => [name, allowedFunctions(connection)]),
    ),
    versions: Object.fromEntries(
      Object.entries(connections).map(([name, connection]) => [name, connectionVersion(connection)]),
    ),
    roleLogins: roleLoginsIn(connections),
    remoteConnections: Object.entries(connections).flatMap(([name, connection]) =>
      connection.kind === 'files' && connection.store !== undefined ? [name] : [],
    ),
  };
}

function resultsConfig({ dataDir, results, cache, jobs }: Config): ResultsConfig | null {
  if (cache.mode === 'off' && jobs.mode === 'off') return null;
  const { mode: cacheMode, ...cacheOptions } = cache;
  const { mode: jobsMode, ...jobsOptions } = jobs;
  return {
    ...results,
    dir: resultsDir(dataDir),
    cache: cacheMode === 'off' ? null : cacheOptions,
    jobs: jobsMode === 'off' ? null : jobsOptions,
  };
}

export function sqlConfig({ config, runDir, workerId }: WorkerPlace): SqlWorkerConfig {
  const { sql, connections } = config;
  const { connectionsPerProcess, acquireTimeoutMs, roleIdleMs } = sql;
  return {
    socketPath: runDir.socketPath(workerId),
    connectionsPerProcess,
    acquireTimeoutMs,
    roleIdleMs,
    stateDir: dirname(stateFilePath(config.dataDir)),
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
    extensionDir: dsl.extensionDirectory,
    files: filesOf(connections),
  };
}

function allowedFunctions(connection: ConfiguredConnection): readonly string[] {
  return ('allowFunctions' in connection && connection.allowFunctions) || [];
}
