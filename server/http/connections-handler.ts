/** GET /v1/connections: the connections that the principal sees; of each its tables and columns. */
import type { RequestHandler } from 'express';
import { principalOf } from '../../core/protocol/principal.ts';
import { typeName } from '../../core/protocol/types.ts';
import { readCatalog } from '../query/catalog.ts';
import { requestWithText, withoutRunning } from '../query/without-running.ts';
import type { AppDeps } from './app-deps.ts';

export function connectionHandlers(deps: AppDeps) {
  const { connections } = deps.run;
  const listConnections: RequestHandler = (request, response) => {
    const principal = principalOf(request);
    response.json({
      connections: connections.seenBy(principal).map((name) => ({
        name,
        dialect: connections.dialectOf(name),
        default: name === connections.defaultOf(principal),
      })),
    });
  };
  const listTables: RequestHandler = async (request, response) => {
    const name = String(request.params.name);
    connections.check(name, principalOf(request));
    const asked = { ...requestWithText(''), connection: name };
    await withoutRunning(
      deps,
      request,
      response,
      asked,
      'tables',
      (query) => readCatalog(deps.run, name, query),
      ({ queryId }, { tables, complete }) => {
        response.setHeader('Query-Id', queryId);
        response.json({
          tables: tables.map(({ columns, ...table }) => ({
            ...table,
            columns: columns.map((column) => ({ name: column.name, type: typeName(column.type) })),
          })),
          complete,
        });
      },
    );
  };
  return { listConnections, listTables };
}
