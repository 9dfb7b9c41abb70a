/**
 * Makes the scans of a plan ready to run: finds their tables, asks the engine which partitions are wanted, lists those, and writes
 * the SELECT of each input. Between that and the end of the query the files must stay as they are.
 */
import type { Identity } from '../../connectors/files/file-tree.ts';
import { findFiles } from '../../connectors/files/find-files.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { EngineValue } from '../../core/protocol/parameters.ts';
import type { ScanSql, WorkerInput, WorkerPlan } from '../../core/protocol/plan.ts';
import { type DatabaseColumn, sameNativeType } from '../../core/protocol/types.ts';
import { quoteName } from '../../language/dialects/duckdb/sql.ts';
import { describeOver } from './describe-scan.ts';
import { inputSelect } from './inputs.ts';
import { bindParameters } from './parameters.ts';
import { type Wanted, wantedOf } from './prune-scans.ts';
import { connectionOf, openTables, type ScanTools, withTables } from './scan-sql.ts';
import { emptyRelation, type OpenTable } from './scans/open-table.ts';
import type { ScanContext } from './scans/scan-context.ts';
import type { ShownTable } from './scans/shown-table.ts';

export interface ReadTable {
  readonly table: ShownTable;
  readonly files: ReadonlyMap<string, Identity>;
  readonly wanted: Wanted;
}

export interface PreparedScan {
  readonly scan: ScanSql;
  readonly tables: readonly ReadTable[];
}

export interface PreparedScans {
  /** The SELECT of each input of the plan, by its index. */
  readonly selects: readonly string[];
  readonly scans: readonly PreparedScan[];
}

/** A scan whose tables are open, and which of all open tables are its own. */
interface OpenScan {
  readonly scan: ScanSql;
  readonly tables: readonly ShownTable[];
  readonly offset: number;
}

/** `detailed`: also finds out which columns and row groups are wanted. */
export async function prepareScans(
  tools: ScanTools,
  plan: WorkerPlan,
  parameters: readonly EngineValue[],
  detailed = false,
): Promise<PreparedScans> {
  const open = await openScans(tools, plan);
  const all = open.flatMap((each) => each?.tables ?? []);
  const wanted = await wantedPartitions(tools, plan, parameters, open, all, detailed);
  const scans: PreparedScan[] = [];
  const selects: string[] = [];
  for (const [index, input] of plan.inputs.entries()) {
    const each = open[index];
    if (each === null || each === undefined) {
      selects.push(inputSelect(input.columns, index));
      continue;
    }
    const { select, tables } = await selectOf(tools, each, wanted);
    selects.push(select);
    scans.push({ scan: each.scan, tables });
  }
  return { selects, scans };
}

async function openScans(tools: ScanTools, { inputs, parameters }: WorkerPlan): Promise<(OpenScan | null)[]> {
  const open: (OpenScan | null)[] = [];
  let offset = 0;
  for (const { scan } of inputs) {
    if (scan === undefined) {
      open.push(null);
      continue;
    }
    const tables = await openTables(
      tools,
      { files: connectionOf(tools, scan.connection), views: scan.views },
      scan.described.sql,
      parameters.length,
    );
    await refuseStale(tools, scan, tables);
    open.push({ scan, tables, offset });
    offset += tables.length;
  }
  return open;
}

/** The plan holds for the columns that the SQL had when it was made. */
async function refuseStale(
  tools: ScanTools,
  { described }: ScanSql,
  tables: readonly ShownTable[],
): Promise<void> {
  for (const table of tables)
    if (
      table.view !== null &&
      !(await hasColumns(tools, allOf(table), [{ ...table, view: null }], table.view.columns))
    )
      throw stalePlan();
  if (!(await hasColumns(tools, described.sql, tables, described.columns))) throw stalePlan();
}

function allOf({ name }: ShownTable): string {
  return `SELECT * FROM ${quoteName(name)}`;
}

async function hasColumns(
  tools: ScanTools,
  sql: string,
  tables: readonly ShownTable[],
  before: readonly DatabaseColumn[],
): Promise<boolean> {
  const columns = await describeOver(tools, sql, tables);
  return (
    columns.length === before.length &&
    columns.every(({ name, type }, index) => {
      const column = before[index]!;
      return column.name === name && sameNativeType(column.type, type);
    })
  );
}

function stalePlan(): QueryError {
  return new QueryError('stale-plan', 'the columns of the files have changed since the query was planned');
}

const EVERYTHING: Wanted = { partitions: undefined, columns: new Set(), ranges: () => true };

/** For each of all open tables, what is wanted of it. */
async function wantedPartitions(
  tools: ScanTools,
  plan: WorkerPlan,
  values: readonly EngineValue[],
  open: readonly (OpenScan | null)[],
  all: readonly ShownTable[],
  detailed: boolean,
): Promise<readonly Wanted[]> {
  if (!detailed && all.every(({ partitions }) => partitions.length === 0)) return all.map(() => EVERYTHING);
  const { connection, probes } = tools;
  let streams = all.length;
  const selects = plan.inputs.map((input, index) => {
    const each = open[index];
    if (each === null || each === undefined) return probes.stream(connection, streams++, input.columns);
    const relation = (table: ShownTable, at: number): string =>
      probes.relation(connection, each.offset + at, table);
    return `${withTables(each.tables, relation, 'unfenced')}${each.scan.sql}`;
  });
  const statement = await connection.prepare(
    `EXPLAIN (FORMAT json) ${withInputs(plan.inputs, selects)}SELECT * FROM (${plan.sql}\n) AS answer`,
  );
  if (statement.parameterCount > 0) bindParameters(statement, plan.parameters, values);
  return wantedOf(connection, statement, all, (identifier) => {
    const value = values[Number(identifier) - 1];
    return value === undefined || value === null ? value : String(value);
  });
}

/** The inputs as entries of a WITH, inlined wherever they are read. */
function withInputs(inputs: readonly WorkerInput[], selects: readonly string[]): string {
  const entries = inputs.map(({ name }, index) => `${name} AS NOT MATERIALIZED (${selects[index]})`);
  return `WITH ${entries.join(', ')} `;
}

async function selectOf(
  tools: ScanTools,
  { scan, tables, offset }: OpenScan,
  wanted: readonly Wanted[],
): Promise<{ readonly select: string; readonly tables: readonly ReadTable[] }> {
  const relations: string[] = [];
  const read: ReadTable[] = [];
  for (const [at, table] of tables.entries()) {
    const own = wanted[offset + at]!;
    const files = await filesOf(tools, table, own.partitions);
    tools.check();
    relations.push(files.size === 0 ? emptyRelation(table) : await table.inFiles.read(files));
    read.push({ table, files, wanted: own });
  }
  return { select: `${withTables(tables, (_, at) => relations[at]!)}${scan.sql}`, tables: read };
}

export async function filesOf(
  { check }: Pick<ScanContext, 'check'>,
  { tree, pattern, table, partitions, first }: OpenTable,
  wanted: Wanted['partitions'],
): Promise<ReadonlyMap<string, Identity>> {
  const found = await findFiles(tree, pattern, { hive: table.hive !== false, wanted, check });
  const keys = partitions.map(({ key }) => key).join('/');
  const files = new Map<string, Identity>();
  for (const file of found) {
    if (table.hive !== false && file.partitions.map(({ key }) => key).join('/') !== keys)
      throw new QueryError(
        'bad-file',
        `${file.path} has other directories name=value above it than ${first.path}`,
        {
          hint: 'give both the same directories, or read them as tables of their own',
        },
      );
    const identity = tree.identify(file.path);
    files.set(file.path, identity instanceof Promise ? await identity : identity);
  }
  return files;
}

/** Throws `file-changed` when a file is not as it was when the query began. */
export async function refuseChangedFiles({ scans }: PreparedScans): Promise<void> {
  for (const { tables } of scans)
    for (const { table, files } of tables)
      for (const [path, identity] of files) {
        const checked = table.tree.refuseChanged(path, identity);
        if (checked instanceof Promise) await checked;
      }
}
