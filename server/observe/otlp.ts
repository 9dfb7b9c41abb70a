/**
 * Sends spans by one POST of OTLP/HTTP, as the JSON of opentelemetry-proto's ExportTraceServiceRequest (ids in hex, times as
 * decimal text), and interprets the collector's answer.
 */
import type { Span, SpanAttributes } from '../history/trace.ts';

/** The numbers of SPAN_KIND_* and STATUS_CODE_* in the protocol. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;

const TIMEOUT_MS = 5000;
/** The statuses after which the protocol allows sending the same again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

export interface PostResult {
  /** Whether the collector took nothing, and the same may be sent again. */
  readonly retry: boolean;
  /** The number of spans that the collector rejected for good. */
  readonly rejected: number;
  /** The problem in words; null without one. */
  readonly problem: string | null;
}

/** Sends the spans. Never rejects: a failure is part of the result. */
export async function postSpans(
  endpoint: string,
  resource: SpanAttributes,
  spans: readonly Span[],
): Promise<PostResult> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: encodeSpans(resource, spans),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    const answer = await response.text(); // always read, so that the connection can be used again
    if (response.ok) return taken(answer, spans.length);
    const retry = RETRYABLE.has(response.status);
    return { retry, rejected: retry ? 0 : spans.length, problem: `HTTP ${response.status}` };
  } catch (thrown) {
    return { retry: true, rejected: 0, problem: describe(thrown) };
  }
}

/** Returns the result of an accepted batch. The collector may have rejected some of its spans, and says so in its answer. */
function taken(answer: string, spans: number): PostResult {
  const { rejectedSpans, errorMessage } = readPartialSuccess(answer);
  const rejected = Math.min(spans, Number(rejectedSpans ?? 0) || 0);
  return {
    retry: false,
    rejected,
    problem: rejected > 0 ? `rejected: ${errorMessage ?? 'no reason'}` : null,
  };
}

interface PartialSuccess {
  readonly rejectedSpans?: string | number;
  readonly errorMessage?: string;
}

function readPartialSuccess(answer: string): PartialSuccess {
  try {
    return (JSON.parse(answer) as { partialSuccess?: PartialSuccess }).partialSuccess ?? {};
  } catch {
    return {}; // without a body of the protocol, nothing is said to be rejected
  }
}

/** Describes a failure. The error of fetch says only "fetch failed"; its cause tells why. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? `${thrown.message}: ${thrown.cause.message}` : thrown.message;
}

/** Returns the body of one POST. `resource` names the service and its process. */
function encodeSpans(resource: SpanAttributes, spans: readonly Span[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeSpans: [{ scope: { name: 'forkline' }, spans: spans.map(encodeSpan) }],
      },
    ],
  });
}

function encodeSpan(span: Span): object {
  const { traceId, spanId, parentSpanId, traceState, name, kind, startMs, endMs, attributes, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== null && { parentSpanId }),
    ...(traceState !== null && { traceState }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: unixNanos(startMs),
    endTimeUnixNano: unixNanos(endMs),
    attributes: encodeAttributes(attributes),
    status: error === null ? { code: STATUS_UNSET } : { code: STATUS_ERROR, message: error },
  };
}

/** Returns Unix nanoseconds as text. A double cannot hold them exactly, so whole microseconds are followed by three zeros. */
function unixNanos(nowMs: number): string {
  return `${Math.round((performance.timeOrigin + nowMs) * 1000)}000`;
}

function encodeAttributes(attributes: SpanAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: encodeValue(value) }));
}

function encodeValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
