/**
 * A Spark Connect server of our own, on the same protocol as the real one, that does what a test says: it needs neither Java nor
 * Python. It runs no SQL: it answers with the rows that it was given, and breaks streams where a test asks for it.
 */
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type Table, tableToIPC } from 'apache-arrow';
import { loadProtocol } from '../../connectors/spark/protocol.ts';

export const FAKE_STATUS = status;

export interface FakeField {
  readonly name: string;
  /** The type in the protocol's form: { long: {} }. */
  readonly type: object;
}

export interface FakeSparkOptions {
  /** Without: any free one. */
  readonly port?: number;
  /** Without: everybody may ask. */
  readonly token?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly fields?: readonly FakeField[];
  /** Calls that it does not know, as an older server. */
  readonly lacks?: readonly string[];
  /** Without: 4.2.0; null: it fails when it is asked. */
  readonly version?: string | null;
  /** The number of the first calls of ReleaseSession that it is too busy to answer well. */
  readonly releasesLost?: number;
  /** Answers ExecutePlan, and ReattachExecute with what the client has already. Without: no rows. */
  execute?(stream: FakeStream): void;
  /** Says whether a call of AnalyzePlan or Config gets no answer. */
  isSilent?(method: string): boolean;
  /** Returns the text of the error that AnalyzePlan ends with, or null. */
  analyzeError?(sql: string): string | null;
}

/** One stream of responses. */
export interface FakeStream {
  readonly operationId: string;
  readonly sql: string;
  readonly tags: readonly string[];
  /** The last response that the client has; null in the first stream of an operation. */
  readonly after: string | null;
  /** `offset`: the number of rows before it. */
  batch(table: Table, responseId?: string, offset?: number): void;
  progress(done: number, tasks: number, bytes?: number): void;
  complete(): void;
  end(): void;
  fail(code: number, details: string): void;
  /** Breaks the connection to the client. */
  drop(): void;
  /** Resolves when the client interrupts the operation. */
  readonly interrupted: Promise<void>;
}

interface FakeRequest {
  readonly session_id: string;
  readonly operation_id: string;
  readonly last_response_id?: string;
  readonly tags?: readonly string[];
  readonly plan?: { readonly root: { readonly sql?: { readonly query: string } } };
  readonly schema?: { readonly plan: FakeRequest['plan'] };
  readonly explain?: { readonly plan: FakeRequest['plan'] };
  readonly spark_version?: object;
  readonly operation?: { readonly set: { readonly pairs: readonly { key: string; value: string }[] } };
  readonly client_observed_server_side_session_id?: string;
}

export interface FakeCall {
  readonly method: string;
  readonly request: FakeRequest;
  readonly authorization: string | undefined;
  readonly at: number;
}

export interface FakeSpark extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly calls: readonly FakeCall[];
  /** Sessions that were begun and not released. */
  readonly sessions: ReadonlySet<string>;
  named(method: string): readonly FakeCall[];
}

interface Operation {
  readonly sql: string;
  readonly tags: readonly string[];
  readonly interrupted: Promise<void>;
  interrupt(): void;
}

const MESSAGE_BYTES = 128 * 1024 * 1024;

export async function fakeSpark(options: FakeSparkOptions = {}): Promise<FakeSpark> {
  const { service } = await loadProtocol();
  const fake = new Fake(options);
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
  });
  server.addService(service, fake.handlers());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentialsOf(options), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    port,
    url: `sc://127.0.0.1:${port}`,
    calls: fake.calls,
    sessions: fake.sessions,
    named: (method) => fake.calls.filter((call) => call.method === method),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function credentialsOf({ tls }: FakeSparkOptions): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) },
  ]);
}

class Fake {
  readonly calls: FakeCall[] = [];
  readonly sessions = new Set<string>();
  readonly #options: FakeSparkOptions;
  #releases = 0;
  readonly #operations = new Map<string, Operation>();

  constructor(options: FakeSparkOptions) {
    this.#options = options;
  }

  handlers() {
    return {
      AnalyzePlan: this.#unary('AnalyzePlan', (request) => this.#analyze(request)),
      Config: this.#unary('Config', ({ session_id }) => ({
        ...{ session_id, server_side_session_id: `server-${session_id}` },
      })),
      Interrupt: this.#unary('Interrupt', (request) => {
        this.#operations.get(request.operation_id)?.interrupt();
        return { session_id: request.session_id, interrupted_ids: [request.operation_id] };
      }),
      ReleaseSession: this.#unary('ReleaseSession', (request) => {
        if (this.#releases++ < (this.#options.releasesLost ?? 0)) return { failure: 'too busy' };
        this.sessions.delete(request.session_id);
        return { session_id: request.session_id };
      }),
      ExecutePlan: (call: ServerWritableStream<FakeRequest, object>) => this.#execute(call),
      ReattachExecute: (call: ServerWritableStream<FakeRequest, object>) => this.#reattach(call),
    };
  }

  #unary(method: string, answer: (request: FakeRequest) => object | { readonly failure: string }) {
    return (call: ServerUnaryCall<FakeRequest, object>, reply: sendUnaryData<object>): void => {
      if (this.#options.lacks?.includes(method)) return void reply(UNKNOWN);
      if (!this.#admits(method, call)) return void reply(REFUSED);
      if (this.#options.isSilent?.(method)) return;
      const answered = answer(call.request);
      if ('failure' in answered) reply({ code: status.INTERNAL, details: String(answered.failure) });
      else reply(null, answered);
    };
  }

  #admits(method: string, call: Pick<ServerUnaryCall<FakeRequest, object>, 'request' | 'metadata'>): boolean {
    const authorization = call.metadata.get('authorization')[0]?.toString();
    this.calls.push({ method, request: call.request, authorization, at: performance.now() });
    const { token } = this.#options;
    if (token !== undefined && authorization !== `Bearer ${token}`) return false;
    if (method !== 'ReleaseSession' && method !== 'Interrupt') this.sessions.add(call.request.session_id);
    return true;
  }

  #analyze({ session_id, schema, explain, spark_version: asksVersion }: FakeRequest): object {
    const { version = '4.2.0' } = this.#options;
    if (asksVersion != null)
      return version === null ? { failure: 'no version' } : { session_id, spark_version: { version } };
    if (explain != null) {
      const told = `== Physical Plan == of ${explain.plan?.root.sql?.query}`;
      return { session_id, explain: { explain_string: told } };
    }
    const sql = schema?.plan?.root.sql?.query ?? '';
    const failure = this.#options.analyzeError?.(sql) ?? null;
    if (failure !== null) return { failure };
    const fields = (this.#options.fields ?? []).map(({ name, type }) => ({
      ...{ name, data_type: type, nullable: true },
    }));
    return { session_id, schema: { schema: { struct: { fields } } } };
  }

  #execute(call: ServerWritableStream<FakeRequest, object>): void {
    if (!this.#admits('ExecutePlan', call)) return void call.emit('error', REFUSED);
    const { operation_id: id, plan, tags = [] } = call.request;
    let interrupt!: () => void;
    const interrupted = new Promise<void>((resolve) => {
      interrupt = resolve;
    });
    this.#operations.set(id, { sql: plan?.root.sql?.query ?? '', tags, interrupted, interrupt });
    this.#answer(call, null);
  }

  #reattach(call: ServerWritableStream<FakeRequest, object>): void {
    if (!this.#admits('ReattachExecute', call)) return void call.emit('error', REFUSED);
    this.#answer(call, call.request.last_response_id ?? null);
  }

  #answer(call: ServerWritableStream<FakeRequest, object>, after: string | null): void {
    const id = call.request.operation_id;
    const operation = this.#operations.get(id);
    if (operation === undefined) return void call.emit('error', LOST);
    const stream = streamOf(call, operation, after);
    (this.#options.execute ?? nothing)(stream);
  }
}

function nothing(stream: FakeStream): void {
  stream.complete();
  stream.end();
}

const UNKNOWN = { code: status.UNIMPLEMENTED, details: 'Method not found' };
const REFUSED = { code: status.UNAUTHENTICATED, details: 'Invalid authentication token' };
const LOST = {
  code: status.INTERNAL,
  details: '[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid. Operation not found. SQLSTATE: HY000',
};

function streamOf(
  call: ServerWritableStream<FakeRequest, object>,
  { sql, tags, interrupted }: Operation,
  after: string | null,
): FakeStream {
  const { operation_id: operationId, session_id } = call.request;
  let responses = 0;
  const send = (response: object, responseId?: string): void => {
    responses++;
    call.write({
      ...{ session_id, operation_id: operationId },
      response_id: responseId ?? `${after ?? ''}r${responses}`,
      ...response,
    });
  };
  return {
    ...{ operationId, sql, tags, after, interrupted },
    batch: (table, responseId, offset) =>
      send(
        {
          arrow_batch: {
            ...{ row_count: String(table.numRows), data: tableToIPC(table, 'stream') },
            ...(offset !== undefined && { start_offset: String(offset) }),
          },
        },
        responseId,
      ),
    progress: (done, tasks, bytes = 0) =>
      send({
        execution_progress: {
          stages: [
            {
              ...{ stage_id: '1', num_tasks: String(tasks), num_completed_tasks: String(done) },
              ...{ input_bytes_read: String(bytes), done: done === tasks },
            },
          ],
          num_inflight_tasks: String(tasks - done),
        },
      }),
    complete: () => send({ result_complete: {} }),
    end: () => call.end(),
    fail: (code, details) => void call.emit('error', { code, details }),
    drop: () => void call.emit('error', { code: status.UNAVAILABLE, details: 'Connection dropped' }),
  };
}
