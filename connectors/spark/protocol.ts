/**
 * The messages of Spark Connect that are used here, in the form in which the loader gives them (fields as in proto/spark/connect/*.proto;
 * 64-bit numbers as texts), and the client for them.
 */
import { fileURLToPath } from 'node:url';
import type { ClientReadableStream, Metadata, ServiceDefinition, ServiceError } from '@grpc/grpc-js';

/** Fields of `DataType`: exactly one is set. */
export type DataType = Readonly<Record<string, unknown>> & { readonly kind?: string };

export interface Plan {
  readonly root: Relation;
}

export type Relation = Readonly<Record<string, unknown>>;

interface SessionFields {
  readonly session_id: string;
  /** The session that the server answered from before: another one, of the same id, would have lost its settings. */
  readonly client_observed_server_side_session_id?: string;
  readonly user_context: { readonly user_id: string };
  readonly client_type: string;
}

export interface ExecuteRequest extends SessionFields {
  readonly plan: Plan;
  readonly operation_id: string;
  readonly tags: readonly string[];
  readonly request_options: readonly { readonly reattach_options: { readonly reattachable: boolean } }[];
}

export interface ReattachRequest extends SessionFields {
  readonly operation_id: string;
  /** Left out where no response has come. */
  readonly last_response_id?: string;
}

export interface AnalyzeRequest extends SessionFields {
  readonly schema?: { readonly plan: Plan };
  readonly explain?: { readonly plan: Plan; readonly explain_mode: 'EXPLAIN_MODE_FORMATTED' };
  readonly spark_version?: object;
}

export interface AnalyzeAnswer {
  readonly schema?: { readonly schema: DataType };
  readonly explain?: { readonly explain_string: string };
  readonly spark_version?: { readonly version: string };
}

export interface ConfigRequest extends SessionFields {
  readonly operation: { readonly set: { readonly pairs: readonly { key: string; value: string }[] } };
}

export interface ArrowBatch {
  readonly row_count: string;
  readonly data: Buffer;
  readonly start_offset?: string;
}

export interface ExecuteResponse {
  /** Empty where the server gives none. */
  readonly response_id: string;
  readonly response_type?: string;
  readonly arrow_batch?: ArrowBatch;
  readonly result_complete?: object;
  readonly execution_progress?: ExecutionProgress;
}

export interface StageProgress {
  readonly num_tasks?: string;
  readonly num_completed_tasks?: string;
  readonly input_bytes_read?: string;
  readonly done?: boolean;
}

/** Fields that are 0, false or empty are left out. */
export interface ExecutionProgress {
  readonly stages?: readonly StageProgress[];
  readonly num_inflight_tasks?: string;
}

type Callback<T> = (error: ServiceError | null, response: T) => void;
export interface CallOptions {
  readonly deadline: Date;
}

/** A call that waits for its answer; once it is cancelled, its answer is an error. */
export interface SentCall {
  cancel(): void;
}

/** The stub that the loader makes of the service. */
export interface ConnectStub {
  ExecutePlan(
    request: ExecuteRequest,
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<ExecuteResponse>;
  ReattachExecute(
    request: ReattachRequest,
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<ExecuteResponse>;
  AnalyzePlan(
    request: AnalyzeRequest,
    metadata: Metadata,
    options: CallOptions,
    callback: Callback<AnalyzeAnswer>,
  ): SentCall;
  Config(
    request: ConfigRequest,
    metadata: Metadata,
    options: CallOptions,
    callback: Callback<{ readonly server_side_session_id?: string }>,
  ): SentCall;
  Interrupt(request: object, metadata: Metadata, options: CallOptions, callback: Callback<object>): void;
  ReleaseSession(request: object, metadata: Metadata, options: CallOptions, callback: Callback<object>): void;
  close(): void;
}

interface StubClass {
  new (address: string, credentials: unknown, options: object): ConnectStub;
  /** The service, as a server of it needs it. */
  readonly service: ServiceDefinition;
}

const PROTOS = fileURLToPath(new URL('./proto', import.meta.url));

let loaded: Promise<StubClass> | null = null;

/** Resolves to the class of stubs. The protocol is read once a process, when the first connection to a Spark opens. */
export function loadProtocol(): Promise<StubClass> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<StubClass> {
  const [{ loadPackageDefinition }, { load: loadProtos }] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@grpc/proto-loader'),
  ]);
  const definition = await loadProtos('spark/connect/base.proto', {
    includeDirs: [PROTOS],
    keepCase: true,
    longs: String,
    enums: String,
    oneofs: true,
  });
  const root = loadPackageDefinition(definition) as unknown as {
    spark: { connect: { SparkConnectService: StubClass } };
  };
  return root.spark.connect.SparkConnectService;
}
