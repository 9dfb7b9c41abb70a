/** GET /v1/models/{name}/rows: a model's rows by an address, in every format, with ETag and headers for caches. */
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { noModel } from '../../catalogue/models/changes.ts';
import type { ModelDefinition } from '../../catalogue/models/definition.ts';
import { durationMs } from '../../catalogue/models/duration.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import type { AppDeps } from '../http/app-deps.ts';
import { acceptedFormat } from '../http/request/accepted-format.ts';
import { readUrl } from '../http/request/query-pairs.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import { handleQuery } from '../query/handler.ts';
import { nameOf } from './expected-version.ts';
import { sees } from './model-views.ts';

export function rowsHandler(deps: AppDeps, catalogue: Catalogue): RequestHandler {
  return async (request, response) => {
    const principal = principalOf(request);
    const name = nameOf(request);
    const model = await catalogue.show(modelKey(name));
    if (model === null || !sees(principal, model)) throw noModel(name);
    const asked = rowsRequest(request, model.definition.name);
    await handleQuery(deps, principal, request, response, asked, {
      seed: `${model.key} ${model.version}`,
      ifNoneMatch: request.headers['if-none-match'],
      cacheControl: cacheControlOf(model.definition),
    });
  };
}

/** The options of a query by its address, without the query. */
function rowsRequest(request: IncomingMessage, name: string): QueryRequest {
  const given = readUrl(request);
  const misplaced = (['query', 'connection', 'dialect', 'model'] as const).find(
    (option) => given[option] !== undefined,
  );
  if (misplaced !== undefined)
    throw new QueryError(
      'bad-request',
      `${misplaced === 'query' ? 'q' : misplaced} is not for the rows of a model`,
      {
        hint: `the model says what is read; for more, POST /v1/query with \`"${name}" | ...\``,
      },
    );
  return {
    text: `"${name}"`, // names have no quotes
    ...{ connection: null, language: null, model: null, wasEncrypted: false },
    parameters: given.params ?? {},
    capRows: given.limits?.rows ?? null,
    timeoutMs: given.limits?.timeoutMs ?? null,
    pushdown: given.pushdown ?? 'auto',
    answer: {
      format: given.format ?? acceptedFormat(request),
      rows: given.rows ?? 'objects',
      numbers: given.numbers ?? 'number',
      end: given.end ?? 'line',
    },
  };
}

/** Rows are for whoever asked, and caches ask again unless the model says how long they are good. */
function cacheControlOf({ cache }: ModelDefinition): string {
  return cache === null
    ? 'private, no-cache'
    : `private, max-age=${Math.floor(durationMs(cache.keep)! / 1000)}`;
}
