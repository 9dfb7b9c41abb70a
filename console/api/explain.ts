/** POST /v1/explain/draft: where each stage would run, and the columns at each place. */

import type { ShownColumn } from '../rows/shown-column.ts';
import type { Asked } from './asked.ts';
import { ask } from './client.ts';

export interface ExplainedStage {
  readonly index: number;
  readonly name: string;
  /** UTF-16 offsets in the query. */
  readonly span: { readonly start: number; readonly end: number };
  readonly where: string;
  readonly why: string;
  readonly columns: readonly ShownColumn[];
}

export interface Explanation {
  readonly sources: readonly {
    readonly connection: string;
    readonly sql: string;
    readonly columns: readonly ShownColumn[];
  }[];
  /** null when no stage runs in a worker. */
  readonly worker: { readonly sql: string } | null;
  readonly stages: readonly ExplainedStage[];
  /** null for SQL without stages, for which no database is asked. */
  readonly columns: readonly ShownColumn[] | null;
  readonly warnings: readonly string[];
}

/** Explains a text that is being written. Rejects with ProblemError, and with AbortError when `signal` aborts. */
export function explainDraft(asked: Asked, signal: AbortSignal): Promise<Explanation> {
  return ask('v1/explain/draft', { body: asked, signal });
}
