/**
 * Decides which line goes into the file, whatever way it came (socket, spill file, raw output): a stream's lines
 * reach the file once each and in the order of their seqs. A line whose seq is not above all that came before is
 * one that was sent again. Whoever brings lines of a stream must bring older ones first: see core/logging/wire.ts.
 */
import { AUDIT_ROLE } from '../../core/protocol/audit-config.ts';
import type { Pipeline } from './pipeline.ts';

export interface StreamState {
  readonly stream: string;
  /** The file that its lines are written to. */
  readonly route: Route;
  /** Highest seq that was handed to the pipeline. */
  received: number;
  /** Highest seq in the file. */
  written: number;
  /** Told once a write, with `written`; null while no client of this stream is connected. */
  onAck: ((seq: number) => void) | null;
  /** When the client went (clock of performance.now), for forgetting the stream. */
  goneAtMs: number;
  waiters: { readonly seq: number; readonly resolve: () => void }[];
}

const FORGET_AFTER_MS = 60_000;

/** A file that lines go into. */
export interface Route {
  readonly pipeline: Pipeline;
  /** The stream's highest seq in the file; 0 when there is none. */
  lastSeq(stream: string): number;
}

export interface MergerDeps {
  readonly log: Route;
  /** The route of lines whose role is `audit`; null when nothing is audited. */
  readonly audit: Route | null;
}

export class Merger {
  readonly #deps: MergerDeps;
  readonly #states = new Map<string, StreamState>();
  readonly #unacknowledged = new Set<StreamState>();

  constructor(deps: MergerDeps) {
    this.#deps = deps;
  }

  /** The state if this process already knows the stream. */
  known(stream: string): StreamState | undefined {
    return this.#states.get(stream);
  }

  /** The state, made from what is in the log when it is not known. */
  open(stream: string, role: string): StreamState {
    const known = this.#states.get(stream);
    if (known !== undefined) return known;
    const route = this.#routeOf(role);
    const lastSeq = route.lastSeq(stream);
    const goneAtMs = performance.now();
    const state = { stream, route, received: lastSeq, written: lastSeq, onAck: null, goneAtMs, waiters: [] };
    this.#states.set(stream, state);
    return state;
  }

  /** Takes a line with its line end; false when the file has it already. */
  accept(state: StreamState, line: Buffer, seq: number): boolean {
    if (seq <= state.received) return false;
    state.received = seq;
    state.route.pipeline.write(line, () => this.#onWritten(state, seq));
    return true;
  }

  /** Whether so much waits to be written that no more should be read. */
  get full(): boolean {
    const { log, audit } = this.#deps;
    return log.pipeline.full || audit?.pipeline.full === true;
  }

  /** Resolves when it is no longer full. */
  async room(): Promise<void> {
    const { log, audit } = this.#deps;
    await Promise.all([log.pipeline.room(), audit?.pipeline.room()]);
  }

  /** Whether there is a file for lines of this role. */
  takes(role: string): boolean {
    return role !== AUDIT_ROLE || this.#deps.audit !== null;
  }

  /** Whether lines of this stream and role go into the audit file. */
  isAudited(stream: string, role: string): boolean {
    return (
      role === AUDIT_ROLE || (this.#deps.audit !== null && this.known(stream)?.route === this.#deps.audit)
    );
  }

  /** Throws for audit records when nothing is audited: they would be written where nobody looks for them. */
  #routeOf(role: string): Route {
    if (role !== AUDIT_ROLE) return this.#deps.log;
    if (this.#deps.audit === null) throw new Error('an audit record, and there is no audit file');
    return this.#deps.audit;
  }

  /** Resolves when everything accepted up to seq is in the file. */
  whenWritten(state: StreamState, seq: number): Promise<void> {
    if (state.written >= seq) return Promise.resolve();
    return new Promise((resolve) => state.waiters.push({ seq, resolve }));
  }

  /** Drops what is remembered of streams whose clients went long ago. */
  forgetGone(): void {
    const before = performance.now() - FORGET_AFTER_MS;
    for (const [stream, { onAck, goneAtMs, received, written }] of this.#states) {
      if (onAck === null && goneAtMs < before && received === written) this.#states.delete(stream);
    }
  }

  /** All lines of one write come here in one turn, and get one acknowledgement a stream. */
  #onWritten(state: StreamState, seq: number): void {
    state.written = seq;
    if (this.#unacknowledged.size === 0) queueMicrotask(() => this.#acknowledge());
    this.#unacknowledged.add(state);
  }

  #acknowledge(): void {
    for (const state of this.#unacknowledged) {
      state.onAck?.(state.written);
      if (state.waiters.length > 0) wake(state);
    }
    this.#unacknowledged.clear();
  }
}

function wake(state: StreamState): void {
  const ready = state.waiters.filter((waiter) => waiter.seq <= state.written);
  state.waiters = state.waiters.filter((waiter) => waiter.seq > state.written);
  for (const { resolve } of ready) resolve();
}
