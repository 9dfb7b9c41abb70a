/** The statement by which a DSL worker makes another format of a kept result: rows as texts in, the answer out. */
import type { AnswerOptions } from '../../core/protocol/answer.ts';
import type { WorkerPlan } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import { jsonOfKeptText, typeOfKeptValue, valueOfKeptText } from '../dialects/duckdb/kept-texts.ts';

export interface ConversionPlan {
  readonly plan: WorkerPlan;
  /** The columns that the statement gives. */
  readonly columns: readonly Column[];
}

/** Throws `unsupported` for a column that the format has no value for. */
export function conversionPlan(columns: readonly Column[], options: AnswerOptions): ConversionPlan {
  const isText = options.format === 'json' || options.format === 'ndjson';
  const values = columns.map((column, index) =>
    isText ? jsonOfKeptText(column.type, `k${index}`, options.numbers) : valueOfKeptText(column, `k${index}`),
  );
  const names = columns.map((_, index) => ({ name: `k${index}`, wire: 'text' as const, expression: null }));
  return {
    plan: {
      sql: `SELECT ${values.join(', ')} FROM input`,
      parameters: [],
      inputs: [{ name: 'input', columns: names, scans: 1 }],
      runsUserSql: false,
    },
    // The values are JSON already when text is made.
    columns: columns.map(({ name, type }) => ({
      name,
      type: isText ? { kind: 'json' } : typeOfKeptValue(type),
    })),
  };
}
