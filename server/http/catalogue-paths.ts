/** The routes of the catalogue. Without a store all of them answer 501, and say how to get one. */
import type { Express, RequestHandler } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { requireRight } from '../access/require-right.ts';
import { addRoute } from './route.ts';

const HANDLERS = [
  ...(['listModels', 'createModel', 'showModel', 'changeModel', 'removeModel', 'listVersions'] as const),
  ...(['diffModel', 'rollBackModel', 'testModel', 'modelUses', 'modelRows', 'applyModels'] as const),
  'exportModels',
] as const;

export type CatalogueHandlers = Readonly<Record<(typeof HANDLERS)[number], RequestHandler>>;

/** The handlers of connections; those of the configuration are shown and tested without a store as well. */
export type ConnectionHandlers = Readonly<
  Record<
    | ('showConnection' | 'createConnection' | 'changeConnection' | 'removeConnection')
    | ('listConnectionVersions' | 'testConnection'),
    RequestHandler
  >
>;

/** `body` reads a body of a query's size, `largeBody` that of a whole repository of models. */
export function addCatalogueRoutes(
  app: Express,
  given: CatalogueHandlers | null,
  body: readonly RequestHandler[],
  largeBody: readonly RequestHandler[],
): void {
  const on = given ?? withoutCatalogue();
  const ask = requireRight('ask');
  const administer = requireRight('administration');
  addRoute(app, '/v1/models', { GET: [ask, on.listModels], POST: [administer, ...body, on.createModel] });
  addRoute(app, '/v1/models/:name', {
    GET: [ask, on.showModel],
    PUT: [administer, ...body, on.changeModel],
    DELETE: [administer, on.removeModel],
  });
  addRoute(app, '/v1/models/:name/versions', { GET: [ask, on.listVersions] }, 'none');
  addRoute(app, '/v1/models/:name/diff', { GET: [ask, on.diffModel] });
  addRoute(app, '/v1/models/:name/rollback', { POST: [administer, ...body, on.rollBackModel] });
  addRoute(app, '/v1/models/:name/test', { POST: [ask, ...body, on.testModel] }, 'none');
  addRoute(app, '/v1/models/:name/uses', { GET: [ask, on.modelUses] }, 'none');
  addRoute(app, '/v1/models/:name/rows', { GET: [ask, on.modelRows] });
  addRoute(app, '/v1/catalogue/apply', { POST: [administer, ...largeBody, on.applyModels] });
  addRoute(app, '/v1/catalogue/export', { GET: [ask, on.exportModels] });
}

function withoutCatalogue(): CatalogueHandlers {
  const refuse: RequestHandler = () => {
    throw noCatalogue();
  };
  return Object.fromEntries(HANDLERS.map((name) => [name, refuse])) as unknown as CatalogueHandlers; // each of them is there
}

export function noCatalogue(): QueryError {
  return new QueryError('no-catalogue', 'this server has no catalogue: no store is configured', {
    hint: 'set FORKLINE_STORE_URL (store.url) to a database of yours for it; its schema `forkline` is made there',
  });
}
