/** Makes stale answers anew in the background: each at most once at a time, few at once, so that they take little from those who wait. */
import { randomUUID } from 'node:crypto';
import type { Principal } from '../../core/protocol/principal.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from '../query/handler-deps.ts';
import { runToEnd } from '../query/run-to-end.ts';
import { startBackground } from '../query/start-query.ts';
import type { CacheCounts } from '../results/cache-counts.ts';
import type { LeadingAnswer } from './leading-answer.ts';

export interface RefresherDeps {
  readonly handler: Omit<QueryHandlerDeps, 'cache'>;
  readonly counts: CacheCounts;
  /** Returns what gets the answer of a query that is run for the store only. */
  lead(id: string, asked: QueryRequest, query: QueryRecord): LeadingAnswer;
  /** Whether the same query runs already. */
  isRunning(id: string): boolean;
}

interface Wanted {
  readonly id: string;
  readonly principal: Principal;
  readonly asked: QueryRequest;
}

const AT_ONCE = 1;
/** The most refreshes that wait; more are left to the next one who asks. */
const MAX_WAITING = 100;

export class Refresher {
  readonly #deps: RefresherDeps;
  readonly #waiting = new Map<string, Wanted>();
  readonly #running = new Set<string>();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  refresh(id: string, principal: Principal, asked: QueryRequest): void {
    if (this.#running.has(id) || this.#waiting.size >= MAX_WAITING || this.#deps.isRunning(id)) return;
    this.#waiting.set(id, { id, principal, asked });
    this.#next();
  }

  #next(): void {
    if (this.#running.size >= AT_ONCE || this.#deps.handler.isDraining()) return;
    const next = this.#waiting.values().next().value;
    if (next === undefined) return;
    this.#waiting.delete(next.id);
    this.#running.add(next.id);
    void this.#run(next).finally(() => {
      this.#running.delete(next.id);
      this.#next();
    });
  }

  async #run({ id, principal, asked }: Wanted): Promise<void> {
    const { handler, counts, lead } = this.#deps;
    const query = startBackground(handler, principal, asked, `refresh-${randomUUID()}`);
    await runToEnd(handler, query, asked, lead(id, asked, query), { cache: 'refresh' });
    if (query.error === null) counts.refreshes.succeeded++;
    else counts.refreshes.failed++;
  }
}
