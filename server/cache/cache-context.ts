/** The objects that the parts of the cache share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../core/protocol/principal.ts';
import type { CacheConfig } from '../../core/protocol/results-config.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from '../query/handler-deps.ts';
import type { CacheCounts } from '../results/cache-counts.ts';
import type { ResultFacts } from '../results/entry.ts';
import type { ResultStore } from '../results/store.ts';
import type { Changed } from './change-times.ts';
import type { Changes } from './changes.ts';
import type { RequestControl } from './request-control.ts';

/** Answers that several Forklines share. */
export interface SharedAnswers {
  /** Returns the number of the last change that is known, for a query that begins now; null: its answer cannot be shared. */
  asOf(): number | null;
  /** Looks for an answer and keeps it here. Resolves to whether there is one now that was not here before; never rejects. */
  fetch(id: string): Promise<boolean>;
  /** Gives the others an answer that is kept here. `asOf`: what `asOf()` was when its query began. */
  offer(id: string, facts: ResultFacts, asOf: number | null): void;
  /** Tells the others of a change. Resolves to whether they are told already; never rejects. */
  tell(changed: Changed): Promise<boolean>;
}

export interface CacheContext {
  /** null: no other Forkline has a part in this cache. */
  readonly shared: SharedAnswers | null;
  readonly config: CacheConfig;
  readonly store: ResultStore;
  readonly changes: Changes;
  readonly counts: CacheCounts;
  /** The versions of what computes and encodes answers. */
  readonly engines: string;
  readonly handler: Omit<QueryHandlerDeps, 'cache'>;
}

/** One request on its way through the cache. */
export interface Asking {
  readonly principal: Principal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly asked: QueryRequest;
  readonly control: RequestControl;
  /** Set for the rows of a model, whose answers have a tag even when they are made anew. */
  readonly revalidation: Revalidation | undefined;
  /** The key of its answer. */
  readonly id: string;
}
