/** Runs plans for tests: the worker's statement on DuckDB, over exactly the columns that the plan sends. */

import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import {
  engineValue,
  type ParameterKind,
  type ParameterValue,
  parameterKind,
} from '../../../core/protocol/parameters.ts';
import type { Ask, AskAnswer, Plan, PlanRequest, PlanStep } from '../../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { planQuery } from '../../../language/compile.ts';
import { duckdbType, quoteName } from '../../../language/dialects/duckdb/sql.ts';
import { JUDGES_NOTHING } from '../../../language/source/judged-functions.ts';
import { FLIGHTS_ROWS, TABLES } from '../../fixtures/language/flights.ts';
import { TEST_CONNECTIONS } from '../../support/test-connections.ts';

export type Params = Readonly<Record<string, ParameterValue>>;

/** The columns of a table that the SQL of a source reads. */
export type Describe = (sql: string) => readonly DatabaseColumn[];

export function planFlights(
  text: string,
  params: Params = {},
  columns: readonly DatabaseColumn[] | null = null,
): Plan {
  const describe = columns === null ? describeTable : () => columns;
  const step = stepOf(text, describe, { parameters: kindsOf(params) });
  if (step.kind === 'ask') throw new Error('the compiler asks for more than the sources');
  return step.plan;
}

/** The plan of a query whose sources all have these columns; every stage in the worker unless asked otherwise. */
export function planOf(
  text: string,
  columns: readonly DatabaseColumn[],
  request: Partial<PlanRequest> = {},
): Plan {
  const step = stepOf(text, () => columns, request);
  if (step.kind === 'ask') throw new Error('the compiler asks for more than the sources');
  return step.plan;
}

/** The plan, with whatever else it asks for found out in the engine, where no stage runs in a database. */
export async function planAsking(
  duck: DuckDBConnection,
  text: string,
  params: Params = {},
  request: Partial<PlanRequest> = {},
): Promise<Plan> {
  const answers: Record<string, AskAnswer> = {};
  const next = (how: Partial<PlanRequest>): PlanStep =>
    stepOf(text, describeTable, { ...how, parameters: kindsOf(params), answers });
  for (;;) {
    const step = next({ ...request, pushdown: 'off' });
    if (step.kind === 'plan') break;
    for (const ask of step.asks) answers[ask.key] = await answerIn(duck, ask, params);
  }
  const step = next(request);
  if (step.kind === 'ask') throw new Error('with pushdown the compiler asks for more');
  return step.plan;
}

async function answerIn(duck: DuckDBConnection, ask: Ask, params: Params): Promise<AskAnswer> {
  switch (ask.kind) {
    case 'source':
      return { kind: 'source', columns: describeTable(ask.sql), parameterTypes: [] };
    case 'engine': {
      for (const { name, columns } of ask.relations) {
        const items = columns.map((column) => `${quoteName(column.name)} ${column.engineType}`);
        await duck.run(`CREATE OR REPLACE TEMP TABLE ${name} (${items.join(', ')})`);
      }
      const prepared = await duck.prepare(`SELECT * FROM (${ask.sql}\n) AS described`);
      const columns = Array.from({ length: prepared.columnCount }, (_, index) => ({
        name: prepared.columnName(index),
        engineType: String(prepared.columnType(index)),
      }));
      return { kind: 'engine', columns };
    }
    case 'values': {
      const { rows } = await runPlan(duck, ask.plan, params);
      const values = rows.map(([value]) => value);
      return { kind: 'values', values: values.slice(0, ask.atMost), complete: values.length <= ask.atMost };
    }
    case 'models':
      return { kind: 'models', models: [], missing: ask.names };
    case 'scans':
      return { kind: 'scans', scans: [] };
    default:
      return ask satisfies never;
  }
}

function kindsOf(params: Params): Record<string, ParameterKind> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, parameterKind(name, value)]),
  );
}

/** Until the compiler asks for nothing, or for something else than a source. */
function stepOf(text: string, describe: Describe, request: Partial<PlanRequest>): PlanStep {
  const answers: Record<string, AskAnswer> = { ...request.answers };
  for (;;) {
    const step = planQuery(
      {
        text,
        parameters: {},
        connection: 'main',
        dialects: TEST_CONNECTIONS,
        pushdown: 'off',
        throughWorker: false,
        ...request,
        answers,
      },
      JUDGES_NOTHING,
    );
    if (step.kind === 'plan' || step.asks.some(({ kind }) => kind !== 'source')) return step;
    for (const ask of step.asks)
      if (ask.kind === 'source')
        answers[ask.key] = { kind: 'source', columns: describe(ask.sql), parameterTypes: [] };
  }
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

/** Runs the plan's worker over the tables that its sources read; `rowsSql` is a SELECT that stands for `flights`. */
export async function runPlan(
  duck: DuckDBConnection,
  plan: Plan,
  params: Params = {},
  rowsSql = FLIGHTS_ROWS,
): Promise<Ran> {
  const worker = plan.worker!;
  for (const [index, { name, columns }] of worker.inputs.entries()) {
    const counted = columns.length === 1 && columns[0]!.name === 'row';
    const items = counted ? '1 AS "row"' : columns.map((column) => quoteName(column.name)).join(', ');
    const table = tableOf(plan.sources[index]!.sql);
    const rows = table === 'flights' ? rowsSql : TABLES[table]!.rows;
    await duck.run(`CREATE OR REPLACE TEMP TABLE ${name} AS SELECT ${items} FROM (${rows})`);
  }
  const values = worker.parameters.map(({ name, kind }): DuckDBValue => {
    const value = engineValue(params[name]!);
    return kind === 'int64' ? BigInt(value!) : value;
  });
  const reader = await duck.runAndReadAll(worker.sql, values);
  return { names: reader.columnNames(), types: reader.columnTypes().map(String), rows: reader.getRowsJson() };
}

/** The last one named, so that the wrapping of a source does not hide it. */
function tableOf(sql: string): string {
  const named = [...sql.matchAll(/\bfrom (\w+)/g)].map((match) => match[1]!);
  return named.findLast((name) => TABLES[name] !== undefined) ?? 'flights';
}

function describeTable(sql: string): readonly DatabaseColumn[] {
  return TABLES[tableOf(sql)]!.columns;
}

export function expectedTypes(plan: Plan): readonly string[] {
  return plan.columns!.map((column) => ENGINE_NAMES[column.type.kind] ?? duckdbType(column.type));
}

/** Names that the engine reports differently from how they are written. */
const ENGINE_NAMES: Partial<Record<string, string>> = { timestamptz: 'TIMESTAMP WITH TIME ZONE' };
