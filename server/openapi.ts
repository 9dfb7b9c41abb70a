/** The API described (OpenAPI 3.1), built from the same schemas and tables that the server runs on. */
import { z } from 'zod';
import type { Limits } from './config.ts';
import { errorClasses } from './error-status.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { queryBody } from './query-request.ts';
import { completeBody, formatBody } from './tool-request.ts';

const VERSION = '0.1.0';

export function openapiDocument(limits: Limits): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Forkline',
      version: VERSION,
      description:
        'Runs `SQL | stage | stage | ...`: SQL in your database, stages in processes of their own.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: {
      '/v1/query': { post: queryOperation(limits), get: getQueryOperation() },
      '/v1/explain': {
        post: {
          summary: 'Where each stage of a query would run and why, with the SQL of each side',
          requestBody: requestBody(limits),
          responses: { 200: json('The plan'), default: problem() },
        },
      },
      '/v1/format': {
        post: {
          summary: 'A query formatted: one stage a line; tokens, comments and the SQL stay as they are',
          requestBody: toolBody(formatBody),
          responses: { 200: json('`{query, changed}`'), default: problem() },
        },
      },
      '/v1/complete': {
        post: {
          summary: 'What may stand at a position of an unfinished query',
          requestBody: toolBody(completeBody),
          responses: {
            200: json(
              '`{from, to, items: [{label, kind, type?, detail, insert}], complete, warnings}`: `insert` replaces what stands from `from` to `to`',
            ),
            default: problem(),
          },
        },
      },
      '/v1/queries': {
        get: { summary: 'Running and recent queries', responses: { 200: json('`{queries: [...]}`') } },
      },
      '/v1/queries/{queryId}': {
        parameters: [{ name: 'queryId', in: 'path', required: true, schema: { type: 'string' } }],
        get: {
          summary: 'One query',
          responses: { 200: json('State, phase, phases, worker pids'), 404: problem() },
        },
        delete: {
          summary: 'Cancel a query, in the database as well',
          responses: { 202: json('It will end'), 204: { description: 'It had ended' }, 404: problem() },
        },
      },
      '/v1/processes': {
        get: {
          summary: 'The process table: state, CPU, RSS, PSS, open files and what each process waits in',
          responses: { 200: json('`{processes: [...]}`') },
        },
      },
      '/v1/logs': { get: logsOperation() },
      '/v1/logs/summary': { get: logSummaryOperation() },
      '/v1/limits': { get: { summary: 'Every limit in force', responses: { 200: json('Limits by name') } } },
      '/metrics': {
        get: {
          summary: 'Prometheus metrics',
          responses: { 200: { description: 'Text exposition', content: { 'text/plain': {} } } },
        },
      },
      '/livez': { get: { summary: 'The process answers', responses: { 200: json('live') } } },
      '/readyz': {
        get: {
          summary: 'A query sent now would run',
          responses: { 200: json('ready'), 503: json('not ready') },
        },
      },
    },
    components: { schemas: { Answer: answerSchema, Problem: problemSchema() } },
  };
}

function json(description: string) {
  return { description, content: { 'application/json': {} } };
}

function problem() {
  return {
    description: 'What went wrong, where, and how to mend it',
    content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function requestBody({ queryBytes }: Limits) {
  return {
    required: true,
    description: `The query as text, or as JSON with parameters and options. At most ${queryBytes} bytes of query text.`,
    content: {
      'text/plain': {
        schema: { type: 'string' },
        example: 'select origin, delay from flights | stats avg(delay) by origin',
      },
      'application/json': { schema: z.toJSONSchema(queryBody) },
    },
  };
}

function toolBody(schema: z.ZodType) {
  return { required: true, content: { 'application/json': { schema: z.toJSONSchema(schema) } } };
}

function queryOperation(limits: Limits) {
  const stream = { schema: { type: 'string' } };
  return {
    summary: 'Run a query',
    parameters: [
      {
        name: 'Query-Id',
        in: 'header',
        required: false,
        schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,64}$' },
      },
      {
        name: 'traceparent',
        in: 'header',
        required: false,
        description: 'W3C Trace Context; the answer has its own in `traceresponse`',
        schema: { type: 'string' },
      },
    ],
    requestBody: requestBody(limits),
    responses: {
      200: {
        description:
          'The answer. JSON is whole only with its `rowCount`; NDJSON ends with an `@end` or `@error` line.',
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/Answer' } },
          'application/x-ndjson': stream,
          'text/csv': stream,
          'application/vnd.apache.arrow.stream': stream,
          'application/vnd.apache.parquet': stream,
        },
      },
      default: problem(),
    },
  };
}

function getQueryOperation() {
  const parameter = (name: string, schema: object, description: string, required = false) => ({
    name,
    in: 'query',
    required,
    schema,
    description,
  });
  return {
    summary: "Run a query from a browser's address line",
    parameters: [
      parameter('q', { type: 'string' }, 'The query', true),
      parameter('format', { enum: ['json', 'ndjson', 'csv', 'arrow', 'parquet'] }, 'Instead of Accept'),
      parameter('rows', { enum: ['objects', 'arrays'] }, 'How JSON rows look'),
      parameter('numbers', { enum: ['number', 'string'] }, 'How int64 and decimal look in JSON'),
      parameter(
        'end',
        { enum: ['line', 'none'] },
        'NDJSON: `none` leaves out the last line (`@end` or `@error`), so that every line is a row',
      ),
      parameter(
        'limit',
        { type: 'integer', minimum: 1 },
        'Cap of the answer; reaching it gives `complete: false`',
      ),
      parameter('timeoutMs', { type: 'integer', minimum: 1 }, 'Time for all phases together'),
      parameter('connection', { type: 'string' }, 'A configured connection'),
      parameter('param.NAME', {}, 'Value of `:NAME`'),
    ],
    responses: { 200: { description: 'As for POST' }, default: problem() },
  };
}

function logsOperation() {
  const parameter = (name: string, schema: object) => ({ name, in: 'query', schema });
  return {
    summary: 'Lines of the one log file, oldest first',
    parameters: [
      parameter('query', { type: 'string' }),
      parameter('level', { enum: ['debug', 'info', 'warn', 'error'] }),
      parameter('since', { type: 'string', format: 'date-time' }),
      parameter('limit', { type: 'integer', minimum: 1, maximum: 10000, default: 200 }),
    ],
    responses: {
      200: json('`{lines: [...], truncated}`; `unreadable` names log files that could not be read'),
      400: problem(),
    },
  };
}

function logSummaryOperation() {
  const parameter = (name: string, schema: object, description: string) => ({
    name,
    in: 'query',
    schema,
    description,
  });
  return {
    summary: 'Rates of log lines, the slowest and the most failing shapes of queries',
    description:
      'Counted as the lines are written, in windows of five minutes, over at most 24 hours and since the start of the ' +
      'logger: `from` and `to` say what is covered. A shape is a query without its literals.',
    parameters: [
      parameter('since', { type: 'string', format: 'date-time' }, 'From the window that this falls into'),
      parameter('limit', { type: 'integer', minimum: 1, maximum: 100, default: 10 }, 'Length of each list'),
    ],
    responses: {
      200: json('`{from, to, rates, queries, shapes, unlistedQueries, slowest, mostFailing}`'),
      400: problem(),
    },
  };
}

const answerSchema = {
  type: 'object',
  required: ['columns', 'rows', 'rowCount', 'complete', 'stats'],
  properties: {
    columns: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' }, type: { type: 'string' } } },
    },
    rows: { type: 'array', items: { oneOf: [{ type: 'object' }, { type: 'array' }] } },
    rowCount: { type: 'integer' },
    complete: { type: 'boolean', description: 'false when `limits.rows` cut the answer' },
    stats: {
      type: 'object',
      properties: {
        queryId: { type: 'string' },
        elapsedMs: { type: 'number' },
        phases: { type: 'object' },
        placement: { type: 'array' },
      },
    },
  },
};

function problemSchema() {
  const integer = { type: 'integer' };
  return {
    type: 'object',
    required: ['type', 'title', 'status', 'detail', 'code', 'retryable'],
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: integer,
      detail: { type: 'string' },
      code: { enum: Object.keys(errorClasses) },
      queryId: { type: 'string' },
      retryable: { type: 'boolean' },
      stage: { type: 'object', properties: { index: integer, name: { type: 'string' } } },
      position: {
        type: 'object',
        properties: {
          line: integer,
          column: integer,
          endLine: integer,
          endColumn: integer,
          excerpt: { type: 'string' },
        },
      },
      sqlstate: { type: 'string' },
      hint: { type: 'string' },
      suggestions: { type: 'array', items: { type: 'string' } },
      limit: {
        type: 'object',
        properties: { name: { type: 'string' }, value: { type: 'number' }, observed: { type: 'number' } },
      },
    },
  };
}
