/** Spark as a kind of database, by Spark Connect: its connections and sessions, in the shape that SQL workers know. */
import { readFileSync } from 'node:fs';
import { openTokenProblem, readUrl, type SparkAddress, UrlError } from '../../core/config/urls/spark-url.ts';
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { SparkConnection } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { unknownFacts } from '../../core/protocol/sql-facts.ts';
import type {
  CopyToCall,
  DescribeCall,
  DescribeReply,
  ExplainCall,
  ExplainReply,
  FactsCall,
  FactsReply,
  IntrospectCall,
  IntrospectReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import { type CallControl, createCallControl } from '../kit/call-control.ts';
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
import { type Channel, openChannel } from './channel.ts';
import { endSession } from './end-session.ts';
import { connectFailure } from './errors.ts';
import { letHeapGrow } from './heap-growth.ts';
import { readTables } from './introspect.ts';
import { planOf } from './plans.ts';
import { QuerySession } from './query-session.ts';
import { copyTo, describe, explain, run } from './reads.ts';
import { SessionLedger } from './session-ledger.ts';
import { ofVersion, versionFinding, versionNotices, versionProblem } from './version.ts';

export const SPARK_CONNECTOR: Connector<SparkConnection> = {
  kind: 'spark',
  connect: (config, options) => new OpenSpark(config, options),
};

/** A channel by which Spark has answered. */
interface Opened {
  readonly channel: Channel;
  /** The version that Spark says it has. */
  readonly version: string;
  /** The end of the session by which that was found out. */
  readonly farewell: Promise<void>;
}

class OpenSpark implements Connection {
  readonly #config: SparkConnection;
  readonly #options: ConnectionOptions;

  constructor(config: SparkConnection, options: ConnectionOptions) {
    this.#config = config;
    this.#options = options;
  }

  async open(): Promise<OpenedSession> {
    letHeapGrow();
    const address = this.#address();
    const ledger = this.#openLedger(address);
    const { channel, version, farewell } = await this.#open(address, ledger);
    for (const left of ledger?.takeLeft() ?? []) void endSession(channel, left, ledger);
    return {
      session: new SparkSession({ channel, version, ledger, farewell }),
      notices: versionNotices(version),
    };
  }

  #openLedger({ host, port, userId }: SparkAddress): SessionLedger | null {
    const { stateDir, name } = this.#options;
    return stateDir === undefined ? null : SessionLedger.open(stateDir, name, `${host}:${port} ${userId}`);
  }

  /** Returns where the server is, with the token. Throws UrlError. */
  #address(): SparkAddress {
    const { url, token } = this.#config;
    const address = readUrl(url);
    const own = { ...address, token: token ?? address.token };
    const problem = openTokenProblem(own);
    if (problem !== null) throw new UrlError(problem);
    return own;
  }

  failureOf(thrown: unknown): ConnectFailure {
    const error = connectFailure(this.#options.name, thrown);
    const { code, message } = error;
    return {
      error,
      notice: { level: 'error', event: 'database-unreachable', fields: { code, reason: message } },
    };
  }

  async examine(): Promise<readonly Finding[]> {
    const { channel, version, farewell } = await this.#open(this.#address(), null);
    await farewell;
    channel.close();
    return [
      versionFinding(version),
      {
        level: 'note',
        text: 'what its user may read and write is up to Spark: give the Connect server a role that only reads',
      },
    ];
  }

  /** Opens a channel and lets Spark analyse a query, by which the address, the token and TLS are tried. */
  async #open(address: SparkAddress, ledger: SessionLedger | null): Promise<Opened> {
    const { caFile, guardsAddress = false } = this.#config;
    const tls = { ca: caFile === undefined ? null : readAuthorities(caFile) };
    const { workerId, connectTimeoutMs } = this.#options;
    const channel = await openChannel(address, { tls, userAgent: `forkline/${workerId}`, guardsAddress });
    const control = createCallControl(Date.now() + connectTimeoutMs);
    const session = new QuerySession(channel, 'connect', control, ledger);
    try {
      const asked = planOf('select 1 as one');
      await session.schema(asked);
      const version = await session.version(asked);
      const problem = versionProblem(version);
      if (problem !== null) throw new QueryError('database-unavailable', problem);
      return { channel, version, farewell: session.release() };
    } catch (thrown) {
      void session.release(1).then(() => channel.close());
      throw thrown;
    } finally {
      control.dispose();
    }
  }
}

function readAuthorities(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException; // fs throws only such errors
    throw new UrlError(`the file of authorities cannot be read: ${code}`);
  }
}

/** A slot for one query at a time; each query has a session of its own in Spark. */
class SparkSession implements Session {
  readonly #channel: Channel;
  readonly #version: string;
  readonly #ledger: SessionLedger | null;
  /** The releases of sessions in Spark that are under way. */
  readonly #farewells = new Set<Promise<void>>();
  #isRunning = false;
  /** Whether a call got no answer in its time. The other end of a connection may be gone without a word: each further call would wait as long. */
  #isLost = false;

  constructor({ channel, version, ledger, farewell }: Opened & { readonly ledger: SessionLedger | null }) {
    this.#channel = channel;
    this.#version = version;
    this.#ledger = ledger;
    this.#await(farewell);
  }

  get usable(): boolean {
    return !this.#isRunning && !this.#isLost;
  }

  /** A channel whose connection ended connects again by itself. */
  onDead(): void {}

  describe(call: DescribeCall, control: CallControl): Promise<DescribeReply> {
    return this.#within(call.queryId, control, (session) => describe(session, call));
  }

  run(call: RunSqlCall, sink: ByteSink, control: CallControl): Promise<AnswerSummary> {
    return this.#within(call.queryId, control, (session) => run(session, call, sink, control));
  }

  copyTo(call: CopyToCall, control: CallControl): Promise<CopySummary> {
    return this.#within(call.queryId, control, (session) => copyTo(session, call, control));
  }

  introspect(call: IntrospectCall, control: CallControl): Promise<IntrospectReply> {
    return this.#within(call.queryId, control, (session) => readTables(session, call));
  }

  explain(call: ExplainCall, control: CallControl): Promise<ExplainReply> {
    return this.#within(call.queryId, control, (session) => explain(session, call));
  }

  async facts(_call: FactsCall, _control: CallControl): Promise<FactsReply> {
    return unknownFacts('Spark does not say whether the answer of a query may change by itself');
  }

  async end(): Promise<void> {
    await Promise.all(this.#farewells);
    this.#channel.close();
  }

  async #within<T>(
    queryId: string,
    control: CallControl,
    work: (session: QuerySession) => Promise<T>,
  ): Promise<T> {
    const session = new QuerySession(this.#channel, queryId, control, this.#ledger);
    this.#isRunning = true;
    try {
      return await work(session);
    } catch (thrown) {
      throw ofVersion(thrown, this.#version);
    } finally {
      this.#isLost ||= session.isUnanswered;
      this.#await(session.release());
      this.#isRunning = false;
    }
  }

  #await(farewell: Promise<void>): void {
    this.#farewells.add(farewell);
    void farewell.then(() => this.#farewells.delete(farewell));
  }
}
