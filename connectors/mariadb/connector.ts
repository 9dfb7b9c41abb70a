/** MariaDB as a kind of database: its connections and sessions, in the shape that SQL workers know. */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { MariadbConnection } from '../../core/protocol/connection.ts';
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
  ConnectFailure,
  Connection,
  ConnectionOptions,
  Connector,
  CopySummary,
  Finding,
  OpenedSession,
  Session,
} from '../kit/connector.ts';
import { type OpenedWire, openSession } from './connect.ts';
import { copyToFifo } from './copy-to.ts';
import { describeStatement } from './describe.ts';
import { connectFailure } from './errors.ts';
import { readFacts } from './facts.ts';
import { PowerfulUserError, rightsFindings, rightsNotices } from './guard/user-rights.ts';
import { readTables } from './introspect.ts';
import { runStatement } from './run-sql.ts';
import { readUrl } from './url.ts';
import type { WireSession } from './wire-session.ts';

export const MARIADB_CONNECTOR: Connector<MariadbConnection> = {
  kind: 'mariadb',
  connect: (config, options) => new OpenMariadb(config, options),
};

class OpenMariadb implements Connection {
  readonly #config: MariadbConnection;
  readonly #options: ConnectionOptions;

  constructor(config: MariadbConnection, options: ConnectionOptions) {
    this.#config = config;
    this.#options = options;
  }

  async open(): Promise<OpenedSession> {
    const { session, rights } = await this.#open();
    if (rights.powerful.length > 0 && this.#config.allowPowerfulRole !== true) {
      await session.end();
      throw new PowerfulUserError(rights);
    }
    return {
      session: new MariadbSession(session, this.#config.allowFunctions ?? []),
      notices: rightsNotices(rights),
    };
  }

  failureOf(thrown: unknown): ConnectFailure {
    const error = connectFailure(this.#options.name, thrown);
    const { message, code } = error;
    return {
      error,
      notice: { level: 'error', event: 'database-unreachable', fields: { code, reason: message } },
    };
  }

  async examine(): Promise<readonly Finding[]> {
    const { session, rights, version } = await this.#open();
    await session.end();
    const server: Finding = /mariadb/i.test(version)
      ? { level: 'ok', text: `it is MariaDB ${version.split('-')[0]}` }
      : { level: 'note', text: `it is MySQL ${version}, which is not tested` };
    return [server, ...rightsFindings(rights, this.#config.allowPowerfulRole === true)];
  }

  #open(): Promise<OpenedWire> {
    const { workerId, connectTimeoutMs } = this.#options;
    const { url, guardsAddress = false } = this.#config;
    return openSession(readUrl(url, guardsAddress), workerId, connectTimeoutMs);
  }
}

class MariadbSession implements Session {
  readonly #wire: WireSession;
  readonly #allowed: readonly string[];

  constructor(wire: WireSession, allowed: readonly string[]) {
    this.#wire = wire;
    this.#allowed = allowed;
  }

  get usable(): boolean {
    return this.#wire.usable;
  }

  onDead(callback: () => void): void {
    this.#wire.onDead(callback);
  }

  describe(call: DescribeCall, control: CallControl): Promise<DescribeReply> {
    return describeStatement(this.#wire, call, this.#allowed, control);
  }

  run(call: RunSqlCall, sink: ByteSink, control: CallControl): Promise<AnswerSummary> {
    return runStatement(this.#wire, call, this.#allowed, sink, control);
  }

  copyTo(call: CopyToCall, control: CallControl): Promise<CopySummary> {
    return copyToFifo(this.#wire, call, this.#allowed, control);
  }

  introspect(call: IntrospectCall, control: CallControl): Promise<IntrospectReply> {
    return readTables(this.#wire, call, control);
  }

  facts(call: FactsCall, control: CallControl): Promise<FactsReply> {
    return readFacts(this.#wire, call, control);
  }

  end(): Promise<void> {
    return this.#wire.end();
  }
}
