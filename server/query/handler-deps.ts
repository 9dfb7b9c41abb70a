/** The objects that a query needs on its way through the server: made once, in main.ts, or by tests. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../core/logging/log.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { Limits } from '../../core/protocol/server-config.ts';
import type { QueryRates } from '../admission/query-rates.ts';
import type { ReadingWatch } from '../answer/reading-watch.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import type { Audit } from '../audit/audit.ts';
import type { PoisonLedger } from '../history/poison.ts';
import type { QueryRegistry } from '../history/registry.ts';
import type { SlowLog } from '../history/slow-log.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { RunDeps } from './run.ts';

/** Answers queries, from what it keeps or by running them (server/cache/query-cache.ts). Rejects only before the query has started. */
export interface AnswerCache {
  answer(
    principal: Principal,
    request: IncomingMessage,
    response: ServerResponse,
    asked: QueryRequest,
    revalidation?: Revalidation,
  ): Promise<void>;
}

export interface QueryHandlerDeps {
  readonly run: RunDeps;
  readonly registry: QueryRegistry;
  readonly limits: Limits;
  readonly rates: Pick<QueryRates, 'take'>;
  readonly metrics: Metrics;
  readonly poison: PoisonLedger;
  readonly slowLog: SlowLog;
  readonly tracing: Tracing;
  readonly reading: ReadingWatch;
  readonly log: Log;
  /** null: nothing is audited. */
  readonly audit: Audit | null;
  /** Left out when no answers are kept. */
  readonly cache?: AnswerCache;
  /** Returns true while the server stops: it then takes no new queries. */
  readonly isDraining: () => boolean;
}
