/**
 * A SQL worker without its process: a pool of sessions for each configured connection, and the calls that use them. A call
 * takes a session, runs one exchange (copy-to runs another one for parameter types that are not known yet), and gives the
 * session back; the pool replaces sessions that are no longer usable.
 */
import type { CallControl } from '../../connectors/kit/call-control.ts';
import type { ByteSink, Session } from '../../connectors/kit/connector.ts';
import { connectionOf } from '../../connectors/registry.ts';
import type { Log } from '../../core/logging/log.ts';
import { hasRoles, type ServedConnection } from '../../core/protocol/connection.ts';
import type { UnreachableConnection } from '../../core/protocol/monitor.ts';
import type { SqlPhases, SqlWorkerCalls, SqlWorkerConfig } from '../../core/protocol/sql-worker.ts';
import { CallServer } from './call-server.ts';
import type { SqlCall } from './caller.ts';
import { ChangeHearings } from './change-hearings.ts';
import { ConnectionBook, type ConnectionSessions } from './connection-book.ts';
import { RoleSessions } from './role-sessions.ts';
import { SessionPool } from './session-pool.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** The time for closing sessions in order. It is short, since the process exits anyway. */
const CLOSE_TIMEOUT_MS = 1500;

export interface SqlServiceOptions {
  readonly config: SqlWorkerConfig;
  readonly workerId: string;
  readonly log: Log;
}

type SqlReply = SqlWorkerCalls[keyof SqlWorkerCalls]['reply'];

export class SqlService {
  readonly #config: SqlWorkerConfig;
  readonly #workerId: string;
  readonly #log: Log;
  readonly #book = new ConnectionBook((name, connection) => this.#sessionsOf(name, connection));
  readonly #hearings = new ChangeHearings((name) => this.#book.connectionOf(name));
  readonly #server: CallServer;
  #served = 0;

  constructor({ config, workerId, log }: SqlServiceOptions) {
    this.#config = config;
    this.#workerId = workerId;
    this.#log = log;
    this.#server = new CallServer((call, sink, control) => this.#handle(call, sink, control), log);
  }

  /** Resolves when the worker listens, and every pool is warm or has failed to reach its database. */
  async start(): Promise<void> {
    await this.#book.change(this.#config.connections);
    await this.#server.listen(this.#config.socketPath);
  }

  async #sessionsOf(name: string, config: ServedConnection): Promise<ConnectionSessions> {
    const { connectionsPerProcess: size, acquireTimeoutMs, roleIdleMs: idleMs } = this.#config;
    const options = {
      ...{ name, workerId: this.#workerId, connectTimeoutMs: CONNECT_TIMEOUT_MS },
      stateDir: this.#config.stateDir,
    };
    const shared = { name, size, acquireTimeoutMs, log: this.#log };
    if (!hasRoles(config))
      return new SessionPool({ ...shared, connection: await connectionOf(config, options) });
    const opened = Object.entries(config.roles).map(
      async ([role, login]) => [role, await connectionOf(login, options)] as const,
    );
    return new RoleSessions({ ...shared, idleMs, connections: new Map(await Promise.all(opened)) });
  }

  async stop(graceMs: number): Promise<void> {
    await this.#server.stop(graceMs);
    await Promise.race([this.#book.close(), timeout(CLOSE_TIMEOUT_MS)]);
  }

  /** Replaces the connections. Resolves when calls use them, with the new ones that could not be reached. */
  async changeConnections(connections: SqlWorkerConfig['connections']): Promise<UnreachableConnection[]> {
    const unreachable = await this.#book.change(connections);
    this.#hearings.endOutdated();
    return unreachable;
  }

  /** Returns the number of statements run, successfully or not; describes are not counted. */
  queriesServed(): number {
    return this.#served;
  }

  async #handle(call: SqlCall, sink: ByteSink, control: CallControl): Promise<unknown> {
    if (call.type === 'hear-changes') return this.#hearings.hear(call.connection, sink, control);
    const pool = this.#book.get(call.connection, call.role ?? null);
    if (call.type !== 'describe') this.#served++;
    const startedAt = performance.now();
    const session = await pool.acquire(control.cancellation);
    const acquiredAt = performance.now();
    try {
      const phases = (): SqlPhases => ({
        acquireMs: acquiredAt - startedAt,
        sqlMs: performance.now() - acquiredAt,
      });
      return await runOn(session, call, sink, control, phases);
    } finally {
      pool.release(session);
    }
  }
}

/** Runs a call on a session. Replies are written out member by member: a spread takes a microsecond more and makes garbage. */
async function runOn(
  session: Session,
  call: Exclude<SqlCall, { type: 'hear-changes' }>,
  sink: ByteSink,
  control: CallControl,
  phases: () => SqlPhases,
): Promise<SqlReply> {
  switch (call.type) {
    case 'describe':
      return session.describe(call, control);
    case 'run-sql': {
      const { rows, bytes, complete } = await session.run(call, sink, control);
      return { rows, bytes, complete, phases: phases() };
    }
    case 'copy-to': {
      const { rows, bytes, readerClosed } = await session.copyTo(call, control);
      return { rows, bytes, readerClosed, phases: phases() };
    }
    case 'introspect':
      return session.introspect(call, control);
    case 'facts':
      return session.facts(call, control);
    case 'explain':
      return session.explain?.(call, control) ?? { plan: null };
    default:
      return call satisfies never;
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
