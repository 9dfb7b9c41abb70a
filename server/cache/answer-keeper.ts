/** Decides about the answers of queries that lead, and keeps them. One for all of them, so that a query that is not kept costs little. */
import type { WireError } from '../../core/protocol/errors.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { NotKept } from '../results/cache-counts.ts';
import type { Spool } from '../results/spool.ts';
import { type AnswerFacts, FactsBook } from './answer-facts.ts';
import type { CacheContext } from './cache-context.ts';
import type { Flight } from './flight.ts';
import type { FlightTable } from './flight-table.ts';
import { KeepPolicies, type KeepPolicy } from './keep-policy.ts';
import type { LeadingDeps, LeadingQuery, WholeAnswer } from './leading-query.ts';
import { keepOfModels } from './models-policy.ts';
import { factsOfResult } from './result-facts.ts';
import { sendAfterError } from './send-hit.ts';
import { filesSince } from './watched-files.ts';

export class AnswerKeeper implements LeadingDeps {
  readonly bufferBytes: number;
  readonly #context: CacheContext;
  readonly #flights: FlightTable;
  readonly #policies: KeepPolicies;
  readonly #factsBook = new FactsBook();

  constructor(context: CacheContext, flights: FlightTable) {
    this.bufferBytes = context.handler.limits.bufferBytes;
    this.#context = context;
    this.#flights = flights;
    this.#policies = new KeepPolicies(context.config);
  }

  policyOf({ asked: { text } }: LeadingQuery, plan: Plan): KeepPolicy | null {
    const { catalogue } = this.#context.handler.run;
    return this.#policies.of(text, plan, keepOfModels(plan, text.length, catalogue));
  }

  knownFacts(plan: Plan): AnswerFacts | null {
    return this.#factsBook.known(plan);
  }

  findFacts({ asked, query }: LeadingQuery, plan: Plan): Promise<AnswerFacts> {
    const { run } = this.#context.handler;
    const { models } = plan;
    const parameters =
      models === undefined ? asked.parameters : run.catalogue!.withDefaults(models, asked.parameters);
    return this.#factsBook.find(run, plan, parameters, query);
  }

  createSpool({ flight }: LeadingQuery): Spool | null {
    return this.#context.store.create(flight.id);
  }

  hasRoomFor(bytes: number): boolean {
    return this.#context.store.hasRoomFor(bytes);
  }

  mayGrowTo(bytes: number, isFollowed: boolean): boolean {
    const { store } = this.#context;
    return isFollowed ? bytes <= store.maxBytes : bytes <= store.maxEntryBytes;
  }

  onLanded(flight: Flight): void {
    this.#flights.remove(flight);
  }

  onNotKept(why: NotKept): void {
    this.#context.counts.notKept[why]++;
  }

  answerStale({ stale, query, client }: LeadingQuery, error: WireError): boolean {
    if (stale === null) return false;
    return sendAfterError(this.#context, stale.asking, stale.found, query, () => client?.fail(error));
  }

  async keep(leading: LeadingQuery, whole: WholeAnswer, result: Spool | Buffer): Promise<void> {
    const { store, handler, counts, shared } = this.#context;
    const { flight, query, asked, sharedAsOf } = leading;
    const files = await filesSince(whole.facts?.files ?? [], query.startedAt);
    if (files === null) {
      counts.notKept.changed++;
      if (!Buffer.isBuffer(result)) await result.endUnkept();
      return;
    }
    const { connections } = handler.run;
    const facts = factsOfResult(whole, asked, query.startedAt, flight.asOf, connections, files);
    const isKept = Buffer.isBuffer(result)
      ? await store.keep(flight.id, result, facts)
      : await store.commit(flight.id, result, facts);
    if (isKept) counts.kept++;
    else counts.notKept.disk++;
    if (isKept) shared?.offer(flight.id, facts, sharedAsOf);
  }
}
