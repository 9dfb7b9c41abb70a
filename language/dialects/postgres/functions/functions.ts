/** The SQL of calls that PostgreSQL computes exactly as the stage engine does. Each was tried by the oracle of functions. */
import type { FunctionTable } from '../../function-table.ts';
import { aggregates } from './aggregate.ts';
import { arithmetic } from './arithmetic.ts';
import { casts } from './casts.ts';
import { comparison } from './comparison.ts';
import { json, list } from './json-list.ts';
import { number } from './number.ts';
import { own } from './own.ts';
import { text } from './text.ts';
import { time } from './time.ts';
import { window } from './window.ts';

export const POSTGRES_FUNCTIONS: FunctionTable = {
  ...arithmetic,
  ...comparison,
  ...casts,
  ...number,
  ...text,
  ...time,
  ...json,
  ...list,
  ...aggregates,
  ...window,
  ...own,
};
