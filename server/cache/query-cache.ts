/**
 * Answers queries from what is kept, or lets one of those who ask the same run and gives its answer to all of them.
 *
 *   request --fresh entry--> kept answer
 *      |  --stale, within the time for it--> kept answer, and one refresh in the background
 *      |  --the same query runs--> waits for its answer (flight.ts)
 *      v
 *   runs, and is kept if it is slow enough and may be (leading-answer.ts)
 *
 * A kept answer is sent only within the scope that it was made for.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import type { AnswerStream } from '../answer/stream.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import { runStarted, streamOf } from '../query/handler.ts';
import type { AnswerCache } from '../query/handler-deps.ts';
import { endEarly, endWith } from '../query/run-to-end.ts';
import { startQuery } from '../query/start-query.ts';
import { AnswerKeeper } from './answer-keeper.ts';
import type { Asking, CacheContext } from './cache-context.ts';
import { type ForwardReason, forwarded, keptHeaders, unkeptHeaders } from './cache-headers.ts';
import { Flight, type Turn } from './flight.ts';
import { FlightTable } from './flight-table.ts';
import { mayBeSent } from './freshness.ts';
import { LeadingAnswer } from './leading-answer.ts';
import type { StaleAnswer } from './leading-query.ts';
import { type Found, findEntry, keyOf } from './lookup.ts';
import { Refresher } from './refresher.ts';
import { controlOf, NO_CONTROL, type RequestControl } from './request-control.ts';
import { sendHit } from './send-hit.ts';
import { shareAnswer } from './share-answer.ts';
import { Warmer } from './warmer.ts';

export class QueryCache implements AnswerCache {
  readonly #context: CacheContext;
  readonly #flights = new FlightTable();
  readonly #keeper: AnswerKeeper;
  readonly #refresher: Refresher;
  readonly #warmer: Warmer;

  constructor(context: CacheContext) {
    this.#context = context;
    this.#keeper = new AnswerKeeper(context, this.#flights);
    this.#refresher = new Refresher({
      handler: context.handler,
      counts: context.counts,
      lead: (id, asked, query) => this.#leadFor(asked, query, this.#begin(id), null, null),
      isRunning: (id) => this.#flights.get(id) !== null,
    });
    this.#warmer = new Warmer(context, this.#refresher);
  }

  /** Begins to keep answers warm. */
  start(): void {
    this.#warmer.start();
  }

  /** Starts nothing in the background any more. */
  stop(): void {
    this.#warmer.stop();
  }

  /** The number of queries whose answers others may wait for. */
  get flights(): number {
    return this.#flights.size;
  }

  async answer(
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
    asked: QueryRequest,
    revalidation?: Revalidation,
  ): Promise<void> {
    const control = controlOf(request.headers);
    const id = keyOf(this.#context, asked, principal);
    const asking = { principal, request, response, asked, control, id, revalidation };
    if (control === NO_CONTROL && this.#isNowhere(id))
      return this.#lead(asking, this.#start(asking, true), this.#begin(id), null);
    if (!control.noStore || control.onlyIfCached) {
      await this.#answer(asking);
      return;
    }
    this.#context.counts.misses['no-store']++;
    await this.#runAlone(asking, this.#start(asking, true), 'bypass');
  }

  /** Tells whether it is known without waiting that nothing is kept, and that nobody runs the same. */
  #isNowhere(id: string): boolean {
    const { store, shared } = this.#context;
    return shared === null && store.isWithout(id) && this.#flights.get(id) === null;
  }

  /** Answers. The record of the query is made once, when it is known whether it counts in its principal's limits. */
  async #answer(asking: Asking): Promise<void> {
    const { control, id } = asking;
    let query: QueryRecord | null = null;
    for (let hasWaited = false; ; hasWaited = true) {
      const landing = this.#flights.get(id);
      // Never an older answer than one that somebody has got already.
      if (landing?.isLanding && !control.noCache) await landing.join().turn;
      let found = control.noCache && !hasWaited ? null : await this.#find(asking, !hasWaited);
      const kept = found === null ? 'unusable' : await this.#answerKept(asking, found, query);
      if (kept === 'sent') return;
      if (kept === 'gone') found = null;
      if (control.onlyIfCached) throw notCached();
      const flight = control.noCache ? null : this.#flights.get(id);
      if (flight === null || this.#isOutdated(flight, found)) {
        query ??= this.#start(asking, true);
        await this.#lead(asking, query, this.#begin(id), found);
        return;
      }
      query ??= this.#start(asking, false);
      const turn = await this.#wait(asking, query, flight);
      if (turn === null) return;
      if (turn.kind === 'look') continue;
      await this.#take(asking, query, flight, turn, found);
      return;
    }
  }

  /** Returns the kept answer. One that is missing or stale here is looked for where answers are shared. */
  async #find(asking: Asking, looksElsewhere: boolean): Promise<Found | null> {
    const { shared } = this.#context;
    const found = await findEntry(this.#context, asking);
    if (shared === null || !looksElsewhere || found?.freshness.staleMs === null) return found;
    return (await shared.fetch(asking.id)) ? await findEntry(this.#context, asking) : found;
  }

  /** Tells whether data or models are known to have changed since the leader began, so that it must not answer those who came after that. */
  #isOutdated(flight: Flight, found: Found | null): boolean {
    const { changes, handler } = this.#context;
    const { catalogue } = handler.run;
    if (flight.models !== null && catalogue?.areCurrent(flight.models) === false) return true;
    return (
      changes.lastOfAny > flight.asOf &&
      (found === null || changes.lastKnownFor(found.entry.description) > flight.asOf)
    );
  }

  #start({ principal, request, asked }: Asking, isCounted: boolean): QueryRecord {
    return startQuery(this.#context.handler, principal, request, asked, { isCounted });
  }

  #begin(id: string): Flight {
    const flight = new Flight(id, this.#context.changes.now());
    this.#flights.add(flight);
    return flight;
  }

  /** Answers with the entry if it is fresh, or stale for a time that allows it. */
  async #answerKept(
    asking: Asking,
    found: Found,
    query: QueryRecord | null,
  ): Promise<'sent' | 'unusable' | 'gone'> {
    const { staleMs } = found.freshness;
    const isFresh = staleMs === null;
    if (
      !isFresh &&
      (!mayBeSent(staleMs, found.entry.description.staleWhileRevalidateMs) ||
        asking.control.maxAgeMs !== null)
    )
      return 'unusable';
    if (!(await sendHit(this.#context, asking, found, isFresh ? 'fresh' : 'stale', query))) return 'gone';
    if (!isFresh) this.#refresher.refresh(asking.id, asking.principal, asking.asked);
    return 'sent';
  }

  #lead(asking: Asking, query: QueryRecord, flight: Flight, found: Found | null): Promise<void> {
    const { handler, counts } = this.#context;
    const { request, response, asked, control, revalidation } = asking;
    const reason = reasonOf(control, found);
    counts.misses[reason]++;
    const forward = FORWARDS[reason];
    const cacheHeaders = () =>
      leading.isPassing
        ? unkeptHeaders(forwarded(forward, null), revalidation)
        : keptHeaders(asking, forwarded(forward, leading.willBeKept ? 'stored' : null));
    const stream = streamOf(handler, query, request, response, asked, { cacheHeaders, revalidation });
    const stale = found === null ? null : { asking, found };
    const leading = this.#leadFor(asked, query, flight, stream, stale);
    return runStarted(handler, query, request, response, asked, leading);
  }

  #leadFor(
    asked: QueryRequest,
    query: QueryRecord,
    flight: Flight,
    client: AnswerStream | null,
    stale: StaleAnswer | null,
  ): LeadingAnswer {
    const { shared } = this.#context;
    const sharedAsOf = shared === null ? null : shared.asOf();
    return new LeadingAnswer(this.#keeper, { flight, query, asked, client, stale, sharedAsOf });
  }

  /** Resolves to what comes next; to null when the query has ended while it waited, and was answered. */
  async #wait(asking: Asking, query: QueryRecord, flight: Flight): Promise<Turn | null> {
    const { handler } = this.#context;
    const { request, response, asked } = asking;
    query.phase = 'shared';
    const stopTimer = endEarly(query, response);
    const place = flight.join();
    try {
      return await raceCancellation(query.cancellation, place.turn, place.leave);
    } catch (thrown) {
      // The place may have been told to lead at this very moment.
      void place.turn.then((turn) => {
        if (turn.kind !== 'lead' || flight.handOver()) return;
        this.#flights.remove(flight);
      });
      const stream = streamOf(handler, query, request, response, asked);
      await endWith(handler, query, asked, stream, () => Promise.reject(thrown as Error));
      return null;
    } finally {
      stopTimer();
    }
  }

  async #take(
    asking: Asking,
    query: QueryRecord,
    flight: Flight,
    turn: Exclude<Turn, { kind: 'look' }>,
    found: Found | null,
  ): Promise<void> {
    const { counts } = this.#context;
    switch (turn.kind) {
      case 'lead':
        counts.handOvers++;
        return this.#lead(asking, query, flight, found);
      case 'alone':
        counts.misses.absent++;
        return this.#runAlone(asking, query, 'miss');
      default:
        return shareAnswer(this.#context, asking, query, turn);
    }
  }

  async #runAlone(asking: Asking, query: QueryRecord, reason: ForwardReason): Promise<void> {
    const { handler } = this.#context;
    const { request, response, asked, revalidation } = asking;
    const cacheHeaders = () => unkeptHeaders(forwarded(reason, null), revalidation);
    const stream = streamOf(handler, query, request, response, asked, { cacheHeaders, revalidation });
    await runStarted(handler, query, request, response, asked, stream);
  }
}

type Reason = 'absent' | 'stale' | 'no-cache';

const FORWARDS: Readonly<Record<Reason, ForwardReason>> = {
  absent: 'miss',
  stale: 'stale',
  'no-cache': 'request',
};

function reasonOf({ noCache }: RequestControl, found: Found | null): Reason {
  if (noCache) return 'no-cache';
  return found === null ? 'absent' : 'stale';
}

function notCached(): QueryError {
  return new QueryError('not-cached', 'no fresh answer to this query is kept', {
    hint: 'Send it without `Cache-Control: only-if-cached`, so that it may run.',
  });
}
