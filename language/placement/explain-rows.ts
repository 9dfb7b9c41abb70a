/**
 * `explain` before a query: its plan as rows, one for each source and stage. The rows are constants that the database of
 * the query's first source gives back, so that they come in every format and under every limit like any answer.
 */
import type { Plan, WorkerPlan } from '../../core/protocol/plan.ts';
import type { Column, DatabaseColumn } from '../../core/protocol/types.ts';
import { inputColumn, quoteText } from '../dialects/duckdb/sql.ts';
import { postgresType } from '../dialects/postgres/sql.ts';
import { carrierType } from '../dialects/postgres/types.ts';

const COLUMNS: readonly Column[] = [
  { name: 'index', type: { kind: 'int64' } },
  ...['stage', 'where', 'why', 'sql'].map((name) => ({ name, type: { kind: 'string' } as const })),
];

type Row = readonly [index: number, stage: string, where: string, why: string | null, sql: string | null];

/** Sources are 0; `sql` stands where a statement begins. */
function rowsOf({ sources, worker, stages }: Plan): readonly Row[] {
  const fetched = sources.map(
    ({ connection, sql }): Row => [0, 'source', 'source', `the connection \`${connection}\``, sql],
  );
  const first = stages.find(({ where }) => where === 'worker')?.index;
  return [
    ...fetched,
    ...stages.map(({ index, name, where, why }): Row => {
      const sql = index === first ? (worker?.sql ?? null) : null;
      return [index, name, where, why, sql];
    }),
  ];
}

function literal(value: string | number | null): string {
  if (value === null) return 'null';
  return typeof value === 'number' ? String(value) : quoteText(value);
}

/** The plan of a query whose answer is the rows of `plan`. */
export function explainPlan(plan: Plan, throughWorker: boolean): Plan {
  const rows = rowsOf(plan).map((row, place) => `(${[place, ...row].map(literal).join(', ')})`);
  const names = COLUMNS.map(({ name }) => `"${name}"`);
  const items = COLUMNS.map(({ type }, index) => `${names[index]}::${postgresType(type)} as ${names[index]}`);
  const sql = `select ${items.join(', ')}\nfrom (values\n${rows.join(',\n')}\n) as t("place", ${names.join(', ')})\norder by "place"`;
  const described = COLUMNS.map(({ name, type }): DatabaseColumn => ({ name, type: carrierType(type) }));
  const { connection } = plan.sources[0]!;
  const source = {
    connection,
    sql,
    parameters: [],
    segments: [],
    columns: COLUMNS,
    databaseColumns: described,
    parameterTypes: [],
    functions: [],
  };
  const { warnings, cacheable } = plan;
  return {
    sources: [source],
    worker: throughWorker ? encoding(COLUMNS) : null,
    stages: [],
    columns: COLUMNS,
    warnings,
    cacheable,
  };
}

/** The rows as they are, for formats that a worker encodes. */
function encoding(columns: readonly Column[]): WorkerPlan {
  const items = columns.map(({ name }) => `input."${name}"`);
  return {
    sql: `SELECT ${items.join(', ')}\nFROM input`,
    parameters: [],
    inputs: [{ name: 'input', columns: columns.map(inputColumn), scans: 1 }],
    runsUserSql: false,
  };
}
