/** The answer of /v1/explain: the plan, with types by the names that answers use. Made in the planner's thread. */
import { type Column, typeName } from '../../core/protocol/types.ts';
import type { ExplainedQuery } from '../../language/explain.ts';

export function viewOf({ tokens, plan, scans }: ExplainedQuery): object {
  const { sources, worker, isPartial } = plan;
  const told = (sql: string): string => (isPartial === true ? NOT_TOLD : sql);
  const left = [...scans];
  return {
    sources: sources.map(({ connection, sql, parameters, columns }, index) => ({
      ...(worker?.inputs[index]?.scan !== undefined && { scan: left.shift()?.tables }),
      connection,
      sql: told(sql),
      parameters,
      columns: named(columns),
    })),
    worker: worker && { sql: told(worker.sql), parameters: worker.parameters },
    stages: plan.stages.map((stage) => ({ ...stage, columns: named(stage.columns) })),
    columns: named(plan.columns),
    warnings: plan.warnings,
    tokens,
  };
}

const NOT_TOLD = '-- not told: the policy shows a part of what is read';

function named(columns: readonly Column[] | null): { name: string; type: string }[] | null {
  return columns?.map(({ name, type }) => ({ name, type: typeName(type) })) ?? null;
}
