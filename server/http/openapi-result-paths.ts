/** The paths of kept results in /openapi.json. */
import { inUrl, json, jsonContent, type Path, problems } from './openapi-parts.ts';

export function resultPaths(): Record<string, Path> {
  return {
    '/v1/cache': {
      get: {
        operationId: 'showCache',
        summary: 'Kept answers, those used last first, with what the cache has counted',
        parameters: [
          inUrl('limit', { type: 'integer', minimum: 1, maximum: 10000, default: 100 }, 'Entries shown'),
        ],
        responses: { 200: json('The cache', 'Cache'), ...problems() },
      },
    },
    '/v1/cache/purge': {
      post: {
        operationId: 'purgeCache',
        summary: 'Say what has changed, so that answers made from it are not sent any more',
        requestBody: { required: true, content: jsonContent('PurgeRequest') },
        responses: { 200: json('How many entries that concerns', 'Purged'), ...problems() },
      },
    },
  };
}
