/**
 * One POST of OTLP/HTTP: spans as the JSON of opentelemetry-proto's ExportTraceServiceRequest (ids in hex, times as
 * decimal text), and what the collector's answer means.
 */
import type { Span, SpanAttributes } from '../history/trace.ts';

/** SPAN_KIND_* and STATUS_CODE_* of the protocol. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;

const TIMEOUT_MS = 5000;
/** What the protocol says may be sent again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

export interface PostResult {
  /** Nothing was taken, and the same may be sent again. */
  readonly retry: boolean;
  /** Spans that the collector will never take. */
  readonly rejected: number;
  /** null: all is well. */
  readonly problem: string | null;
}

/** Never rejects. */
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
    const answer = await response.text(); // read in any case, so that the connection can be used again
    if (response.ok) return taken(answer, spans.length);
    const retry = RETRYABLE.has(response.status);
    return { retry, rejected: retry ? 0 : spans.length, problem: `HTTP ${response.status}` };
  } catch (thrown) {
    return { retry: true, rejected: 0, problem: describe(thrown) };
  }
}

/** A collector may take some of a batch only, and says so in a 200. */
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
    return {}; // no body, or none of the protocol's: nothing is said to be rejected
  }
}

/** fetch says only "fetch failed"; why is in its cause. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? `${thrown.message}: ${thrown.cause.message}` : thrown.message;
}

/** The body of one POST. `resource` says which service, and which process of it. */
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

/** A double has no room for nanoseconds since 1970: microseconds as a whole number, then three zeros. */
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
