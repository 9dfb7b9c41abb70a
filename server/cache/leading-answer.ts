/**
 * The answer of a query that leads: its bytes go to its client, to those who wait for the same answer, and into the store where
 * the answer is to be kept. Small answers stay in memory until their end, which tells whether the query was slow enough; larger
 * ones go into a spool from the moment that they stream.
 *
 *   holding --more than bufferBytes--> spooling
 *      |  not to be kept or shared        |  the disk fails
 *      v                                  v
 *   passing (only to the client)       passing
 */
import type { WireError } from '../../core/protocol/errors.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import { errorClass } from '../answer/error-status.ts';
import type { AnswerEnd, QueryAnswer } from '../answer/query-answer.ts';
import { toldPlan } from '../query/query-end.ts';
import type { NotKept } from '../results/cache-counts.ts';
import type { Spool } from '../results/spool.ts';
import { type AnswerFacts, isKeepable } from './answer-facts.ts';
import type { Flight, Turn } from './flight.ts';
import type { KeepPolicy } from './keep-policy.ts';
import type { SharedEnd } from './shared-result.ts';

/** An answer that has ended well, and may be kept. */
export interface WholeAnswer {
  readonly plan: Plan;
  readonly policy: KeepPolicy;
  readonly facts: AnswerFacts | null;
  readonly end: SharedEnd;
  readonly tookMs: number;
}

export interface LeadingDeps {
  readonly flight: Flight;
  /** The client's stream; null when the answer is made for the store only. */
  readonly client: (QueryAnswer & { readonly streaming: boolean }) | null;
  readonly bufferBytes: number;
  readonly startedAt: number;
  policyOf(plan: Plan): KeepPolicy | null;
  /** Returns the plan's facts when they are known; null otherwise. */
  knownFacts(plan: Plan): AnswerFacts | null;
  findFacts(plan: Plan): Promise<AnswerFacts>;
  createSpool(): Spool | null;
  /** Keeps the answer: the spool's, or the body in memory. Resolves when that is done. */
  keep(whole: WholeAnswer, result: Spool | Buffer): Promise<void>;
  hasRoomFor(bytes: number): boolean;
  /** Called when nobody may join any more. */
  onLanded(): void;
  /** Counts why an answer is not kept. */
  onNotKept(reason: NotKept): void;
  /** Answers the client with a stale answer instead of this error. Returns false when there is none. */
  answerStale(error: WireError): boolean;
}

interface Held {
  readonly bytes: Buffer;
  release(): void;
}

/** Failures that are the leader's own: another one who asks the same may do better. */
const OWN_REASONS: ReadonlySet<string> = new Set([
  ...['client-gone', 'client-too-slow', 'cancelled', 'deadline-exceeded', 'result-too-large'],
  ...['memory-pressure', 'queue-timeout', 'worker-lost', 'too-many-queries'],
]);
const SERVER_ERROR = 500;

export class LeadingAnswer implements QueryAnswer {
  readonly #deps: LeadingDeps;
  #mode: 'holding' | 'spooling' | 'passing' = 'holding';
  #plan: Plan | null = null;
  #policy: KeepPolicy | null = null;
  /** Whether the answer may be shared and kept; null: not known yet. */
  #isAllowed: boolean | null = null;
  #facts: AnswerFacts | null = null;
  #asking: Promise<boolean> | null = null;
  #held: Held[] = [];
  #heldBytes = 0;
  #spool: Spool | null = null;
  #ended: ((end: SharedEnd | null) => void) | null = null;
  #clientIsFull = false;
  #resume = (): void => {};
  /** Tells those who wait for the answer. */
  #tell: (turn: Turn) => void;

  constructor(deps: LeadingDeps) {
    this.#deps = deps;
    this.#tell = (turn) => deps.flight.settle(turn);
    deps.client?.onDrain(() => {
      this.#clientIsFull = false;
      this.#resumeWhenBothCan();
    });
  }

  /** Whether the answer goes to its client only. */
  get isPassing(): boolean {
    return this.#mode === 'passing';
  }

  /** Whether it is certain already that the answer will be kept, unless the disk fails. */
  get willBeKept(): boolean {
    const { startedAt, hasRoomFor } = this.#deps;
    return (
      this.#isAllowed === true &&
      this.#mode === 'holding' &&
      Date.now() - startedAt >= this.#policy!.minMs && // set when allowed
      hasRoomFor(this.#heldBytes)
    );
  }

  planned(plan: Plan): void {
    const { policyOf, knownFacts, flight, onNotKept } = this.#deps;
    this.#plan = plan;
    flight.models = plan.models?.used ?? null;
    this.#policy = policyOf(plan);
    if (this.#policy === null) {
      onNotKept('forbidden');
      this.#decide(false);
    } else if (this.#policy.evenVolatile) this.#decide(true);
    else {
      const facts = knownFacts(plan);
      if (facts !== null) this.#judge(facts);
      else if (flight.hasFollowers) void this.#ask();
      else flight.onFollower(() => void this.#ask());
    }
  }

  onDrain(callback: () => void): void {
    this.#resume = callback;
  }

  write(bytes: Buffer, release: () => void): boolean {
    const { client, bufferBytes } = this.#deps;
    if (this.#mode === 'passing') return this.#toClient(bytes, release);
    let users = client === null ? 1 : 2;
    const done = (): void => {
      if (--users === 0) release();
    };
    if (this.#mode === 'spooling') {
      const spoolTakes = this.#spool!.append(bytes, done);
      return this.#toClient(bytes, done) && spoolTakes;
    }
    this.#held.push({ bytes, release: done });
    this.#heldBytes += bytes.length;
    const clientTakes = this.#toClient(bytes, done);
    if (this.#heldBytes <= bufferBytes) return clientTakes;
    return this.#startSpool() && clientTakes;
  }

  restart(): boolean {
    const { client } = this.#deps;
    if (this.#mode === 'spooling' || client?.restart() === false) return false;
    this.#dropHeld();
    return true;
  }

  finish(end: AnswerEnd): void {
    const { client } = this.#deps;
    client?.finish({ ...end, stats: { ...end.stats, cache: { status: 'miss' } } });
    const shared = { rows: end.rows, complete: end.complete, plan: toldPlan(this.#plan!) }; // planned before it ran
    void this.#land(shared);
  }

  fail(error: WireError): void {
    const { client, flight, onLanded, answerStale } = this.#deps;
    this.#dropHeld();
    const isStreamed = this.#ended !== null;
    this.#ended?.(null);
    void this.#spool?.abandon();
    if (isStreamed || !OWN_REASONS.has(error.code) || !flight.handOver()) {
      onLanded();
      if (!isStreamed) flight.settle({ kind: 'alone' });
    }
    if (client === null) return;
    const mayBeStale = errorClass(error.code).status >= SERVER_ERROR && !client.streaming;
    if (!(mayBeStale && answerStale(error))) client.fail(error);
  }

  #toClient(bytes: Buffer, release: () => void): boolean {
    const { client } = this.#deps;
    if (client === null) {
      if (this.#mode === 'passing') release();
      return true;
    }
    const takes = client.write(bytes, release);
    if (!takes) this.#clientIsFull = true;
    return takes;
  }

  #startSpool(): boolean {
    const spool = this.#deps.createSpool();
    if (spool === null) {
      this.#pass();
      return true;
    }
    this.#mode = 'spooling';
    this.#spool = spool;
    spool.onDrain(() => this.#resumeWhenBothCan());
    let takes = true;
    for (const { bytes, release } of this.#held.splice(0)) takes = spool.append(bytes, release);
    if (this.#isAllowed === true) this.#shareSpool();
    return takes;
  }

  #shareSpool(): void {
    const spool = this.#spool!; // only called with one
    const ended = new Promise<SharedEnd | null>((resolve) => {
      this.#ended = resolve;
    });
    this.#tell({ kind: 'follow', spool, ended });
  }

  #resumeWhenBothCan(): void {
    if (!this.#clientIsFull && this.#spool?.isFull !== true) this.#resume();
  }

  async #ask(): Promise<boolean> {
    this.#asking ??= this.#deps.findFacts(this.#plan!).then((facts) => {
      if (this.#isAllowed === null) this.#judge(facts);
      return this.#isAllowed === true;
    });
    return await this.#asking;
  }

  #judge(facts: AnswerFacts): void {
    this.#facts = facts;
    const isAllowed = isKeepable(facts);
    if (!isAllowed) this.#deps.onNotKept(facts.volatility === 'unknown' ? 'unknown' : 'volatile');
    this.#decide(isAllowed);
  }

  #decide(isAllowed: boolean): void {
    this.#isAllowed = isAllowed;
    if (!isAllowed) this.#pass();
    else if (this.#spool !== null && this.#ended === null) this.#shareSpool();
  }

  /** Shares and keeps nothing from now on. */
  #pass(): void {
    const { flight, onLanded } = this.#deps;
    this.#mode = 'passing';
    this.#dropHeld();
    void this.#spool?.abandon();
    this.#spool = null;
    onLanded();
    flight.settle({ kind: 'alone' });
  }

  async #land(end: SharedEnd): Promise<void> {
    const { flight, startedAt, onLanded, onNotKept } = this.#deps;
    const tookMs = Date.now() - startedAt;
    // Clients that come from now on did not ask while the query ran: the store answers them, or a new run.
    const hasFollowers = flight.hasFollowers || this.#ended !== null;
    const tell = flight.close();
    this.#tell = tell;
    try {
      if (this.#mode === 'passing') return;
      const policy = this.#policy!; // set when planned, and not null while it does not pass
      const isSlow = tookMs >= policy.minMs;
      if (!isSlow) onNotKept('fast');
      if (!isSlow && !hasFollowers) return;
      const result = this.#spool ?? this.#takeHeld();
      if (this.#isAllowed === null) await this.#ask();
      if (this.#isAllowed !== true) return;
      if (Buffer.isBuffer(result)) tell({ kind: 'result', result: { body: result, end } });
      this.#ended?.(end);
      // The wish of a query or a rule decides without facts, but its tables count all the same.
      if (isSlow) this.#facts ??= await this.#deps.findFacts(this.#plan!);
      await this.#keepOrEnd({ plan: this.#plan!, policy, facts: this.#facts, end, tookMs }, result, isSlow);
    } finally {
      this.#dropHeld();
      onLanded();
      tell({ kind: this.#isAllowed === true ? 'look' : 'alone' });
      flight.settle({ kind: 'look' });
      this.#ended?.(null);
    }
  }

  async #keepOrEnd(whole: WholeAnswer, result: Spool | Buffer, isSlow: boolean): Promise<void> {
    const { keep, hasRoomFor, onNotKept } = this.#deps;
    const bytes = Buffer.isBuffer(result) ? result.length : result.bytes;
    const fits = hasRoomFor(bytes);
    if (!fits) onNotKept('too-large');
    if (isSlow && fits) await keep(whole, result);
    else if (!Buffer.isBuffer(result)) await result.endUnkept();
  }

  /** Returns a copy of the held bytes, and gives their buffers back. */
  #takeHeld(): Buffer {
    const body = Buffer.concat(this.#held.map(({ bytes }) => bytes));
    this.#dropHeld();
    return body;
  }

  #dropHeld(): void {
    for (const { release } of this.#held.splice(0)) release();
    this.#heldBytes = 0;
  }
}
