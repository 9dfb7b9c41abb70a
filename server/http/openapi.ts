/** The description of the API (OpenAPI 3.1), generated from the schemas and tables that the server itself uses. */
import type { Limits } from '../../core/protocol/server-config.ts';
import { componentSchemas } from './api-schemas.ts';
import { pathsOf } from './openapi-paths.ts';

export interface ApiInfo {
  readonly version: string;
  readonly limits: Limits;
}

export function openapiDocument({ version, limits }: ApiInfo): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Forkline',
      version,
      description:
        'Runs `SQL | stage | stage | ...`: SQL in your database, stages in processes of their own.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative to the document's own address, so that it is right below a path prefix too.
    servers: [{ url: '.' }],
    paths: pathsOf(limits),
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
