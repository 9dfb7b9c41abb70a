/** The objects that the parts of the cache share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../../core/protocol/principal.ts';
import type { CacheConfig } from '../../core/protocol/results-config.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from '../query/handler-deps.ts';
import type { CacheCounts } from '../results/cache-counts.ts';
import type { ResultStore } from '../results/store.ts';
import type { Changes } from './changes.ts';
import type { RequestControl } from './request-control.ts';

export interface CacheContext {
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
