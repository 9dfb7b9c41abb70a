/** The answer of /v1/explain: the plan, with types by the names that answers use. Made in the planner's thread. */
import { type Column, typeName } from '../../core/protocol/types.ts';
import type { ExplainedQuery } from '../../language/explain.ts';

export function viewOf({ tokens, plan, scans }: ExplainedQuery): object {
  const { sources, worker } = plan;
  const left = [...scans];
  return {
    sources: sources.map(({ connection, sql, parameters, columns }, index) => ({
      ...(worker?.inputs[index]?.scan !== undefined && { scan: left.shift()?.tables }),
      connection,
      sql,
      parameters,
      columns: named(columns),
    })),
    worker: worker && { sql: worker.sql, parameters: worker.parameters },
    stages: plan.stages.map((stage) => ({ ...stage, columns: named(stage.columns) })),
    columns: named(plan.columns),
    warnings: plan.warnings,
    tokens,
  };
}

function named(columns: readonly Column[] | null): { name: string; type: string }[] | null {
  return columns?.map(({ name, type }) => ({ name, type: typeName(type) })) ?? null;
}
