/**
 * Sends spans to a collector, in batches, by OTLP/HTTP with JSON. It never slows a query: spans that do not fit into the
 * bounded queue are dropped and counted.
 *
 *   idle --spans--> waiting --a moment, or a full batch--> sending --200--> idle or waiting
 *                      ^------ backing off <---- unreachable, 429, 502-504 (the batch is kept)
 *                                    any other answer: the batch is dropped and counted
 *
 * This is our own code because the protocol is one POST of JSON, and OpenTelemetry's dozen packages would be loaded into the
 * process whose event loop streams everybody's answers.
 */
import type { Log } from '../../core/logging/log.ts';
import type { Span, SpanAttributes } from '../history/trace.ts';
import { postSpans } from './otlp.ts';

export interface TraceExporterOptions {
  readonly endpoint: string;
  readonly resource: SpanAttributes;
  readonly log: Log;
  /** Replace the defaults in tests, which need a small queue and short delays. */
  readonly maxQueued?: number;
  readonly delayMs?: number;
}

const MAX_QUEUED = 4096;
const BATCH = 512;
const DELAY_MS = 1000;
const MAX_BACKOFF_MS = 30_000;

export class TraceExporter {
  readonly #options: TraceExporterOptions;
  readonly #maxQueued: number;
  readonly #delayMs: number;
  #queue: Span[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #failures = 0;
  exported = 0;
  /** The number of dropped spans by reason: the queue was full, or the collector refused them. */
  readonly dropped = { 'queue-full': 0, refused: 0 };

  constructor(options: TraceExporterOptions) {
    this.#options = options;
    this.#maxQueued = options.maxQueued ?? MAX_QUEUED;
    this.#delayMs = options.delayMs ?? DELAY_MS;
  }

  add(spans: readonly Span[]): void {
    if (this.#queue.length + spans.length > this.#maxQueued) {
      this.dropped['queue-full'] += spans.length; // all spans of the query, since a trace with missing spans would mislead
      return;
    }
    this.#queue.push(...spans);
    this.#arm();
  }

  /** Sends the waiting spans once, within the time; spans that are left after that are dropped. */
  async close(timeoutMs: number): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
    await Promise.race([late, this.#sendRest()]);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #sendRest(): Promise<void> {
    await this.#sending;
    while (this.#queue.length > 0) {
      const before = this.#failures;
      await this.#send();
      if (this.#failures > before) return;
    }
  }

  #arm(): void {
    const full = this.#queue.length >= BATCH && this.#failures === 0;
    if (this.#sending !== null || (this.#timer !== null && !full)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const waitMs = full ? 0 : Math.min(MAX_BACKOFF_MS, this.#delayMs * 2 ** this.#failures);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#sending = this.#send().finally(() => {
        this.#sending = null;
        if (this.#queue.length > 0) this.#arm();
      });
    }, waitMs).unref();
  }

  /** Sends one batch. Never rejects. */
  async #send(): Promise<void> {
    const { endpoint, resource, log } = this.#options;
    const batch = this.#queue.splice(0, BATCH);
    const result = await postSpans(endpoint, resource, batch);
    // Only the first of several failures in a row is logged: one line per second would flood the log.
    if (result.problem !== null && this.#failures === 0)
      log.warn('spans-not-exported', { endpoint, problem: result.problem, spans: batch.length });
    if (result.retry) {
      this.#failures++;
      this.#keep(batch);
      return;
    }
    this.#failures = 0;
    this.exported += batch.length - result.rejected;
    this.dropped.refused += result.rejected;
  }

  /** Puts the batch back in front of newer spans; the newest ones that no longer fit are dropped. */
  #keep(batch: Span[]): void {
    this.#queue = [...batch, ...this.#queue];
    this.dropped['queue-full'] += this.#queue.splice(this.#maxQueued).length;
  }
}
