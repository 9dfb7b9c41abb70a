/**
 * W3C Trace Context: which trace a query belongs to. A `traceparent` that is not valid to the letter counts for
 * nothing, and a new trace begins, as the recommendation demands; `tracestate` is carried along only with a valid one.
 */
import { randomFillSync } from 'node:crypto';

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The caller's span, 16 hexadecimal digits; null when the trace begins here. */
  readonly parentSpanId: string | null;
  /** What the caller decided; null when nobody did. */
  readonly sampled: boolean | null;
  readonly traceState: string | null;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;
/** The recommendation's least that everybody must carry. */
const MAX_TRACESTATE = 512;
/** Printable ASCII: a list of key=value, whose details are the vendors'. */
const TRACESTATE = /^[\x20-\x7e]+$/;

/** Headers as node gives them: several `traceparent` are one text with commas, which is not valid. */
export function readTraceContext(traceparent: string | undefined, tracestate?: string): TraceContext {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (match === null) return newTrace();
  const [, version, traceId, parentSpanId, flags, rest] = match as unknown as string[];
  // Version 00 ends here; later ones may go on, and ff is forbidden for ever.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return newTrace();
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentSpanId!)) return newTrace();
  const sampled = (Number.parseInt(flags!, 16) & SAMPLED) !== 0;
  return { traceId: traceId!, parentSpanId: parentSpanId!, sampled, traceState: readTraceState(tracestate) };
}

/** `00-<trace>-<span>-01`, of our own span. */
export function traceparentOf(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

export function newSpanId(): string {
  return randomHex(8);
}

/** Many ids' worth at a time: a call for each costs twenty times as much. */
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
