/**
 * Everything of a SQL worker but its process: session pools, one a registered connection, and the calls that use them.
 * A call takes one session, runs one exchange (copy-to: one more for parameter types not yet known), and gives
 * the session back; the pool replaces the sessions that did not come back as they were.
 */
import type { Log } from '../../logger/log.ts';
import { QueryError } from '../errors.ts';
import type { CallControl } from './call-control.ts';
import { CallServer } from './call-server.ts';
import type { SqlCall } from './caller.ts';
import { openSession } from './connect.ts';
import { copyToFifo } from './copy-to.ts';
import { describeStatement } from './describe.ts';
import type { SqlPhases, SqlWorkerConfig } from './messages.ts';
import type { TypeNames } from './parameter-types.ts';
import { type ByteSink, runStatement } from './run-sql.ts';
import type { Session } from './session.ts';
import { SessionPool } from './session-pool.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** Closing sessions is a courtesy to the database: the process exits anyway. */
const CLOSE_TIMEOUT_MS = 1500;

export interface SqlServiceOptions {
  readonly config: SqlWorkerConfig;
  readonly workerId: string;
  readonly log: Log;
}

export interface SqlService {
  /** Resolves when it listens and every pool is warm, or known to have no database for now. */
  start(): Promise<void>;
  stop(graceMs: number): Promise<void>;
  /** Statements run, successfully or not; describes are not counted. */
  queriesServed(): number;
}

interface Connection {
  readonly pool: SessionPool;
  readonly typeNames: TypeNames;
}

export function createSqlService({ config, workerId, log }: SqlServiceOptions): SqlService {
  const connections = new Map<string, Connection>();
  for (const [name, { url }] of Object.entries(config.connections))
    connections.set(name, {
      typeNames: new Map(),
      pool: new SessionPool({
        name,
        log,
        size: config.connectionsPerProcess,
        acquireTimeoutMs: config.acquireTimeoutMs,
        open: () => openSession({ url, workerId, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
      }),
    });
  let served = 0;

  function connectionOf(call: SqlCall): Connection {
    const connection = connections.get(call.connection);
    if (connection !== undefined) return connection;
    throw new QueryError('unknown-connection', `there is no connection "${call.connection}"`, {
      suggestions: [...connections.keys()],
    });
  }

  async function handle(call: SqlCall, sink: ByteSink, control: CallControl): Promise<unknown> {
    const { pool, typeNames } = connectionOf(call);
    if (call.type !== 'describe') served++;
    const startedAt = performance.now();
    const session = await pool.acquire(control.signal);
    const acquiredAt = performance.now();
    try {
      const value = await runOn(session, call, typeNames, sink, control);
      const phases: SqlPhases = {
        acquireMs: acquiredAt - startedAt,
        sqlMs: performance.now() - acquiredAt,
      };
      return call.type === 'describe' ? value : { ...value, phases };
    } finally {
      pool.release(session);
    }
  }

  const server = new CallServer(handle, log);

  return {
    async start() {
      await Promise.all([...connections.values()].map(({ pool }) => pool.warm()));
      await server.listen(config.socketPath);
    },
    async stop(graceMs) {
      await server.stop(graceMs);
      const closing = Promise.all([...connections.values()].map(({ pool }) => pool.close()));
      await Promise.race([closing, timeout(CLOSE_TIMEOUT_MS)]);
    },
    queriesServed: () => served,
  };
}

function runOn(
  session: Session,
  call: SqlCall,
  typeNames: TypeNames,
  sink: ByteSink,
  control: CallControl,
): Promise<object> {
  switch (call.type) {
    case 'describe':
      return describeStatement(session, call, control);
    case 'run-sql':
      return runStatement(session, call, sink, control);
    case 'copy-to':
      return copyToFifo(session, call, typeNames, control);
    default:
      return call satisfies never;
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
