/** The catalogue's paths of /openapi.json, and those of the models that are published. */
import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import type { ModelColumn, ModelParameter } from '../../core/protocol/models.ts';
import { connectionPaths } from './openapi-connections.ts';
import { IF_MATCH, NAME, REASON } from './openapi-parameters.ts';
import { contentOf, inUrl, json, jsonContent, type Path, problems, urlParameters } from './openapi-parts.ts';
import { ANSWER_FORMATS } from './request/accepted-format.ts';

const flag = { type: 'boolean', default: false };

function listPath(): Path {
  const filter = (name: string, description: string) => inUrl(name, { type: 'string' }, description);
  return {
    get: {
      operationId: 'listModels',
      summary: 'Models by name, a page at a time',
      parameters: [
        filter('prefix', 'The beginning of the name'),
        filter('tag', 'A tag'),
        filter('owner', 'The owner'),
        filter('q', 'Words in name or description, as a web search has them'),
        filter('after', 'The `next` of the page before'),
        inUrl('limit', { type: 'integer', minimum: 1, maximum: 500, default: 50 }, 'Models of a page'),
      ],
      responses: { 200: json('The page', 'Models'), ...problems() },
    },
    post: {
      operationId: 'createModel',
      summary: 'Make a model',
      parameters: [REASON],
      requestBody: { required: true, content: jsonContent('ModelDefinition') },
      responses: {
        200: json('It was the same already', 'SavedModel'),
        201: json('It is made', 'SavedModel'),
        ...problems(),
      },
    },
  };
}

function modelPath(): Path {
  return {
    parameters: [NAME],
    get: {
      operationId: 'getModel',
      summary: 'A model; its version is the ETag',
      parameters: [inUrl('version', { type: 'integer', minimum: 1 }, 'As it was then')],
      responses: { 200: json('The model', 'Model'), ...problems() },
    },
    put: {
      operationId: 'changeModel',
      summary: 'Make or change a model',
      parameters: [IF_MATCH, REASON],
      requestBody: { required: true, content: jsonContent('ModelDefinition') },
      responses: {
        200: json('It is saved', 'SavedModel'),
        201: json('It is made', 'SavedModel'),
        ...problems(),
      },
    },
    delete: {
      operationId: 'removeModel',
      summary: 'Remove a model that no other reads; its versions stay',
      parameters: [IF_MATCH, REASON],
      responses: { 204: { description: 'It is gone' }, ...problems() },
    },
  };
}

export function cataloguePaths(): Record<string, Path> {
  const of = (path: string) => `/v1/models/{name}/${path}`;
  const version = { type: 'integer', minimum: 1 };
  const { q: _q, connection: _c, dialect: _d, model: _m, ...options } = urlParameters();
  return {
    '/v1/models': listPath(),
    '/v1/models/{name}': modelPath(),
    [of('versions')]: {
      parameters: [NAME],
      get: {
        operationId: 'listModelVersions',
        summary: 'All versions, the newest first',
        responses: { 200: json('The versions', 'ModelVersions'), ...problems() },
      },
    },
    [of('diff')]: {
      parameters: [NAME],
      get: {
        operationId: 'diffModel',
        summary: 'What differs between two versions',
        parameters: [
          inUrl('from', version, 'Left out: the one before'),
          inUrl('to', version, 'Left out: the current one'),
        ],
        responses: { 200: json('The differences', 'ModelDiff'), ...problems() },
      },
    },
    [of('rollback')]: {
      parameters: [NAME],
      post: {
        operationId: 'rollBackModel',
        summary: 'Save an earlier version as the newest',
        parameters: [{ ...inUrl('to', version, 'That version'), required: true }, IF_MATCH, REASON],
        responses: { 200: json('It is saved', 'SavedModel'), ...problems() },
      },
    },
    [of('test')]: {
      parameters: [NAME],
      post: {
        operationId: 'testModel',
        summary: 'Whether it can be planned, keeps its contract and is fresh',
        requestBody: { required: false, content: jsonContent('ModelTestRequest') },
        responses: { 200: json('The result', 'ModelTest'), ...problems() },
      },
    },
    [of('uses')]: {
      parameters: [NAME],
      get: {
        operationId: 'getModelUses',
        summary: 'The models, tables and columns that it reads, and the models that read it',
        responses: { 200: json('The lineage', 'ModelUses'), ...problems() },
      },
    },
    [of('rows')]: {
      parameters: [NAME],
      get: {
        operationId: 'getModelRows',
        summary: 'The rows of a model',
        description:
          'Values of parameters are `param.NAME=...`. An answer that is held back as a whole has an ETag.',
        parameters: Object.values(options),
        responses: {
          200: rowsAnswer(),
          304: { description: 'Not changed (If-None-Match)', content: jsonContent('Answer') },
          ...problems(),
        },
      },
    },
    ...connectionPaths(),
    '/v1/catalogue/apply': {
      post: {
        operationId: 'applyModels',
        summary: 'Save a repository of models, all of it or nothing',
        parameters: [
          inUrl('dryRun', flag, 'Only says what would change'),
          inUrl('prune', flag, 'Removes models that are not in it'),
          REASON,
        ],
        requestBody: { required: true, content: jsonContent('ModelRepository') },
        responses: { 200: json('The steps', 'AppliedModels'), ...problems() },
      },
    },
    '/v1/catalogue/export': {
      get: {
        operationId: 'exportModels',
        summary: 'All models as files have them',
        responses: { 200: json('The models', 'ModelExport'), ...problems() },
      },
    },
  };
}

function rowsAnswer(): object {
  return { description: 'The rows', content: Object.assign({}, ...ANSWER_FORMATS.map(contentOf)) as object };
}

/** Returns a path for each published model, with the types of its parameters and columns. */
export function publishedPaths(models: readonly StoredModel[]): Record<string, Path> {
  const { limit, format, timeoutMs } = urlParameters();
  return Object.fromEntries(
    models.map(({ definition, columns, version }): [string, Path] => [
      `/v1/models/${encodeURIComponent(definition.name)}/rows`,
      {
        get: {
          operationId: `rowsOf_${definition.name.replace(/[^A-Za-z0-9_]/g, (character) => `_${character.codePointAt(0)}_`)}`,
          summary: definition.description === '' ? `The rows of ${definition.name}` : definition.description,
          description: `The model \`${definition.name}\`, version ${version}`,
          parameters: [...definition.parameters.map(parameterInUrl), limit!, format!, timeoutMs!],
          responses: {
            200: {
              description: 'The rows',
              content: { 'application/json': { schema: answerOf(columns) } },
            },
            ...problems(),
          },
        },
      },
    ]),
  );
}

function parameterInUrl({ name, type, description, default: usual }: ModelParameter): object {
  return {
    ...inUrl(
      `param.${name}`,
      { ...schemaOf(type), ...(usual !== undefined && { default: usual }) },
      description ?? '',
    ),
    required: usual === undefined,
  };
}

function answerOf(columns: readonly ModelColumn[]): object {
  const properties = Object.fromEntries(
    columns.map(({ name, type, description }) => [
      name,
      { ...nullable(schemaOf(type)), ...(description !== undefined && { description }) },
    ]),
  );
  const rows = { type: 'array', items: { type: 'object', properties } };
  return { allOf: [{ $ref: '#/components/schemas/Answer' }, { type: 'object', properties: { rows } }] };
}

function nullable(schema: Readonly<Record<string, unknown>>): object {
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : schema;
}

/** Values as JSON answers have them; what has no type there is left open. */
function schemaOf(type: string): Readonly<Record<string, unknown>> {
  const list = /^list<(.*)>$/.exec(type);
  if (list !== null) return { type: 'array', items: nullable(schemaOf(list[1]!)) };
  if (type.startsWith('decimal')) return { type: 'number' };
  return SCHEMAS[type] ?? {};
}

const SCHEMAS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ...{
    string: { type: 'string' },
    bool: { type: 'boolean' },
    int64: { type: 'integer' },
    float64: { type: 'number' },
  },
  ...{ date: { type: 'string', format: 'date' }, time: { type: 'string' }, timestamp: { type: 'string' } },
  ...{
    timestamptz: { type: 'string' },
    interval: { type: 'string' },
    uuid: { type: 'string', format: 'uuid' },
  },
};
