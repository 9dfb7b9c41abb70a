/**
 * One query on Spark, in a session of its own there, which is released whatever happens: its plan can be analysed, and executed once.
 * Spark's stream may end without an error when somebody interrupted it, so that a result is whole only after `result_complete`.
 */
import { randomUUID } from 'node:crypto';
import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { QueryError } from '../../core/protocol/errors.ts';
import type { CallControl } from '../kit/call-control.ts';
import { type Channel, deadline } from './channel.ts';
import { CLIENT, endSession } from './end-session.ts';
import { isBroken, isWithoutAnswer, statementError } from './errors.ts';
import type {
  AnalyzeAnswer,
  AnalyzeRequest,
  ArrowBatch,
  DataType,
  ExecuteResponse,
  ExecutionProgress,
  Plan,
  SentCall,
  StageProgress,
} from './protocol.ts';
import type { SessionLedger } from './session-ledger.ts';
import { SESSION_SETTINGS } from './settings.ts';

const UNKNOWN_VERSION = 'of an unknown version';
/** Milliseconds that Spark gets to say that it interrupted something. */
const FAREWELL_MS = 5000;
/** The time by which a call outlives the query's deadline, so that the deadline's own error comes first. */
const GRACE_MS = 2000;

export interface Asked {
  readonly plan: Plan;
  /** The statement that is sent, by which errors find their place. */
  readonly sql: string;
  /** The UTF-16 units of the statement before the SQL that the call had. */
  readonly before: number;
}

/** How far the rows of a query have come. */
interface StreamPlace {
  isComplete: boolean;
  /** The last response's id; null before the first. */
  lastId: string | null;
  /** The number of responses of the stream that is read now. */
  sinceStart: number;
  rows: number;
}

type Analysis = Pick<AnalyzeRequest, 'schema' | 'explain' | 'spark_version'>;

/** The most streams after each other that give nothing. */
const MOST_FRUITLESS = 3;

function endedEarly(): QueryError {
  return new QueryError('database-unavailable', 'Spark ended the rows before they were complete', {
    hint: 'Somebody may have interrupted the query in Spark, or its driver ended. Send the query again.',
    retryAfterSeconds: 1,
  });
}

/** Spark tells how many rows come before a batch, since version 3.4. */
function checkedBatch(batch: ArrowBatch, place: StreamPlace): Buffer {
  if (batch.start_offset != null && Number(batch.start_offset) !== place.rows)
    throw new QueryError('database-unavailable', 'rows are missing between those that Spark sent', {
      hint: 'Send the query again.',
      retryAfterSeconds: 1,
    });
  place.rows += Number(batch.row_count);
  return batch.data;
}

export class QuerySession {
  readonly #channel: Channel;
  readonly #id: string;
  readonly #ledger: SessionLedger | null;
  readonly #operationId = randomUUID();
  readonly #tag: string;
  readonly #control: CallControl;
  /** Whether Spark may know of this session. */
  #isKnown = false;
  /** Resolves once Spark has ended an operation that was interrupted. */
  #ended: Promise<void> = Promise.resolve();
  /** The server's own name of the session; null before it was begun. */
  #serverId: string | null = null;
  #isUnanswered = false;

  constructor(channel: Channel, queryId: string, control: CallControl, ledger: SessionLedger | null = null) {
    this.#id = randomUUID();
    this.#ledger = ledger;
    this.#channel = channel;
    // Spark's tags have no commas; its own page shows them.
    this.#tag = `forkline-${queryId.replaceAll(',', '_')}`;
    this.#control = control;
  }

  /** Says whether Spark gave no answer at all to a call in the time that the query had. */
  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }

  /** Returns the type of the plan's rows, without running it. Throws QueryErrors with places in `sql`. */
  async schema(asked: Asked): Promise<DataType> {
    const { schema: told } = await this.#analyze({ schema: { plan: asked.plan } }, asked);
    const schema = told?.schema;
    if (schema === undefined) throw new QueryError('internal', 'Spark described no columns');
    return schema;
  }

  /** Returns how Spark would run the plan, in its own words. */
  async explain(asked: Asked): Promise<string> {
    const explain = { plan: asked.plan, explain_mode: 'EXPLAIN_MODE_FORMATTED' } as const;
    const { explain: told } = await this.#analyze({ explain }, asked);
    return told?.explain_string ?? '';
  }

  /** Returns the version that the server says it has. Not every server that speaks the protocol knows one. */
  async version(asked: Asked): Promise<string> {
    try {
      const { spark_version: told } = await this.#analyze({ spark_version: {} }, asked);
      return told?.version ?? UNKNOWN_VERSION;
    } catch (thrown) {
      if (thrown instanceof QueryError && thrown.details.fromDatabase === true) return UNKNOWN_VERSION;
      throw thrown;
    }
  }

  async #analyze(what: Analysis, asked: Asked): Promise<AnalyzeAnswer> {
    await this.#start(asked);
    const request = { ...this.#fields(), ...what };
    return this.#call<AnalyzeAnswer>(
      (answer) => this.#channel.stub.AnalyzePlan(request, this.#channel.metadata(), this.#until(), answer),
      asked,
    );
  }

  /** Begins the session in Spark, with its settings, once. */
  async #start(asked: Asked): Promise<void> {
    this.#check();
    if (this.#isKnown) return;
    this.#isKnown = true;
    this.#ledger?.begin(this.#id);
    const pairs = Object.entries(SESSION_SETTINGS).map(([key, value]) => ({ key, value }));
    const request = { ...this.#fields(), operation: { set: { pairs } } };
    const { server_side_session_id: serverId = '' } = await this.#call<{
      readonly server_side_session_id?: string;
    }>(
      (answer) => this.#channel.stub.Config(request, this.#channel.metadata(), this.#until(), answer),
      asked,
      // A session that begins in Spark after it was released there would stay.
      false,
    );
    if (serverId !== '') this.#serverId = serverId;
  }

  /** Resolves to the answer of a call. Rejects with QueryErrors, and with the reason of the cancellation where there is one. */
  async #call<T>(
    send: (answer: (error: ServiceError | null, response: T) => void) => SentCall,
    asked: Asked,
    isLeft = true,
  ): Promise<T> {
    const { cancellation } = this.#control;
    let leave = (): void => {};
    try {
      const answer = await new Promise<T>((resolve, reject) => {
        const sent = send((error, response) => (error === null ? resolve(response) : reject(error)));
        if (!isLeft) return;
        leave = () => sent.cancel();
        cancellation.onCancel(leave);
      });
      this.#check();
      return answer;
    } catch (thrown) {
      this.#isUnanswered = cancellation.reason?.code === 'deadline-exceeded' && isWithoutAnswer(thrown);
      throw cancellation.reason ?? statementError(thrown, asked);
    } finally {
      cancellation.offCancel(leave);
    }
  }

  /**
   * Returns the batches of rows in Arrow's stream format. Spark ends a stream that has lasted long, or sent much, before the rows
   * are complete, and a network may break one: the query is then taken up again behind the last response. Throws QueryErrors, and the
   * reason of the call's cancellation.
   */
  async *execute(asked: Asked): AsyncGenerator<Buffer> {
    await this.#start(asked);
    const { cancellation } = this.#control;
    const place: StreamPlace = { isComplete: false, lastId: null, sinceStart: 0, rows: 0 };
    let stream = this.#begin(asked);
    const interrupt = (): void => {
      this.#ended = this.#interrupt(place.lastId);
      stream.cancel();
    };
    cancellation.onCancel(interrupt);
    try {
      for (let fruitless = 0; !place.isComplete; fruitless = place.sinceStart > 0 ? 0 : fruitless + 1) {
        if (fruitless > MOST_FRUITLESS) throw endedEarly();
        if (place.lastId !== null) stream = this.#again(place.lastId);
        place.sinceStart = 0;
        yield* this.#read(stream, place, asked);
        if (place.lastId === null && !place.isComplete) throw endedEarly();
      }
    } finally {
      cancellation.offCancel(interrupt);
      // The reader wants no more: Spark must not compute for nobody.
      if (!place.isComplete && cancellation.reason === null) interrupt();
    }
    this.#check();
  }

  async *#read(
    stream: ClientReadableStream<ExecuteResponse>,
    place: StreamPlace,
    asked: Asked,
  ): AsyncGenerator<Buffer> {
    try {
      for await (const response of stream as AsyncIterable<ExecuteResponse>) {
        if (response.response_id !== '') place.lastId = response.response_id;
        place.sinceStart++;
        if (response.arrow_batch != null) yield checkedBatch(response.arrow_batch, place);
        else if (response.result_complete != null) place.isComplete = true;
        else if (response.execution_progress != null) this.#tell(response.execution_progress);
      }
    } catch (thrown) {
      this.#check();
      if (thrown instanceof QueryError) throw thrown;
      // A stream that broke before its first response cannot be taken up: nobody knows whether Spark has begun.
      if (place.lastId === null || !isBroken(thrown)) throw statementError(thrown, asked);
    }
  }

  #begin({ plan }: Asked): ClientReadableStream<ExecuteResponse> {
    const request = {
      ...this.#fields(),
      ...{ plan, operation_id: this.#operationId, tags: [this.#tag] },
      request_options: [{ reattach_options: { reattachable: true } }],
    };
    return this.#channel.stub.ExecutePlan(request, this.#channel.metadata(), this.#until());
  }

  #again(lastId: string | null, until = this.#until()): ClientReadableStream<ExecuteResponse> {
    const request = {
      ...{ ...this.#fields(), operation_id: this.#operationId },
      ...(lastId !== null && { last_response_id: lastId }),
    };
    return this.#channel.stub.ReattachExecute(request, this.#channel.metadata(), until);
  }

  /**
   * Ends the session in Spark. Never rejects: a session that cannot be released ends by Spark's own clock. One that is released while its operation is
   * on its way to its end stays half closed in Spark 4.2, for good: so this waits for that.
   */
  async release(attempts?: number): Promise<void> {
    if (!this.#isKnown) return;
    await this.#ended;
    await endSession(this.#channel, this.#id, this.#ledger, attempts);
  }

  #tell({ stages = [], num_inflight_tasks: running = '0' }: ExecutionProgress): void {
    const sum = (of: (stage: StageProgress) => string | undefined): number =>
      stages.reduce((total, stage) => total + Number(of(stage) ?? 0), 0);
    this.#control.onProgress?.({
      operation: this.#operationId,
      stages: stages.length,
      stagesDone: stages.filter(({ done }) => done === true).length,
      tasks: sum((stage) => stage.num_tasks),
      tasksDone: sum((stage) => stage.num_completed_tasks),
      tasksRunning: Number(running),
      bytesRead: sum((stage) => stage.input_bytes_read),
    });
  }

  /** Resolves once Spark has ended the operation, or does not say so in time. */
  #interrupt(lastId: string | null): Promise<void> {
    const request = {
      ...this.#fields(),
      interrupt_type: 'INTERRUPT_TYPE_OPERATION_ID',
      operation_id: this.#operationId,
    };
    return new Promise((resolve) =>
      this.#channel.stub.Interrupt(request, this.#channel.metadata(), deadline(FAREWELL_MS), () => {
        const stream = this.#again(lastId, deadline(FAREWELL_MS));
        stream.once('error', () => resolve()).once('end', resolve);
        stream.resume();
      }),
    );
  }

  #fields() {
    return {
      ...{ session_id: this.#id, user_context: { user_id: this.#channel.userId }, client_type: CLIENT },
      ...(this.#serverId !== null && { client_observed_server_side_session_id: this.#serverId }),
    };
  }

  #until() {
    return { deadline: new Date(this.#control.deadlineAt + GRACE_MS) };
  }

  #check(): void {
    const { reason } = this.#control.cancellation;
    if (reason !== null) throw reason;
  }
}
