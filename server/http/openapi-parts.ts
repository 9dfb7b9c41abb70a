/** The pieces that descriptions of paths are made of. */
import { PROBLEM_TYPE } from '../answer/problem.ts';
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
