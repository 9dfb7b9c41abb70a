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
import type { Spool } from '../results/spool.ts';
import { type AnswerFacts, isKeepable } from './answer-facts.ts';
import type { Turn } from './flight.ts';
import type { KeepPolicy } from './keep-policy.ts';
import type { LeadingDeps, LeadingQuery, WholeAnswer } from './leading-query.ts';
import type { SharedEnd } from './shared-result.ts';

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
const MISS = { status: 'miss' };

export class LeadingAnswer implements QueryAnswer {
  readonly #deps: LeadingDeps;
  readonly #leading: LeadingQuery;
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
  #resume: (() => void) | null = null;
  /** Tells those who waited when the leader ended; null before. */
  #tellWaiting: ((turn: Turn) => void) | null = null;

  constructor(deps: LeadingDeps, leading: LeadingQuery) {
    this.#deps = deps;
    this.#leading = leading;
    leading.client?.onDrain(() => {
      this.#clientIsFull = false;
      this.#resumeWhenBothCan();
    });
  }

  /** The member `stats.cache` of the answer. */
  get told(): object {
    return MISS;
  }

  /** Whether the answer goes to its client only. */
  get isPassing(): boolean {
    return this.#mode === 'passing';
  }

  /** Whether it is certain already that the answer will be kept, unless the disk fails. */
  get willBeKept(): boolean {
    return (
      this.#isAllowed === true &&
      this.#mode === 'holding' &&
      Date.now() - this.#leading.query.startedAt >= this.#policy!.minMs && // set when allowed
      this.#deps.hasRoomFor(this.#heldBytes)
    );
  }

  planned(plan: Plan): void {
    const { flight } = this.#leading;
    this.#plan = plan;
    flight.models = plan.models?.used ?? null;
    this.#policy = this.#deps.policyOf(this.#leading, plan);
    if (this.#policy === null) {
      this.#deps.onNotKept('forbidden');
      this.#decide(false);
    } else if (this.#policy.evenVolatile) this.#decide(true);
    else {
      const facts = this.#deps.knownFacts(plan);
      if (facts !== null) this.#judge(facts);
      else if (flight.hasFollowers) void this.#ask();
      else flight.onFollower(() => void this.#ask());
    }
  }

  onDrain(callback: () => void): void {
    this.#resume = callback;
  }

  write(bytes: Buffer, release: () => void): boolean {
    const { client } = this.#leading;
    if (this.#spool !== null && !this.#mayGrowBy(bytes.length)) {
      this.#deps.onNotKept('too-large');
      this.#pass();
    }
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
    if (this.#heldBytes <= this.#deps.bufferBytes) return clientTakes;
    return this.#startSpool() && clientTakes;
  }

  /** Tells whether the spool may take so many more bytes: what will not be kept is not written for nobody. */
  #mayGrowBy(bytes: number): boolean {
    return this.#deps.mayGrowTo(this.#spool!.bytes + bytes, this.#leading.flight.isFollowed); // only called with one
  }

  restart(): boolean {
    if (this.#mode === 'spooling' || this.#leading.client?.restart() === false) return false;
    this.#dropHeld();
    return true;
  }

  finish(end: AnswerEnd): void {
    this.#leading.client?.finish(end);
    if (this.#endsAtOnce()) return;
    void this.#land({ rows: end.rows, complete: end.complete, plan: toldPlan(this.#plan!) }); // planned before it ran
  }

  /** Ends an answer that nobody waits for and that is not kept, as most are. Returns false for the others. */
  #endsAtOnce(): boolean {
    const { flight, query } = this.#leading;
    if (this.#ended !== null || this.#spool !== null || flight.hasFollowers) return false;
    if (this.#mode === 'passing') return true;
    if (Date.now() - query.startedAt >= this.#policy!.minMs) return false; // set when planned
    this.#deps.onNotKept('fast');
    this.#dropHeld();
    this.#deps.onLanded(flight);
    return true;
  }

  fail(error: WireError): void {
    const { client, flight } = this.#leading;
    this.#dropHeld();
    const isStreamed = this.#ended !== null;
    this.#ended?.(null);
    void this.#spool?.abandon();
    if (isStreamed || !OWN_REASONS.has(error.code) || !flight.handOver()) {
      this.#deps.onLanded(flight);
      if (!isStreamed) flight.settle({ kind: 'alone' });
    }
    if (client === null) return;
    const mayBeStale = errorClass(error.code).status >= SERVER_ERROR && !client.streaming;
    if (!(mayBeStale && this.#deps.answerStale(this.#leading, error))) client.fail(error);
  }

  #toClient(bytes: Buffer, release: () => void): boolean {
    const { client } = this.#leading;
    if (client === null) {
      if (this.#mode === 'passing') release();
      return true;
    }
    const takes = client.write(bytes, release);
    if (!takes) this.#clientIsFull = true;
    return takes;
  }

  #startSpool(): boolean {
    const spool = this.#deps.createSpool(this.#leading);
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
    const turn: Turn = { kind: 'follow', spool, ended };
    if (this.#tellWaiting === null) this.#leading.flight.settle(turn);
    else this.#tellWaiting(turn);
  }

  #resumeWhenBothCan(): void {
    if (!this.#clientIsFull && this.#spool?.isFull !== true) this.#resume?.();
  }

  async #ask(): Promise<boolean> {
    this.#asking ??= this.#deps.findFacts(this.#leading, this.#plan!).then((facts) => {
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
    const { flight } = this.#leading;
    this.#mode = 'passing';
    this.#dropHeld();
    void this.#spool?.abandon();
    this.#spool = null;
    this.#ended?.(null);
    this.#deps.onLanded(flight);
    flight.settle({ kind: 'alone' });
  }

  async #land(end: SharedEnd): Promise<void> {
    const { flight, query } = this.#leading;
    const tookMs = Date.now() - query.startedAt;
    // Clients that come from now on did not ask while the query ran: the store answers them, or a new run.
    const hasFollowers = flight.hasFollowers || this.#ended !== null;
    const tell = flight.close();
    this.#tellWaiting = tell;
    try {
      if (this.#mode === 'passing') return;
      const policy = this.#policy!; // set when planned, and not null while it does not pass
      const isSlow = tookMs >= policy.minMs;
      if (!isSlow) this.#deps.onNotKept('fast');
      if (!isSlow && !hasFollowers) return await this.#spool?.abandon();
      const result = this.#spool ?? this.#takeHeld();
      if (this.#isAllowed === null) await this.#ask();
      if (this.#isAllowed !== true) return;
      if (Buffer.isBuffer(result)) tell({ kind: 'result', result: { body: result, end } });
      this.#ended?.(end);
      // The wish of a query or a rule decides without facts, but its tables count all the same.
      if (isSlow) this.#facts ??= await this.#deps.findFacts(this.#leading, this.#plan!);
      await this.#keepOrEnd({ plan: this.#plan!, policy, facts: this.#facts, end, tookMs }, result, isSlow);
    } finally {
      this.#dropHeld();
      this.#deps.onLanded(flight);
      tell({ kind: this.#isAllowed === true ? 'look' : 'alone' });
      flight.settle({ kind: 'look' });
      this.#ended?.(null);
    }
  }

  async #keepOrEnd(whole: WholeAnswer, result: Spool | Buffer, isSlow: boolean): Promise<void> {
    const bytes = Buffer.isBuffer(result) ? result.length : result.bytes;
    const fits = this.#deps.hasRoomFor(bytes);
    if (!fits) this.#deps.onNotKept('too-large');
    if (isSlow && fits) await this.#deps.keep(this.#leading, whole, result);
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
