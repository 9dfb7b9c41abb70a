/** The connector for PostgreSQL: its connections and sessions, in the form that SQL workers use. */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { PostgresConnection } from '../../core/protocol/connection.ts';
import type {
  CopyToCall,
  DescribeCall,
  DescribeReply,
  FactsCall,
  FactsReply,
  IntrospectCall,
  IntrospectReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import type { CallControl } from '../kit/call-control.ts';
import type {
  ByteSink,
  ChangeHearer,
  ConnectFailure,
  Connection,
  ConnectionOptions,
  Connector,
  CopySummary,
  Finding,
  OpenedSession,
  Session,
} from '../kit/connector.ts';
import { applicationName, type ConnectOptions, openPlainClient, openSession } from './connect.ts';
import { copyToInput } from './copy-to.ts';
import { describeStatement } from './describe.ts';
import { connectFailure } from './errors.ts';
import { readFacts } from './facts.ts';
import { roleFindings, roleNotices, unreachableNotice } from './guard/role-notices.ts';
import { isTooPowerful, PowerfulRoleError } from './guard/role-rights.ts';
import { hearChanges } from './hear-changes.ts';
import { readTables } from './introspect.ts';
import { runStatement } from './run-sql.ts';
import type { WireSession } from './wire-session.ts';

export const POSTGRES_CONNECTOR: Connector<PostgresConnection> = {
  kind: 'postgres',
  connect: (config, options) => new OpenPostgres(config, options),
};

class OpenPostgres implements Connection {
  readonly #config: PostgresConnection;
  readonly #options: ConnectionOptions;
  readonly #shared: SharedBySessions;

  constructor(config: PostgresConnection, options: ConnectionOptions) {
    this.#config = config;
    this.#options = options;
    const { allowFunctions = [] } = config;
    this.#shared = { workerId: options.workerId, allowedFunctions: allowFunctions };
  }

  async open(): Promise<OpenedSession> {
    const { session, role } = await this.#open();
    if (isTooPowerful(role) && this.#config.allowPowerfulRole !== true) {
      await session.end();
      throw new PowerfulRoleError(role);
    }
    return { session: new PostgresSession(session, this.#shared), notices: roleNotices(role) };
  }

  failureOf(thrown: unknown): ConnectFailure {
    const error = connectFailure(this.#options.name, thrown);
    return { error, notice: unreachableNotice(this.#options.name, thrown, error) };
  }

  async examine(): Promise<readonly Finding[]> {
    const { session, role } = await this.#open();
    await session.end();
    return roleFindings(role, this.#config.allowPowerfulRole === true);
  }

  async hearChanges(hearer: ChangeHearer, control: CallControl): Promise<never> {
    return await hearChanges(await openPlainClient(this.#connectOptions()), hearer, control);
  }

  #open(): ReturnType<typeof openSession> {
    return openSession(this.#connectOptions());
  }

  #connectOptions(): ConnectOptions {
    const { workerId, connectTimeoutMs } = this.#options;
    const { url, guardsAddress = false } = this.#config;
    return { url, workerId, connectTimeoutMs, guardsAddress };
  }
}

interface SharedBySessions {
  readonly workerId: string;
  readonly allowedFunctions: readonly string[];
}

class PostgresSession implements Session {
  readonly #wire: WireSession;
  readonly #shared: SharedBySessions;

  constructor(wire: WireSession, shared: SharedBySessions) {
    this.#wire = wire;
    this.#shared = shared;
  }

  get usable(): boolean {
    return this.#wire.usable;
  }

  onDead(callback: () => void): void {
    this.#wire.onDead(callback);
  }

  describe(call: DescribeCall, control: CallControl): Promise<DescribeReply> {
    return describeStatement(this.#wire, call, this.#shared.allowedFunctions, this.#named(call, control));
  }

  run(call: RunSqlCall, sink: ByteSink, control: CallControl): Promise<AnswerSummary> {
    return runStatement(this.#wire, call, this.#shared.allowedFunctions, sink, this.#named(call, control));
  }

  copyTo(call: CopyToCall, control: CallControl): Promise<CopySummary> {
    return copyToInput(this.#wire, call, this.#shared.allowedFunctions, this.#named(call, control));
  }

  introspect(call: IntrospectCall, control: CallControl): Promise<IntrospectReply> {
    return readTables(this.#wire, call, this.#named(call, control));
  }

  facts(call: FactsCall, control: CallControl): Promise<FactsReply> {
    return readFacts(this.#wire, call, this.#named(call, control));
  }

  end(): Promise<void> {
    return this.#wire.end();
  }

  /** Adds the name of the session for a traced call, so that the database's views and log show the trace. */
  #named({ traceId }: { readonly traceId?: string | null }, control: CallControl): CallControl {
    if (traceId === undefined || traceId === null) return control;
    return { ...control, applicationName: applicationName(this.#shared.workerId, traceId) };
  }
}
