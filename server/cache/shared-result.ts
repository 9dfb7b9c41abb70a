/** A result on its way from the query that ran to everybody else who asked for it. */
import type { ToldPlan } from '../query/query-end.ts';

export interface SharedEnd {
  readonly rows: number;
  readonly complete: boolean;
  readonly plan: ToldPlan;
}

/** A small result, whole. */
export interface SharedResult {
  readonly body: Buffer;
  readonly end: SharedEnd;
}
