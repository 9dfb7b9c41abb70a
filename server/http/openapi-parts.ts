/** The pieces that descriptions of paths are made of. */
import { PROBLEM_TYPE } from '../answer/problem.ts';
import { CONTENT_TYPES } from '../answer/stream.ts';
import type { ApiSchemaName } from './api-schemas.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}
export type Path = Readonly<Record<string, Operation | readonly object[]>>;

export function inUrl(name: string, schema: object, description: string): object {
  return { name, in: 'query', required: false, schema, description };
}

export function json(description: string, schema: ApiSchemaName): object {
  return { description, content: jsonContent(schema) };
}

export function jsonContent(schema: ApiSchemaName): object {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

/** Returns the form of every failure; docs/errors.md lists the statuses. */
export function problems(): Record<string, object> {
  const schema = { $ref: '#/components/schemas/Problem' };
  return {
    default: {
      description: 'What went wrong, where, and how to mend it',
      content: { [PROBLEM_TYPE]: { schema } },
    },
  };
}

/** Returns the content of an answer by its media type, without `charset` and the like, which tools do not compare. */
export function contentOf(format: keyof typeof CONTENT_TYPES): object {
  const type = CONTENT_TYPES[format].split(';')[0]!;
  if (format === 'json') return jsonContent('Answer');
  const isText = format === 'csv' || format === 'ndjson';
  return { [type]: { schema: isText ? { type: 'string' } : { type: 'string', format: 'binary' } } };
}
