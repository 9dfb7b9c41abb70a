/** All handlers of the catalogue's routes. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { AppDeps } from '../http/app-deps.ts';
import type { CatalogueHandlers } from '../http/catalogue-paths.ts';
import { changeHandlers } from './change-handlers.ts';
import { readHandlers } from './read-handlers.ts';
import { rowsHandler } from './rows-handler.ts';
import { testHandler } from './test-handler.ts';

export function createCatalogueHandlers(deps: AppDeps, catalogue: Catalogue): CatalogueHandlers {
  return {
    ...readHandlers(catalogue),
    ...changeHandlers(deps, catalogue),
    modelRows: rowsHandler(deps, catalogue),
    testModel: testHandler(deps, catalogue),
  };
}
