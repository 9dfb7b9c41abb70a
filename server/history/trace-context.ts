/**
 * Reads W3C Trace Context: the trace that a query belongs to. A `traceparent` that is not strictly valid is ignored and a new
 * trace begins, as the recommendation demands; `tracestate` is kept only beside a valid one.
 */
import { randomFillSync } from 'node:crypto';

export interface TraceContext {
  /** The trace's id: 32 hexadecimal digits. */
  readonly traceId: string;
  /** The caller's span, 16 hexadecimal digits; null when the trace begins here. */
  readonly parentSpanId: string | null;
  /** Whether the caller records this trace; null when no caller said. */
  readonly sampled: boolean | null;
  readonly traceState: string | null;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;
/** The longest tracestate kept: the length that the recommendation requires everybody to pass on. */
const MAX_TRACESTATE = 512;
/** Matches printable ASCII. The list of key=value in it is not parsed, since each vendor defines its own part. */
const TRACESTATE = /^[\x20-\x7e]+$/;

/** Returns the context in these headers, or a new one. Node joins several `traceparent` headers by commas, which is not valid. */
export function readTraceContext(traceparent: string | undefined, tracestate?: string): TraceContext {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (match === null) return newTrace();
  const [, version, traceId, parentSpanId, flags, rest] = match as unknown as string[];
  // Version 00 must end here; later versions may have more fields, and ff is never valid.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return newTrace();
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentSpanId!)) return newTrace();
  const sampled = (Number.parseInt(flags!, 16) & SAMPLED) !== 0;
  return { traceId: traceId!, parentSpanId: parentSpanId!, sampled, traceState: readTraceState(tracestate) };
}

/** Returns the header value for a span of ours: `00-<trace>-<span>-01`. */
export function traceparentOf(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

export function newSpanId(): string {
  return randomHex(8);
}

/** Random bytes for many ids, filled at once: a call for each id costs twenty times as much. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

function newTrace(): TraceContext {
  return { traceId: randomHex(16), parentSpanId: null, sampled: null, traceState: null };
}

function readTraceState(text: string | undefined): string | null {
  return text !== undefined && text.length <= MAX_TRACESTATE && TRACESTATE.test(text) ? text : null;
}
