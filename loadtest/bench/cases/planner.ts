/** The work of a planner thread on a query that is not in the plan cache: text to plan, the source described. */

import type { PlanRequest, PlanStep } from '../../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { planQuery } from '../../../language/compile.ts';
import { nativeType } from '../../../language/dialects/postgres/types.ts';
import { JUDGES_NOTHING } from '../../../language/source/judged-functions.ts';
import { type BenchCase, timeOf } from '../case.ts';

const QUERIES = 200;
const TEXT = `select * from requests where id <= 1000
| where status < 500 and duration > 1.5
| eval seconds = duration / 1000, megabytes = bytes / 1048576
| stats count() as n, avg(seconds) as mean, max(megabytes) as largest by host
| sort -n, host
| head 20`;
/** Type OIDs of PostgreSQL: int8, timestamp, text, int4, float8. */
const COLUMN_OIDS = { id: 20, time: 1114, host: 25, path: 25, status: 23, bytes: 20, duration: 701 };

export async function open(): Promise<BenchCase> {
  const columns = Object.entries(COLUMN_OIDS).map(([name, typeOid]) => ({ name, type: nativeType(typeOid) }));
  const request: PlanRequest = {
    text: TEXT,
    parameters: {},
    connection: 'main',
    dialects: { main: 'postgres' },
    pushdown: 'off',
    throughWorker: false,
    answers: {},
  };
  return {
    async measure() {
      const ms = timeOf(() => {
        for (let i = 0; i < QUERIES; i++) {
          const step = planAnswered(request, columns);
          if (step.kind !== 'plan' || step.plan.stages.length !== 5) throw new Error('it was not planned');
        }
      });
      return (ms * 1e3) / QUERIES;
    },
  };
}

/** Plans as the planner does: the compiler asks what the source's columns are, and is called again with the answer. */
function planAnswered(request: PlanRequest, columns: readonly DatabaseColumn[]): PlanStep {
  const asked = planQuery(request, JUDGES_NOTHING);
  if (asked.kind === 'plan') return asked;
  const answers = asked.asks.map(
    ({ key }) => [key, { kind: 'source', columns, parameterTypes: [] }] as const,
  );
  return planQuery({ ...request, answers: Object.fromEntries(answers) }, JUDGES_NOTHING);
}
