/** The paths of the older engine's API in /openapi.json. */
import { inUrl, json, jsonContent, type Path } from './openapi-parts.ts';

const sid = {
  name: 'sid',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^\\d+\\.\\d+$' },
};

function errors(): Record<string, object> {
  return { default: json('The name of an exception, and a message', 'LegacyError') };
}

const description = "The older engine's API; it answers where `jobs.legacyApi` is on";

export function legacyPaths(): Record<string, Path> {
  return {
    '/angora/auth': {
      post: {
        operationId: 'legacyLogin',
        summary: 'Get the token for the header `Authorization: Angora <token>`',
        description,
        requestBody: { required: true, content: jsonContent('LegacyLogin') },
        responses: { 200: json('The token', 'LegacyToken'), ...errors() },
      },
    },
    '/angora/query/jobs': {
      post: {
        operationId: 'legacyStart',
        summary: 'Start a query in the legacy language',
        description,
        requestBody: { required: true, content: jsonContent('LegacyQuery') },
        responses: { 200: json('The session that reads it', 'LegacySid'), ...errors() },
      },
    },
    '/angora/query/jobs/{sid}': {
      parameters: [sid],
      get: {
        operationId: 'legacyNext',
        summary: 'The next part of the rows; none while the query runs',
        description,
        responses: { 200: json('The part', 'LegacyPart'), ...errors() },
      },
    },
    '/angora/query/jobs/{sid}/download': {
      parameters: [sid],
      get: {
        operationId: 'legacyDownload',
        summary: 'All rows as a file',
        description,
        parameters: [
          inUrl('type', { type: 'string', enum: ['csv', 'tsv', 'json'], default: 'csv' }, 'The kind of file'),
          inUrl('sep', { type: 'string', minLength: 1, maxLength: 1 }, 'What stands between fields'),
          inUrl('file_name', { type: 'string' }, 'The name of the file'),
        ],
        responses: {
          200: {
            description: 'The file',
            content: {
              'text/csv': { schema: { type: 'string' } },
              'text/tab-separated-values': { schema: { type: 'string' } },
              ...jsonContent('LegacyFile'),
            },
          },
          ...errors(),
        },
      },
    },
    '/angora/query/jobs/{sid}/export': {
      parameters: [sid],
      get: {
        operationId: 'legacyExport',
        summary: 'Refused: this server writes no files',
        description,
        responses: { 400: json('Why not', 'LegacyError'), ...errors() },
      },
    },
    '/angora/query/jobs/{sid}/close': {
      parameters: [sid],
      delete: {
        operationId: 'legacyClose',
        summary: 'End the session: cancel a query that runs, free the rows of one that has ended',
        description,
        responses: { 200: json('The session', 'LegacySid'), ...errors() },
      },
    },
  };
}
