/**
 * The part of a trace that one query makes. Spans are kept only when they will be exported; otherwise a query costs only its
 * ids. Times are those of performance.now().
 *
 *   query                       the whole query, child of the caller's span
 *    |- plan, describe, queue   in this process, and the database's description of columns
 *    |- sql                     the call to a SQL worker: the database, and encoding where there are no stages
 *    '- stages, encode          the call to a DSL worker, divided by the times that it reports
 */
import { removeItem } from '../../core/process/remove-item.ts';
import type { DslPhases } from '../../core/protocol/dsl-worker.ts';
import { newSpanId, type TraceContext, traceparentOf } from './trace-context.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;
export type SpanName = 'query' | 'plan' | 'describe' | 'queue' | 'sql' | 'stages' | 'encode';

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceState: string | null;
  readonly name: SpanName;
  readonly kind: 'server' | 'client' | 'internal';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** The error's code; null when the span ended well, or when the failure was not this service's fault. */
  readonly error: string | null;
}

/** The facts about a query that has ended, for its span. */
export type TraceEnd = Pick<Span, 'attributes' | 'error'>;

interface Running {
  readonly name: SpanName;
  readonly startMs: number;
}

export class QueryTrace {
  readonly traceId: string;
  readonly spanId = newSpanId();
  readonly exported: boolean;
  readonly #context: TraceContext;
  readonly #startMs = performance.now();
  /** Spans that have not ended; empty once the query has ended, which ends them all. */
  readonly #running: Running[] = [];
  readonly #spans: Span[] = [];

  constructor(context: TraceContext, exported: boolean) {
    this.#context = context;
    this.traceId = context.traceId;
    this.exported = exported;
  }

  /** The answer's `traceresponse` header. */
  get response(): string {
    return traceparentOf(this.traceId, this.spanId, this.exported || this.#context.sampled === true);
  }

  /** The trace's id for the database's list of sessions; null when neither the caller nor a collector knows this trace. */
  get databaseTraceId(): string | null {
    return this.exported || this.#context.parentSpanId !== null ? this.traceId : null;
  }

  add(name: SpanName, startMs: number, endMs = performance.now()): void {
    if (!this.exported) return;
    const kind = name === 'sql' || name === 'describe' ? 'client' : 'internal';
    const ids = { spanId: newSpanId(), parentSpanId: this.spanId };
    this.#spans.push({ ...this.#common(), ...ids, name, kind, startMs, endMs, attributes: {}, error: null });
  }

  /** Records a span for `work`, however it ends. The query's end ends the span too, since a cancelled call may go on after it. */
  time<T>(name: SpanName, work: Promise<T>): Promise<T> {
    return this.exported ? this.#timeSpan(name, work) : work;
  }

  async #timeSpan<T>(name: SpanName, work: Promise<T>): Promise<T> {
    const running = { name, startMs: performance.now() };
    this.#running.push(running);
    try {
      return await work;
    } finally {
      if (removeItem(this.#running, running)) this.add(name, running.startMs);
    }
  }

  /** Records the spans of a call to a DSL worker, whose reply tells when its stages ended and its encoding began. */
  timeStages<T extends { readonly phases: DslPhases }>(call: Promise<T>): Promise<T> {
    return this.exported ? this.#timeStageSpans(call) : call;
  }

  async #timeStageSpans<T extends { readonly phases: DslPhases }>(call: Promise<T>): Promise<T> {
    const running: Running = { name: 'stages', startMs: performance.now() };
    this.#running.push(running);
    let stagesEndMs: number | undefined;
    try {
      const reply = await call;
      stagesEndMs = Math.min(running.startMs + reply.phases.dslMs, performance.now());
      return reply;
    } finally {
      if (removeItem(this.#running, running)) this.add('stages', running.startMs, stagesEndMs);
      if (stagesEndMs !== undefined) this.add('encode', stagesEndMs);
    }
  }

  /** Ends the query's span and returns all spans, that one last; an empty list when they are not exported. */
  end({ attributes, error }: TraceEnd): readonly Span[] {
    if (!this.exported) return [];
    for (const { name, startMs } of this.#running.splice(0)) this.add(name, startMs);
    const ids = { spanId: this.spanId, parentSpanId: this.#context.parentSpanId };
    const times = { startMs: this.#startMs, endMs: performance.now() };
    const own: Span = {
      ...this.#common(),
      ...ids,
      ...times,
      name: 'query',
      kind: 'server',
      attributes,
      error,
    };
    return [...this.#spans, own];
  }

  #common() {
    return { traceId: this.traceId, traceState: this.#context.traceState };
  }
}
