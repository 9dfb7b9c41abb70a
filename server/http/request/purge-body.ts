/** The body of POST /v1/cache/purge. */
import { z } from 'zod';

const name = z.string().min(1).max(300);
const names = z.array(name).max(1000);

export const purgeBody = z.strictObject({
  tables: names.optional().describe('Tables that have changed, as `name` or `schema.name`'),
  connection: name
    .optional()
    .describe('The connection of the tables, or the one of which everything has changed'),
  models: names.optional().describe('Models that have changed'),
  tags: names.optional().describe('Tags of rules'),
  shape: z
    .string()
    .min(1)
    .optional()
    .describe('The shape of queries: its name in GET /v1/cache, or the text of such a query'),
  everything: z.literal(true).optional().describe('All entries'),
  remove: z.boolean().optional().describe('Removes the entries, instead of marking them as stale'),
});
