/** A query that leads, and what its answer needs of the cache. */
import type { WireError } from '../../core/protocol/errors.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { QueryAnswer } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { NotKept } from '../results/cache-counts.ts';
import type { Spool } from '../results/spool.ts';
import type { AnswerFacts } from './answer-facts.ts';
import type { Asking } from './cache-context.ts';
import type { Flight } from './flight.ts';
import type { KeepPolicy } from './keep-policy.ts';
import type { Found } from './lookup.ts';
import type { SharedEnd } from './shared-result.ts';

/** An answer that has ended well, and may be kept. */
export interface WholeAnswer {
  readonly plan: Plan;
  readonly policy: KeepPolicy;
  readonly facts: AnswerFacts | null;
  readonly end: SharedEnd;
  readonly tookMs: number;
}

/** A query that leads, with what its answer is for. */
export interface LeadingQuery {
  readonly flight: Flight;
  readonly query: QueryRecord;
  readonly asked: QueryRequest;
  /** The client's stream; null when the answer is made for the store only. */
  readonly client: (QueryAnswer & { readonly streaming: boolean }) | null;
  /** The request with the kept answer that is too old for it; null without one. */
  readonly stale: StaleAnswer | null;
  /** The number of the last change that other Forklines had told when it began. */
  readonly sharedAsOf: number | null;
}

export interface StaleAnswer {
  readonly asking: Asking;
  readonly found: Found;
}

/** The part that all answers that lead have in common, made once, since each query that is not kept has such an answer (answer-keeper.ts). */
export interface LeadingDeps {
  readonly bufferBytes: number;
  policyOf(leading: LeadingQuery, plan: Plan): KeepPolicy | null;
  /** Returns the plan's facts when they are known; null otherwise. */
  knownFacts(plan: Plan): AnswerFacts | null;
  findFacts(leading: LeadingQuery, plan: Plan): Promise<AnswerFacts>;
  createSpool(leading: LeadingQuery): Spool | null;
  /** Keeps the answer: the spool's, or the body in memory. Resolves when that is done. */
  keep(leading: LeadingQuery, whole: WholeAnswer, result: Spool | Buffer): Promise<void>;
  hasRoomFor(bytes: number): boolean;
  /** Whether a spool of `bytes` may go on: it may be kept, or others follow it and the disk's bound allows it. */
  mayGrowTo(bytes: number, isFollowed: boolean): boolean;
  /** Called when nobody may join any more. */
  onLanded(flight: Flight): void;
  /** Counts why an answer is not kept. */
  onNotKept(reason: NotKept): void;
  /** Answers the client with a stale answer instead of this error. Returns false when there is none. */
  answerStale(leading: LeadingQuery, error: WireError): boolean;
}
