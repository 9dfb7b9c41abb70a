/** Runs plans for tests: the worker's statement on DuckDB, over exactly the columns that the plan sends. */
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { planQuery } from '../../../language/compile.ts';
import { duckdbType, quoteName } from '../../../language/dialects/duckdb.ts';
import type { ParameterKind, ParameterValue, Plan, PlanRequest } from '../../../language/plan.ts';
import type { DatabaseColumn } from '../../../language/types.ts';
import { FLIGHTS_COLUMNS, FLIGHTS_ROWS } from '../../fixtures/language/flights.ts';

export type Params = Readonly<Record<string, ParameterValue>>;

export function kindOf(value: ParameterValue): ParameterKind {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Number.isInteger(value) ? 'int64' : 'float64';
}

export function planFlights(
  text: string,
  params: Params = {},
  columns: readonly DatabaseColumn[] = FLIGHTS_COLUMNS,
): Plan {
  const parameters = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, kindOf(value)]));
  return planOf(text, columns, { parameters });
}

/** The plan of a query whose only source has these columns; every stage in the worker unless asked otherwise. */
export function planOf(
  text: string,
  columns: readonly DatabaseColumn[],
  request: Partial<PlanRequest> = {},
): Plan {
  const whole: PlanRequest = {
    text,
    parameters: {},
    connection: 'main',
    pushdown: 'off',
    throughWorker: false,
    answers: {},
    ...request,
  };
  const step = planQuery(whole);
  if (step.kind === 'plan') return step.plan;
  const answers = Object.fromEntries(
    step.asks.map(({ key }) => [key, { kind: 'source' as const, columns, parameterOids: [] }]),
  );
  const next = planQuery({ ...whole, answers });
  if (next.kind === 'ask') throw new Error('the compiler asks for more than the source');
  return next.plan;
}

export async function openDuckDb(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', enable_external_access: 'false' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

export interface Ran {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Runs the plan's worker over `rowsSql` (a SELECT of all source columns). */
export async function runPlan(
  duck: DuckDBConnection,
  plan: Plan,
  params: Params = {},
  rowsSql = FLIGHTS_ROWS,
): Promise<Ran> {
  const worker = plan.worker!;
  const input = worker.inputs[0]!.columns;
  const counted = input.length === 1 && input[0]!.name === 'row';
  const columns = counted ? '1 AS "row"' : input.map((column) => quoteName(column.name)).join(', ');
  await duck.run(`CREATE OR REPLACE TEMP TABLE input AS SELECT ${columns} FROM (${rowsSql})`);
  const values = worker.parameters.map(({ name, kind }): DuckDBValue => {
    const value = params[name]!;
    return kind === 'int64' && typeof value === 'number' ? BigInt(value) : value;
  });
  const reader = await duck.runAndReadAll(worker.sql, values);
  return { names: reader.columnNames(), types: reader.columnTypes().map(String), rows: reader.getRowsJson() };
}

export function expectedTypes(plan: Plan): readonly string[] {
  return plan.columns!.map((column) => ENGINE_NAMES[column.type.kind] ?? duckdbType(column.type));
}

/** Names that the engine reports differently from how they are written. */
const ENGINE_NAMES: Partial<Record<string, string>> = { timestamptz: 'TIMESTAMP WITH TIME ZONE' };
