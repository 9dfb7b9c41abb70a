/**
 * The pools of workers that a generation consists of, a row each. A new kind of worker is a new row here: its processes are
 * then started, watched, restarted, scaled, shown and stopped as those of the other rows.
 */
import { availableParallelism } from 'node:os';
import { databasesOf, filesOf } from '../../core/protocol/connection.ts';
import { MAX_POOL_SIZE } from '../../core/protocol/pool-sizes.ts';
import { dslConfig, sqlConfig } from '../children/configs.ts';
import { ORDINARY_LAUNCH } from '../children/launch-options.ts';
import type { PoolDefinition } from './definition.ts';

/** V8's old generation in a DSL worker, whose rows live in native memory. */
const DSL_HEAP_MB = 256;

export const POOL_TABLE: readonly PoolDefinition[] = [
  {
    role: 'sql',
    title: 'SQL workers',
    policy: 'prefork',
    maxSize: MAX_POOL_SIZE.sql,
    launch: { ...ORDINARY_LAUNCH, entry: 'workers/sql/worker.js' },
    config: sqlConfig,
    connections: ({ connections }) => databasesOf(connections),
    limits: ({ sql, limits }) => ({ ...sql, maxQueryMs: limits.maxTimeoutMs }),
    address: ({ config, runDir, workerId, pid }) => ({
      ...{ role: 'sql', workerId, pid, socketPath: runDir.socketPath(workerId) },
      slots: config.sql.connectionsPerProcess,
    }),
  },
  {
    role: 'dsl',
    title: 'DSL workers at once, at most',
    policy: 'leased',
    maxSize: MAX_POOL_SIZE.dsl,
    launch: {
      entry: 'workers/dsl/worker.js',
      heapMb: DSL_HEAP_MB,
      ...{ hasDataLimit: true, spills: true, sandboxed: true },
    },
    config: dslConfig,
    connections: ({ connections }) => filesOf(connections),
    limits: ({ dsl, monitor }) => ({
      ...dsl,
      startConcurrency: Math.max(2, availableParallelism()),
      deadlineGraceMs: monitor.termAfterMs,
    }),
    address: ({ runDir, workerId, pid }) => ({
      ...{ role: 'dsl', workerId, pid, socketPath: runDir.socketPath(workerId) },
      fifoPath: runDir.fifoPath(workerId),
    }),
  },
];
