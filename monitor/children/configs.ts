/** What each role gets of the configuration in its `init`, and how the server is told of the workers. Pure. */
import type { Config } from '../../core/config/config.ts';
import { dialectOf } from '../../core/config/connections.ts';
import { STANDARD_OUTPUT } from '../../core/logging/standard-output.ts';
import type { RunDir } from '../../core/process/run-dir.ts';
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import type { WorkerAddress } from '../../core/protocol/monitor.ts';
import type { ServerConfig } from '../../core/protocol/server-config.ts';
import type { SqlWorkerConfig } from '../../core/protocol/sql-worker.ts';
import type { ManagedChild } from './managed-child.ts';

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
    defaultConnection: config.defaultConnection,
    connectionNames: Object.keys(config.connections),
    dialects: Object.fromEntries(
      Object.entries(config.connections).map(([name, connection]) => [name, dialectOf(connection)]),
    ),
    allowFunctions: Object.fromEntries(
      Object.entries(config.connections).map(([name, { allowFunctions = [] }]) => [name, allowFunctions]),
    ),
    planner: config.planner,
    dsl: { reuse, maxQueriesPerWorker, max },
    logSocket,
    isLogStored: config.log.file !== STANDARD_OUTPUT,
    tracing: config.tracing,
  };
}

export function sqlConfig({ sql, connections }: Config, runDir: RunDir, workerId: string): SqlWorkerConfig {
  const { connectionsPerProcess, acquireTimeoutMs } = sql;
  return {
    socketPath: runDir.socketPath(workerId),
    connectionsPerProcess,
    acquireTimeoutMs,
    connections,
  };
}

export function dslConfig({ limits, dsl }: Config, runDir: RunDir, workerId: string): DslWorkerConfig {
  return {
    socketPath: runDir.socketPath(workerId),
    fifoPath: runDir.fifoPath(workerId),
    spillDir: runDir.spillDir(workerId),
    memoryBytes: limits.dslMemoryBytes,
    spillBytes: limits.dslSpillBytes,
    threads: dsl.threads,
  };
}

/** The workers as the server finds them; those that have no pid are gone in a moment. */
export function workerAddresses(
  { sql }: Config,
  runDir: RunDir,
  workers: readonly ManagedChild[],
): WorkerAddress[] {
  return workers.flatMap(({ workerId, pid, identity: { role } }): WorkerAddress[] => {
    if (pid === null) return [];
    const socketPath = runDir.socketPath(workerId);
    return role === 'sql'
      ? [{ role, workerId, pid, socketPath, slots: sql.connectionsPerProcess }]
      : [{ role: 'dsl', workerId, pid, socketPath, fifoPath: runDir.fifoPath(workerId) }];
  });
}
