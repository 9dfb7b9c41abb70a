/**
 * The API's requests and answers as named zod schemas. /openapi.json is generated from them, and a test checks real answers
 * against them. Here the schemas are closed, so that the test finds members that are not documented; the document leaves the
 * answers open, since they may get further members later.
 */
import { z } from 'zod';
import { errorClasses } from '../answer/error-status.ts';
import {
  legacyError,
  legacyFile,
  legacyLogin,
  legacyPart,
  legacyQuery,
  legacySid,
  legacyToken,
} from '../legacy/bodies.ts';
import {
  cacheOfAnswer,
  cacheSchema,
  jobSchema,
  jobsSchema,
  purgedSchema,
} from '../results/result-schemas.ts';
import { CATALOGUE_REQUESTS, catalogueSchemas } from './catalogue-schemas.ts';
import { purgeBody } from './request/purge-body.ts';
import { queryBody } from './request/query-schemas.ts';
import { completeBody, formatBody } from './request/tool-request.ts';

const text = z.string();
const count = z.int().nonnegative();
const time = z.iso.datetime();
const number = z.number();

const column = z.strictObject({
  name: text,
  type: text.describe('As the language calls it: `int64`, `string`'),
});
const columns = z.array(column);
const phases = z
  .strictObject({ plan: number, queue: number, sql: number, handoff: number, dsl: number, encode: number })
  .describe('Milliseconds spent in each phase');
const place = z.enum(['source', 'worker']);
const span = z
  .strictObject({ start: count, end: count })
  .describe('UTF-16 code units of the query, from 0, the end not included');

const answer = z.strictObject({
  columns,
  rows: z
    .array(z.union([z.record(text, z.unknown()), z.array(z.unknown())]))
    .describe('Objects by column name, or with `rows=arrays` lists in the order of the columns'),
  rowCount: count,
  complete: z.boolean().describe('false when `limits.rows` cut the answer'),
  stats: z.strictObject({
    queryId: text,
    elapsedMs: number,
    phases,
    placement: z.array(z.strictObject({ stage: text, where: place })),
    warnings: z.array(text).optional(),
    cache: cacheOfAnswer.optional(),
  }),
});

const problem = z.strictObject({
  type: text.describe('`urn:forkline:error:` and the code'),
  title: text,
  status: z.int(),
  detail: text,
  instance: text.optional(),
  code: z.enum(Object.keys(errorClasses) as [string, ...string[]]), // there are some
  queryId: text.optional(),
  retryable: z.boolean().describe('Whether sending the same again may help'),
  stage: z.strictObject({ index: count, name: text }).optional(),
  position: z
    .strictObject({ line: count, column: count, endLine: count, endColumn: count, excerpt: text })
    .optional(),
  sqlstate: text.optional(),
  hint: text.optional(),
  suggestions: z.array(text).optional(),
  limit: z.strictObject({ name: text, value: number, observed: number.optional() }).optional(),
  model: z
    .strictObject({
      ...{ name: text, version: count, line: count.optional(), column: count.optional() },
      excerpt: text.optional(),
    })
    .optional()
    .describe('The model that the error is about, and the place in its text'),
});

const share = z.strictObject({ read: count, of: count });
const scannedTable = z.strictObject({
  ...{ table: text, files: share },
  ...{ rowGroups: share.nullable(), bytes: share.nullable(), columns: share.nullable() },
});

const plan = z.strictObject({
  sources: z.array(
    z.strictObject({
      ...{ connection: text, sql: text, parameters: z.array(text), columns: columns.nullable() },
      scan: z
        .array(scannedTable)
        .optional()
        .describe('Of a source that is files: what is read of each table'),
      databasePlan: text
        .nullable()
        .optional()
        .describe('/v1/explain/database alone; null: the database tells none'),
    }),
  ),
  worker: z
    .strictObject({
      sql: text,
      parameters: z.array(
        z.strictObject({ name: text, kind: z.enum(['string', 'int64', 'float64', 'bool', 'null']) }),
      ),
    })
    .nullable()
    .describe('null: all of it runs in the database'),
  stages: z.array(z.strictObject({ index: count, name: text, span, where: place, why: text, columns })),
  columns: columns.nullable().describe('null when they are only known once it runs'),
  warnings: z.array(text),
  tokens: z.array(z.strictObject({ kind: text, text, start: count, end: count })),
});

const completion = z.strictObject({
  from: count.describe('What an item replaces begins here: UTF-16 code units'),
  to: count,
  items: z.array(
    z.strictObject({
      label: text,
      kind: z.enum([
        'stage',
        'column',
        'function',
        'keyword',
        'table',
        'model',
        'parameter',
        'connection',
        'option',
      ]),
      type: text.optional(),
      detail: text,
      insert: text,
    }),
  ),
  complete: z.boolean().describe('false: there are more items than are given'),
  warnings: z.array(text),
});

const query = z.strictObject({
  queryId: text,
  traceId: text,
  state: z.enum(['running', 'finished', 'failed', 'cancelled']),
  phase: z.enum(['shared', 'queue', 'plan', 'describe', 'sql', 'stages', 'done']),
  query: text,
  connection: text,
  client: text.describe('An IPv4 address, or the network of an IPv6 address'),
  principal: text.describe('Who asked, as limits count: the client address for who is anonymous'),
  startedAt: time,
  elapsedMs: number,
  timeLeftMs: number,
  phases,
  workerPids: z.array(z.int()),
  bytes: count,
  rows: count.nullable(),
  error: z.strictObject({ code: text, message: text }).nullable(),
  sources: z
    .array(
      z.strictObject({
        connection: text,
        operation: text.describe("Under which the database's own page shows the statement"),
        stages: count,
        stagesDone: count,
        tasks: count,
        tasksDone: count,
        tasksRunning: count,
        bytesRead: count,
      }),
    )
    .optional()
    .describe('How far databases that tell it (Spark) have come, one entry a statement'),
});

const processRow = z.strictObject({
  role: text.describe('monitor, database, logger, server, or the pool of the worker: sql, dsl'),
  workerId: text,
  slot: count,
  pid: count,
  ppid: count,
  sandboxed: z.boolean().describe('whether the process runs in a sandbox'),
  state: z.enum(['starting', 'ready', 'busy', 'draining', 'killing']),
  kernelState: text.nullable(),
  cpuPercent: number.nullable(),
  cpuSeconds: number.nullable(),
  rssBytes: number.nullable(),
  pssBytes: number.nullable(),
  openFiles: number.nullable(),
  openFilesLimit: number.nullable(),
  wchan: text.nullable(),
  eventLoopLagMs: number.nullable(),
  ageMs: number,
  queriesServed: count,
  queryId: text.nullable(),
  queries: z
    .array(z.strictObject({ queryId: text, connection: text, kind: text.nullable() }))
    .describe('The queries that the process works on now; `kind`: that of the connection'),
});

const logLine = z
  .looseObject({ time, level: text, process: text, role: text, pid: z.int(), event: text })
  .describe('What else it has is up to the event (docs/logs.md)');

const shapeSummary = z.strictObject({
  shape: text,
  count,
  failed: count,
  meanMs: number,
  maxMs: number,
  codes: z.record(text, count),
  queryId: text,
});

const logSummary = z.strictObject({
  from: time,
  to: time,
  rates: z.array(z.strictObject({ role: text, level: text, lines: count, perSecond: number })),
  queries: z.strictObject({ count, failed: count }),
  shapes: count,
  unlistedQueries: count,
  slowest: z.array(shapeSummary),
  mostFailing: z.array(shapeSummary),
});

const readiness = z.strictObject({
  status: z.enum(['ready', 'not ready']),
  checks: z.strictObject({
    draining: z.boolean(),
    sqlWorkers: count,
    sqlSlots: count,
    dslWorkers: z.record(text, count).describe('How many in each state'),
  }),
});

/** The schemas by their names in /openapi.json. */
export const apiSchemas = {
  QueryRequest: queryBody,
  FormatRequest: formatBody,
  CompleteRequest: completeBody,
  Answer: answer,
  Problem: problem,
  Plan: plan,
  FormattedQuery: z.strictObject({ query: text, changed: z.boolean() }),
  Completion: completion,
  Query: query,
  Queries: z.strictObject({ queries: z.array(query) }),
  Cancelling: z.strictObject({ queryId: text, state: z.literal('cancelling') }),
  Process: processRow,
  Processes: z.strictObject({ processes: z.array(processRow) }),
  LogLines: z.strictObject({
    lines: z.array(logLine),
    truncated: z.boolean().describe('More lines match than are given'),
    unreadable: z.array(text).optional().describe('Log files that could not be read, and why'),
  }),
  LogSummary: logSummary,
  Limits: z.record(text, number),
  Liveness: z.strictObject({ status: z.literal('live') }),
  Readiness: readiness,
  Cache: cacheSchema,
  LegacyLogin: legacyLogin,
  LegacyToken: legacyToken,
  LegacyQuery: legacyQuery,
  LegacySid: legacySid,
  LegacyPart: legacyPart,
  LegacyFile: legacyFile,
  LegacyError: legacyError,
  PurgeRequest: purgeBody,
  Purged: purgedSchema,
  Job: jobSchema,
  Jobs: jobsSchema,
  ...catalogueSchemas,
} satisfies Record<string, z.ZodType>;

export type ApiSchemaName = keyof typeof apiSchemas;

const REQUESTS: ReadonlySet<string> = new Set<ApiSchemaName>([
  'QueryRequest',
  'FormatRequest',
  'CompleteRequest',
  'PurgeRequest',
  ...CATALOGUE_REQUESTS,
]);

/** Returns `components.schemas` of the document; a schema inside another one is a reference by name. */
export function componentSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(apiSchemas)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}`, io: 'input' });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, plainSchema(schema, REQUESTS.has(name))]),
  );
}

/** Returns the schema without the members that mark it as a separate document. A schema of an answer allows further members. */
function plainSchema(schema: unknown, closed: boolean): object {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (key === '$schema' || key === '$id' || key === 'id') return undefined;
    if (key === 'additionalProperties' && value === false && !closed) return undefined;
    // zod adds the bounds of exact JSON numbers to each integer; they are not a rule of this API.
    return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER ? undefined : value;
  });
  return JSON.parse(text) as object;
}
