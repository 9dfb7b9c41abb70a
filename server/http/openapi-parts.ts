/** The parts that the paths of /openapi.json have in common. */
import { z } from 'zod';
import { PROBLEM_TYPE } from '../answer/problem.ts';
import { CONTENT_TYPES } from '../answer/stream.ts';
import type { ApiSchemaName } from './api-schemas.ts';
import { urlOptions } from './request/query-schemas.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}
export type Path = Readonly<Record<string, Operation | readonly object[]>>;

/** Returns the URL parameters of a query by name, generated from the schema that checks them. */
export function urlParameters(): Record<string, object> {
  const { properties = {}, required = [] } = z.toJSONSchema(urlOptions, { io: 'input' });
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const {
        description = '',
        maximum: _safe,
        ...plain
      } = schema as { description?: string; maximum?: number };
      return [name, { ...inUrl(name, plain, description), required: required.includes(name) }];
    }),
  );
}

export function inUrl(name: string, schema: object, description: string): object {
  return { name, in: 'query', required: false, schema, description };
}

/** Returns the content of an answer by its media type, without `charset` and the like, which tools do not compare. */
export function contentOf(format: keyof typeof CONTENT_TYPES): object {
  const type = CONTENT_TYPES[format].split(';')[0]!;
  if (format === 'json') return jsonContent('Answer');
  const isText = format === 'csv' || format === 'ndjson';
  return { [type]: { schema: isText ? { type: 'string' } : { type: 'string', format: 'binary' } } };
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
