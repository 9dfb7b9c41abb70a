/**
 * `explain` before a query: its plan as rows, one for each source and stage. The rows are constants that the database of
 * the query's first source gives back, so that they come in every format and under every limit like any answer.
 */
import type { Plan, PlanRequest, ScanFacts, SourcePlan, WorkerPlan } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { ConstantCell, SourceDialect } from '../dialects/dialect.ts';
import { sourceDialect } from '../dialects/registry.ts';
import { dialectAt } from '../source/connections.ts';
import { inputColumns } from './input-columns.ts';
import { scanOf, scanText } from './scan.ts';

const COLUMNS: readonly Column[] = [
  { name: 'index', type: { kind: 'int64' } },
  ...['stage', 'where', 'why', 'sql'].map((name) => ({ name, type: { kind: 'string' } as const })),
];

/** Sources are 0; `sql` stands where a statement begins. */
function rowsOf(
  { sources, worker, stages, isPartial }: Plan,
  scans: readonly ScanFacts[],
): readonly (readonly ConstantCell[])[] {
  const left = [...scans];
  const fetched = sources.map(({ connection, sql }, index): readonly ConstantCell[] => {
    const scan = worker?.inputs[index]?.scan === undefined ? undefined : left.shift();
    const read = scan === undefined || scan.tables.length === 0 ? '' : `: ${scanText(scan)}`;
    return [
      0,
      'source',
      scan === undefined ? 'source' : 'worker',
      `the connection \`${connection}\`${read}`,
      isPartial === true ? null : sql,
    ];
  });
  const first = stages.find(({ where }) => where === 'worker')?.index;
  return [
    ...fetched,
    ...stages.map(({ index, name, where, why }): readonly ConstantCell[] => {
      const sql = index === first && isPartial !== true ? (worker?.sql ?? null) : null;
      return [index, name, where, why, sql];
    }),
  ];
}

/** The plan of a query whose answer is the rows of `plan`. */
export function explainPlan(plan: Plan, request: PlanRequest, scans: readonly ScanFacts[]): Plan {
  const { connection } = plan.sources[0]!;
  const dialect = sourceDialect(dialectAt(request.dialects, connection, null));
  const source = {
    connection,
    sql: dialect.constantRows(COLUMNS, rowsOf(plan, scans)),
    parameters: [],
    segments: [],
    columns: COLUMNS,
    databaseColumns: COLUMNS.map((column) => dialect.describedColumn(column, true)),
    parameterTypes: [],
    functions: [],
  };
  const { warnings } = plan;
  const cacheable = plan.cacheable && scans.length === 0;
  return {
    sources: [source],
    worker: request.throughWorker || dialect.scanned ? encoding(dialect, source) : null,
    stages: [],
    columns: COLUMNS,
    warnings,
    cacheable,
  };
}

/** The rows as they are, for formats that a worker encodes. */
function encoding(dialect: SourceDialect, source: SourcePlan): WorkerPlan {
  const columns = inputColumns(dialect, source);
  const items = columns.map(({ name }) => `input."${name}"`);
  const described = { columns: source.databaseColumns!, parameterTypes: [] };
  const scan = dialect.scanned
    ? { scan: scanOf(source, { ...source, parameters: [], segments: [] }, described, null) }
    : {};
  return {
    sql: `SELECT ${items.join(', ')}\nFROM input`,
    parameters: [],
    inputs: [{ name: 'input', columns, scans: 1, ...scan }],
    runsUserSql: false,
  };
}
