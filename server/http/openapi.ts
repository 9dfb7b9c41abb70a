/** The API described (OpenAPI 3.1), built from the same schemas and tables that the server runs on. */
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
    // Relative to where the document is, so that it holds below a path prefix too.
    servers: [{ url: '.' }],
    paths: pathsOf(limits),
    components: { schemas: componentSchemas() },
  };
}
