/** The routes for operators: queries, processes, logs, limits, metrics, health. */
import type { Request, RequestHandler, Response } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { type Principal, principalOf } from '../../core/protocol/principal.ts';
import { STAGE_LIMITS } from '../../core/protocol/stage-limits.ts';
import { type QueryRecord, viewOf } from '../history/registry.ts';
import { withWorkedQueries } from '../observe/worked-queries.ts';
import type { AppDeps } from './app-deps.ts';
import { MAX_PARAMETERS } from './request/json-shape.ts';
import { readLogFilter, readSummaryFilter } from './request/log-filter.ts';

export interface Operations {
  readonly listQueries: RequestHandler;
  readonly showQuery: RequestHandler;
  readonly cancelQuery: RequestHandler;
  readonly processes: RequestHandler;
  readonly logs: RequestHandler;
  readonly logSummary: RequestHandler;
  readonly limits: RequestHandler;
  readonly metrics: RequestHandler;
  readonly live: RequestHandler;
  readonly ready: RequestHandler;
}

export function createOperations(deps: AppDeps): Operations {
  const { registry, limits, metrics, logSearch } = deps;
  return {
    listQueries: (request, response) =>
      void response.json({ queries: registry.list(Date.now(), seenBy(principalOf(request))) }),
    showQuery: (request, response) => void response.json(viewOf(found(deps, request), Date.now())),
    cancelQuery: (request, response) => cancel(deps, request, response),
    processes: async (_, response) => {
      const { processes } = await deps.askMonitor();
      response.json({ processes: withWorkedQueries(processes, registry.running(), deps.run.connections) });
    },
    logs: async (request, response) => {
      const filter = readLogFilter(request);
      if (!deps.isLogStored) throw noStoredLog();
      deps.audit?.act('log-read', principalOf(request), { filter });
      response.json(await logSearch.search(filter));
    },
    logSummary: async (request, response) =>
      void response.json(await logSearch.summary(readSummaryFilter(request))),
    limits: (_, response) => void response.json({ ...limits, ...STAGE_LIMITS, parameters: MAX_PARAMETERS }),
    metrics: async (_, response) => {
      response.setHeader('Content-Type', metrics.contentType);
      // When the monitor does not answer, all other metrics are still there, and one says that it did not.
      response.send(await metrics.render(await deps.askMonitor().catch(() => null)));
    },
    live: (_, response) => void response.json({ status: 'live' }),
    ready: (_, response) => answerReadiness(deps, response),
  };
}

function noStoredLog(): QueryError {
  return new QueryError(
    'not-found',
    'there is no stored log: `log.file` is "-", so that it goes to standard output',
    {
      hint: 'Look where standard output is kept, or name a file in `log.file`; GET /v1/logs/summary works.',
    },
  );
}

/** Tells which queries a principal sees, and may end. */
function seenBy({ id, rights }: Principal): (query: QueryRecord) => boolean {
  return rights.queries === 'all' ? () => true : ({ principal }) => principal.id === id;
}

function found({ registry }: AppDeps, request: Request) {
  const queryId = String(request.params.queryId);
  const query = registry.find(queryId);
  if (query !== undefined && seenBy(principalOf(request))(query)) return query;
  throw new QueryError('not-found', `there is no query ${queryId}, neither running nor among the last ones`, {
    hint: 'GET /v1/queries lists them.',
  });
}

function cancel(deps: AppDeps, request: Request, response: Response): void {
  const query = found(deps, request);
  if (query.state !== 'running') {
    response.status(204).end();
    return;
  }
  deps.audit?.act('query-cancelled', principalOf(request), {
    queryId: query.queryId,
    of: query.principal.id,
  });
  query.cancellation.cancel(new QueryError('cancelled', 'the query was cancelled by DELETE /v1/queries'));
  response.status(202).json({ queryId: query.queryId, state: 'cancelling' });
}

/** Answers whether the server is ready, that is, whether a query sent now would run. */
function answerReadiness({ run, isDraining }: AppDeps, response: Response): void {
  const checks = {
    draining: isDraining(),
    sqlWorkers: run.sqlSlots.workerCount,
    sqlSlots: run.sqlSlots.total,
    dslWorkers: run.dslStock.counts(),
  };
  const isReady = !checks.draining && checks.sqlSlots > 0;
  response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', checks });
}
