/** The description of the API (OpenAPI 3.1), generated from the schemas and tables that the server itself uses. */

import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import type { Limits } from '../../core/protocol/server-config.ts';
import { componentSchemas } from './api-schemas.ts';
import { publishedPaths } from './openapi-catalogue.ts';
import { pathsOf } from './openapi-paths.ts';

export interface ApiInfo {
  readonly version: string;
  readonly limits: Limits;
}

/** The models that the document describes beside the routes. */
export interface PublishedModels {
  readonly models: readonly StoredModel[];
  /** Why not all published models are among them; null: they are. */
  readonly note: string | null;
}

export function openapiDocument(
  { version, limits }: ApiInfo,
  { models, note }: PublishedModels = { models: [], note: null },
): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Forkline',
      version,
      description: `Runs \`SQL | stage | stage | ...\`: SQL in your database, stages in processes of their own.${note === null ? '' : ` ${note}`}`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative to the document's own address, so that it is right below a path prefix too.
    servers: [{ url: '.' }],
    paths: { ...pathsOf(limits), ...publishedPaths(models) },
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key or a token (docs/security.md); needed where the server has authentication configured',
        },
      },
    },
    security: [{}, { bearer: [] }],
  };
}
