/** The paths of connections in /openapi.json. */
import { IF_MATCH, NAME, REASON } from './openapi-parameters.ts';
import { json, jsonContent, type Path, problems } from './openapi-parts.ts';

const definition = { required: true, content: jsonContent('ConnectionDefinition') };

function saved(): Record<string, object> {
  return {
    200: json('It is saved', 'SavedConnection'),
    201: json('It is made', 'SavedConnection'),
    ...problems(),
  };
}

export function connectionPaths(): Record<string, Path> {
  return {
    '/v1/connections': {
      get: {
        operationId: 'listConnections',
        summary: 'The connections that the principal sees',
        responses: { 200: json('Each with its dialect of SQL', 'Connections'), ...problems() },
      },
      post: {
        operationId: 'createConnection',
        summary: 'Make a connection; the answer comes when every process uses it',
        parameters: [REASON],
        requestBody: definition,
        responses: saved(),
      },
    },
    '/v1/connections/{name}': {
      parameters: [NAME],
      get: {
        operationId: 'getConnection',
        summary: 'A connection as it was written, without secrets; its version is the ETag',
        responses: { 200: json('The connection', 'Connection'), ...problems() },
      },
      put: {
        operationId: 'changeConnection',
        summary: 'Make or change a connection of the catalogue',
        parameters: [IF_MATCH, REASON],
        requestBody: definition,
        responses: saved(),
      },
      delete: {
        operationId: 'removeConnection',
        summary:
          'Remove a connection of the catalogue; queries that run on it end normally, its versions stay',
        parameters: [IF_MATCH, REASON],
        responses: { 204: { description: 'It is gone' }, ...problems() },
      },
    },
    '/v1/connections/{name}/tables': {
      parameters: [NAME],
      get: {
        operationId: 'listTables',
        summary: 'The tables that queries on a connection may read, with their columns',
        responses: { 200: json('The tables', 'Tables'), ...problems() },
      },
    },
    '/v1/connections/{name}/test': {
      parameters: [NAME],
      post: {
        operationId: 'testConnection',
        summary: 'Whether it is reached, and what an operator should know of it',
        description: 'With a body it tries that definition, which need not be saved.',
        requestBody: { ...definition, required: false },
        responses: { 200: json('The result', 'ConnectionTest'), ...problems() },
      },
    },
    '/v1/connections/{name}/versions': {
      parameters: [NAME],
      get: {
        operationId: 'listConnectionVersions',
        summary: 'All versions, the newest first',
        responses: { 200: json('The versions', 'ConnectionVersions'), ...problems() },
      },
    },
  };
}
