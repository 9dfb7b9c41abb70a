/** The paths of /openapi.json: the name, the parameters and the answers of each operation. */
import type { Limits } from '../../core/protocol/server-config.ts';
import type { CONTENT_TYPES } from '../answer/stream.ts';
import { cataloguePaths } from './openapi-catalogue.ts';
import { legacyPaths } from './openapi-legacy-paths.ts';
import { contentOf, inUrl, json, jsonContent, type Path, problems, urlParameters } from './openapi-parts.ts';
import { resultPaths } from './openapi-result-paths.ts';
import { ANSWER_FORMATS } from './request/accepted-format.ts';

export function pathsOf(limits: Limits): Record<string, Path> {
  const perFormat = ANSWER_FORMATS.map((format) => [`/v1/query.${format}`, formatPath(format, limits)]);
  return {
    '/v1/query': queryPath(limits),
    ...(Object.fromEntries(perFormat) as Record<string, Path>),
    '/v1/explain': explainPath(limits),
    '/v1/explain/database': databasePlanPath(limits),
    '/v1/explain/draft': draftPath(limits),
    ...toolPaths(),
    ...cataloguePaths(),
    ...queriesPaths(),
    ...operationsPaths(),
    ...logPaths(),
    ...resultPaths(),
    ...legacyPaths(),
  };
}

function queryPath(limits: Limits): Path {
  const { q, ...options } = urlParameters();
  const answers = {
    200: queryAnswer(),
    202: json('With `Prefer: respond-async`: the job that runs the query', 'Job'),
    ...problems(),
  };
  return {
    post: {
      operationId: 'runQuery',
      summary: 'Run a query',
      parameters: [...Object.values(options), ...queryHeaders],
      requestBody: queryBodies(limits),
      responses: answers,
    },
    get: {
      operationId: 'runQueryByAddress',
      summary: "Run a query from a browser's address line",
      description: 'Values of parameters are `param.NAME=...`.',
      parameters: [q!, ...Object.values(options), ...queryHeaders],
      responses: answers,
    },
  };
}

function formatPath(format: keyof typeof CONTENT_TYPES, limits: Limits): Path {
  const { q, format: _format, ...options } = urlParameters();
  const name = `${format[0]!.toUpperCase()}${format.slice(1)}`;
  const answers = {
    200: { description: `The answer as ${format}`, content: contentOf(format) },
    ...problems(),
  };
  return {
    post: {
      operationId: `runQueryAs${name}`,
      summary: `Run a query, the answer as ${format}`,
      parameters: [...Object.values(options), ...queryHeaders],
      requestBody: queryBodies(limits),
      responses: answers,
    },
    get: {
      operationId: `runQueryByAddressAs${name}`,
      summary: `Run a query from an address, the answer as ${format}`,
      parameters: [q!, ...Object.values(options), ...queryHeaders],
      responses: answers,
    },
  };
}

function explainPath(limits: Limits): Path {
  const { q, ...options } = urlParameters();
  const summary = 'Where each stage of a query would run and why, with the SQL of each side';
  const responses = { 200: json('The plan', 'Plan'), ...problems() };
  return {
    post: {
      operationId: 'explainQuery',
      summary,
      parameters: [...Object.values(options), ...queryHeaders],
      requestBody: queryBodies(limits),
      responses,
    },
    get: {
      operationId: 'explainQueryByAddress',
      summary,
      parameters: [q!, ...Object.values(options), ...queryHeaders],
      responses,
    },
  };
}

function databasePlanPath(limits: Limits): Path {
  const { q: _q, ...options } = urlParameters();
  return {
    post: {
      operationId: 'explainInDatabase',
      summary: 'The same, with the plan that the database itself would make of its part (Spark tells it)',
      parameters: [...Object.values(options), ...queryHeaders],
      requestBody: queryBodies(limits),
      responses: { 200: json('The plan', 'Plan'), ...problems() },
    },
  };
}

function draftPath(limits: Limits): Path {
  const { q: _q, ...options } = urlParameters();
  return {
    post: {
      operationId: 'explainDraft',
      summary:
        'The same for a text that is being written, which is no query: GET /v1/queries does not list it',
      parameters: [...Object.values(options), ...queryHeaders],
      requestBody: queryBodies(limits),
      responses: { 200: json('The plan', 'Plan'), ...problems() },
    },
  };
}

function toolPaths(): Record<string, Path> {
  return {
    '/v1/format': {
      post: {
        operationId: 'formatQuery',
        summary: 'A query formatted: one stage a line; tokens, comments and the SQL stay as they are',
        requestBody: {
          required: true,
          content: { ...jsonContent('FormatRequest'), 'text/plain': { schema: { type: 'string' } } },
        },
        responses: { 200: json('The query, and whether it changed', 'FormattedQuery'), ...problems() },
      },
    },
    '/v1/complete': {
      post: {
        operationId: 'completeQuery',
        summary: 'What may stand at a position of an unfinished query',
        requestBody: { required: true, content: jsonContent('CompleteRequest') },
        responses: {
          200: json('What may be put in the place of `from` to `to`', 'Completion'),
          ...problems(),
        },
      },
    },
  };
}

function queriesPaths(): Record<string, Path> {
  return {
    '/v1/queries': {
      get: {
        operationId: 'listQueries',
        summary: 'Running and recent queries',
        responses: { 200: json('Running ones first', 'Queries'), ...problems() },
      },
    },
    '/v1/queries/{queryId}': {
      parameters: [
        {
          name: 'queryId',
          in: 'path',
          required: true,
          schema: { type: 'string', pattern: QUERY_ID_PATTERN },
        },
      ],
      get: {
        operationId: 'getQuery',
        summary: 'One query: state, phase, phases, worker pids',
        responses: { 200: json('The query', 'Query'), ...problems() },
      },
      delete: {
        operationId: 'cancelQuery',
        summary: 'Cancel a query, in the database as well',
        responses: {
          202: json('It will end', 'Cancelling'),
          204: { description: 'It had ended' },
          ...problems(),
        },
      },
    },
  };
}

function operationsPaths(): Record<string, Path> {
  const get = (operationId: string, summary: string, responses: Record<string, object>): Path => ({
    get: { operationId, summary, responses: { ...responses, ...problems() } },
  });
  const plainText = { schema: { type: 'string' } };
  return {
    '/v1/processes': get(
      'listProcesses',
      'The process table: state, CPU, RSS, PSS, open files and what each process waits in',
      { 200: json('A row a process', 'Processes') },
    ),
    '/v1/limits': get('getLimits', 'Every limit in force', { 200: json('Limits by name', 'Limits') }),
    '/metrics': get('getMetrics', 'Prometheus metrics', {
      200: { description: 'Text exposition', content: { 'text/plain': plainText } },
    }),
    '/.well-known/jwks.json': get(
      'getEncryptionKeys',
      'The key that queries are encrypted for; open to everybody',
      {
        200: {
          description: 'A JSON Web Key Set with the one key to use now',
          content: { 'application/jwk-set+json': { schema: { type: 'object' } } },
        },
      },
    ),
    '/livez': get('getLiveness', 'The process answers', { 200: json('It does', 'Liveness') }),
    '/readyz': get('getReadiness', 'A query sent now would run', {
      200: json('It would', 'Readiness'),
      503: json('It would not', 'Readiness'),
    }),
  };
}

function logPaths(): Record<string, Path> {
  const since = { type: 'string', format: 'date-time' };
  return {
    '/v1/logs': {
      get: {
        operationId: 'searchLog',
        summary: 'Lines of the one log file, oldest first',
        parameters: [
          inUrl('query', { type: 'string' }, 'Id of a query'),
          inUrl('level', { enum: ['debug', 'info', 'warn', 'error'] }, 'This level and those above it'),
          inUrl('since', since, 'ISO 8601'),
          inUrl('limit', { type: 'integer', minimum: 1, maximum: 10000, default: 200 }, 'The newest so many'),
        ],
        responses: { 200: json('The lines', 'LogLines'), ...problems() },
      },
    },
    '/v1/logs/summary': {
      get: {
        operationId: 'summarizeLog',
        summary: 'Rates of log lines, the slowest and the most failing shapes of queries',
        description:
          'Counted as the lines are written, in windows of five minutes, over at most 24 hours and since the start of the ' +
          'logger: `from` and `to` say what is covered. A shape is a query without its literals.',
        parameters: [
          inUrl('since', since, 'From the window that this falls into'),
          inUrl('limit', { type: 'integer', minimum: 1, maximum: 100, default: 10 }, 'Length of each list'),
        ],
        responses: { 200: json('The summary', 'LogSummary'), ...problems() },
      },
    },
  };
}

const QUERY_ID_PATTERN = '^[A-Za-z0-9_.:-]{1,64}$';

const queryHeaders = [
  {
    name: 'Query-Id',
    in: 'header',
    required: false,
    description: 'By which GET and DELETE /v1/queries/{queryId} know the query; made up when left out',
    schema: { type: 'string', pattern: QUERY_ID_PATTERN },
  },
  {
    name: 'traceparent',
    in: 'header',
    required: false,
    description: 'W3C Trace Context; the answer has its own in `traceresponse`',
    schema: { type: 'string' },
  },
];

function queryBodies({ queryBytes }: Limits): object {
  return {
    required: true,
    description: `The query as text, or as JSON with parameters and options. At most ${queryBytes} bytes of query text.`,
    content: {
      ...jsonContent('QueryRequest'),
      'text/plain': {
        schema: { type: 'string' },
        example: 'select origin, delay from flights | stats avg(delay) by origin',
      },
      'application/jose': {
        schema: {
          type: 'string',
          description:
            'A JWE in compact form (RSA-OAEP-256, A256GCM) for the key of /.well-known/jwks.json, of the JSON with iat, exp, jti, ath and answerKey (docs/encryption.md)',
        },
      },
    },
  };
}

function queryAnswer(): object {
  const contents = ANSWER_FORMATS.map(contentOf);
  return {
    description:
      'The answer. JSON is whole only with its `rowCount`; the others when the connection ends as HTTP says.',
    content: Object.assign({}, ...contents) as object,
  };
}
