/** The schemas of a query's options: they check requests, and /openapi.json shows them. */
import { z } from 'zod';
import { ANSWER_FORMATS } from './accepted-format.ts';
import { givenParameter, parameterValue } from './parameters.ts';

export const NO_WHOLE_NUMBER = 'this is no whole number above 0';
const wholeNumberAbove0 = () => z.int({ error: NO_WHOLE_NUMBER }).positive({ error: NO_WHOLE_NUMBER });

/** The schema of the JSON body, as /openapi.json shows it. */
export const queryBody = z.strictObject({
  query: z.string().describe('SQL, then stages: `select ... | stage | stage`'),
  connection: z
    .string()
    .optional()
    .describe('The name of a configured connection; the default one otherwise'),
  params: z
    .record(z.string(), parameterValue)
    .optional()
    .describe('Values for `:name` in the query; bound, never pasted'),
  limits: z
    .strictObject({
      rows: wholeNumberAbove0().optional().describe('Cap of the answer; reaching it gives `complete: false`'),
      timeoutMs: wholeNumberAbove0().optional().describe('Time for all phases together'),
    })
    .optional(),
  dialect: z
    .enum(['forkline', 'legacy'])
    .optional()
    .describe('The language of the query: `legacy` is that of docs/legacy-language.md'),
  model: z.string().min(1).max(200).optional().describe('With `dialect: legacy`: the table that `*` reads'),
  pushdown: z.enum(['off', 'auto', 'require']).optional().describe('Where stages may run'),
  format: z.enum(ANSWER_FORMATS).optional().describe('The form of the answer; json when left out'),
  rows: z.enum(['objects', 'arrays']).optional().describe('How JSON rows look'),
  numbers: z
    .enum(['number', 'string'])
    .optional()
    .describe('How int64 and decimal look in JSON: exact numbers, or text'),
  end: z
    .enum(['line', 'none'])
    .optional()
    .describe('NDJSON: `none` leaves out the last line (`@end` or `@error`), so that every line is a row'),
});

/** The schema that checks requests: numbers of parameters keep all their digits, and text from a URL has no type. */
export const givenBody = queryBody.extend({ params: z.record(z.string(), givenParameter).optional() });

export type QueryBody = z.infer<typeof givenBody>;
export type UrlOptions = Omit<QueryBody, 'query'> & { readonly query?: string };

/** The schema of a query string's options, without parameters; /openapi.json shows it too. */
export const urlOptions = z.strictObject({
  q: z.string().describe('The query'),
  format: queryBody.shape.format.describe('Instead of Accept'),
  rows: queryBody.shape.rows,
  numbers: queryBody.shape.numbers,
  end: queryBody.shape.end,
  limit: z.int().positive().optional().describe('Cap of the answer; reaching it gives `complete: false`'),
  timeoutMs: wholeNumberAbove0().optional().describe('Time for all phases together'),
  connection: queryBody.shape.connection,
  pushdown: queryBody.shape.pushdown,
  dialect: queryBody.shape.dialect,
  model: queryBody.shape.model,
});
export const OPTION_NAMES = new Set(Object.keys(urlOptions.shape));
