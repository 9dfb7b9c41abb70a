/** The catalogue's part of the API's schemas. */
import { z } from 'zod';
import { MODEL_LANGUAGES, MODEL_PARAMETER_TYPES } from '../../core/protocol/models.ts';

const text = z.string();
const count = z.int().nonnegative();
const time = z.iso.datetime();

const column = z.strictObject({ name: text, type: text, description: text.optional() });
const defaultValue = z.union([text, z.number(), z.boolean(), z.null(), z.array(z.unknown())]);

const definition = z.strictObject({
  name: text.optional().describe('In a PUT the path names it'),
  owner: text.optional(),
  description: text.optional(),
  tags: z.array(text).optional(),
  language: z.enum(MODEL_LANGUAGES).optional(),
  connection: text
    .optional()
    .describe('Of sources that name none; left out: that of the query which reads it'),
  query: text.optional(),
  table: text.optional().describe('Instead of a query: `name` or `schema.name`'),
  parameters: z
    .array(
      z.strictObject({
        name: text,
        type: z.enum(MODEL_PARAMETER_TYPES),
        list: z.boolean().optional(),
        default: defaultValue.optional(),
        description: text.optional(),
      }),
    )
    .optional(),
  columns: z.array(column).optional().describe('The contract; left out: the columns when it was saved'),
  timeColumn: text.optional(),
  freshness: text.optional().describe('How old the newest row may be: `1d`'),
  published: z.boolean().optional().describe('Whether this document describes its rows'),
  cache: z.strictObject({ keep: text, refresh: text.optional() }).optional(),
});

const source = z.strictObject({
  ...{ connection: text, tables: z.array(text).nullable(), columns: z.array(text) },
});
const sources = z.array(source);

const change = z.strictObject({
  member: text,
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  lines: z.array(text).optional(),
});

const relative = z.array(z.strictObject({ name: text, direct: z.boolean() }));

const versions = z.array(
  z.strictObject({ version: count, author: text, reason: text, at: time, removed: z.boolean() }),
);

const connectionDefinition = z
  .looseObject({
    name: text.optional().describe('In a PUT the path names it'),
    kind: text.optional().describe('Left out: what the URL says'),
    url: text.optional().describe('Of a database server: with user, host and database, without a password'),
    secret: text
      .optional()
      .describe('The name of a secret that the configuration declares for this connection'),
    path: text.optional().describe('Of a file, for the kinds that are one'),
    root: text.optional().describe('Of a directory with files'),
  })
  .describe('The options of its kind, as the configuration has them');

export const catalogueSchemas = {
  Connections: z.strictObject({
    connections: z.array(
      z.strictObject({
        ...{ name: text, dialect: text, default: z.boolean() },
        source: z.enum(['configuration', 'catalogue']).describe('Those of the configuration are read-only'),
      }),
    ),
    unused: z
      .array(z.strictObject({ name: text, problem: text }))
      .optional()
      .describe('For administrators: connections of the catalogue that this server cannot use'),
  }),
  ConnectionDefinition: connectionDefinition,
  Connection: z.union([
    z.strictObject({ name: text, dialect: text, source: z.literal('configuration') }),
    z.strictObject({
      ...{ name: text, source: z.literal('catalogue'), version: count, definition: connectionDefinition },
      ...{ author: text, reason: text, at: time, inUse: z.boolean(), problem: text.nullable() },
    }),
  ]),
  SavedConnection: z.strictObject({
    ...{ name: text, version: count, changed: z.boolean() },
    inUse: z.boolean().describe('Whether every process of this server uses it'),
    problem: text.nullable().describe('Why it is not used, or could not be reached just now'),
  }),
  ConnectionTest: z.strictObject({
    ...{ name: text, kind: text.nullable(), ok: z.boolean(), reached: z.boolean() },
    findings: z.array(z.strictObject({ level: z.enum(['ok', 'note', 'problem']), text })),
  }),
  ConnectionVersions: z.strictObject({ versions }),
  Tables: z.strictObject({
    tables: z.array(
      z.strictObject({
        ...{ schema: text, name: text },
        visible: z.boolean().describe('Whether its name alone is enough'),
        columns: z.array(column),
      }),
    ),
    complete: z.boolean().describe('false: there are more columns than are given'),
  }),
  ModelDefinition: definition,
  ModelRepository: z.strictObject({ models: z.array(definition) }),
  ModelTestRequest: z.strictObject({ params: z.record(text, defaultValue).optional() }),
  Models: z.strictObject({
    models: z.array(
      z.strictObject({
        ...{ name: text, version: count, owner: text, description: text, tags: z.array(text) },
        ...{ changedAt: time, brokenSince: time.nullable() },
      }),
    ),
    next: text.nullable().describe('The `after` of the next page'),
  }),
  Model: z.strictObject({
    version: count,
    definition: definition.nullable().describe('null: the model was removed in this version'),
    columns: z.array(column).nullable(),
    buildsOn: z.array(text).optional(),
    sources: sources.optional(),
    changedAt: time.optional(),
    contract: z
      .strictObject({ heldAt: time, brokenSince: time.nullable(), broken: text.nullable() })
      .optional(),
  }),
  SavedModel: z.strictObject({
    ...{ name: text, version: count, changed: z.boolean(), columns: z.array(column) },
    ...{ buildsOn: z.array(text), sources },
  }),
  ModelVersions: z.strictObject({ versions }),
  ModelDiff: z.strictObject({ from: count, to: count, changes: z.array(change) }),
  ModelUses: z.strictObject({
    ...{ name: text, reads: relative, readBy: relative },
    sources: z.array(source.extend({ model: text })),
  }),
  ModelTest: z.strictObject({
    ...{ name: text, version: count, ok: z.boolean() },
    contract: z.strictObject({
      ...{ ok: z.boolean(), broken: z.array(text), added: z.array(column) },
      ...{ heldAt: time, brokenSince: time.nullable() },
    }),
    freshness: z
      .strictObject({
        newest: text.nullable(),
        ageMs: z.number().nullable(),
        allowedMs: z.number(),
        ok: z.boolean(),
      })
      .nullable(),
  }),
  ModelExport: z.strictObject({
    models: z.array(z.strictObject({ version: count, definition })),
  }),
  AppliedModels: z.strictObject({
    applied: z.boolean().describe('false: nothing was changed (`dryRun`)'),
    steps: z.array(
      z.strictObject({
        name: text,
        action: z.enum(['create', 'change', 'same', 'remove']),
        version: count,
        changes: z.array(change),
      }),
    ),
  }),
} satisfies Record<string, z.ZodType>;

/** The names of the schemas of requests, in which nothing else may stand. */
export const CATALOGUE_REQUESTS = ['ModelDefinition', 'ModelRepository', 'ModelTestRequest'] as const;
