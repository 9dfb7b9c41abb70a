/**
 * `explain` before a query: its plan as rows, one for each source and stage. The rows are constants that the database of
 * the query's first source gives back, so that they come in every format and under every limit like any answer.
 */
import type { InputColumn, Plan, PlanRequest, WorkerPlan } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { ConstantCell } from '../dialects/dialect.ts';
import { sourceDialect } from '../dialects/registry.ts';
import { dialectAt } from '../source/connections.ts';
import { inputColumns } from './input-columns.ts';

const COLUMNS: readonly Column[] = [
  { name: 'index', type: { kind: 'int64' } },
  ...['stage', 'where', 'why', 'sql'].map((name) => ({ name, type: { kind: 'string' } as const })),
];

/** Sources are 0; `sql` stands where a statement begins. */
function rowsOf({ sources, worker, stages }: Plan): readonly (readonly ConstantCell[])[] {
  const fetched = sources.map(({ connection, sql }): readonly ConstantCell[] => [
    0,
    'source',
    'source',
    `the connection \`${connection}\``,
    sql,
  ]);
  const first = stages.find(({ where }) => where === 'worker')?.index;
  return [
    ...fetched,
    ...stages.map(({ index, name, where, why }): readonly ConstantCell[] => {
      const sql = index === first ? (worker?.sql ?? null) : null;
      return [index, name, where, why, sql];
    }),
  ];
}

/** The plan of a query whose answer is the rows of `plan`. */
export function explainPlan(plan: Plan, request: PlanRequest): Plan {
  const { connection } = plan.sources[0]!;
  const dialect = sourceDialect(dialectAt(request.dialects, connection, null));
  const source = {
    connection,
    sql: dialect.constantRows(COLUMNS, rowsOf(plan)),
    parameters: [],
    segments: [],
    columns: COLUMNS,
    databaseColumns: COLUMNS.map((column) => dialect.describedColumn(column, true)),
    parameterTypes: [],
    functions: [],
  };
  const { warnings, cacheable } = plan;
  return {
    sources: [source],
    worker: request.throughWorker ? encoding(inputColumns(dialect, source)) : null,
    stages: [],
    columns: COLUMNS,
    warnings,
    cacheable,
  };
}

/** The rows as they are, for formats that a worker encodes. */
function encoding(columns: readonly InputColumn[]): WorkerPlan {
  const items = columns.map(({ name }) => `input."${name}"`);
  return {
    sql: `SELECT ${items.join(', ')}\nFROM input`,
    parameters: [],
    inputs: [{ name: 'input', columns, scans: 1 }],
    runsUserSql: false,
  };
}
