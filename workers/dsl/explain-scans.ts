/** The `explain-scans` call: which files a plan would read, of how many, and how many of their bytes. Reads footers, and no rows. */
import type { Identity } from '../../connectors/files/file-tree.ts';
import { type PartitionType, valueAs } from '../../connectors/files/hive.ts';
import type { ExplainScansCall, ExplainScansReply } from '../../core/protocol/dsl-worker.ts';
import type { ScanFacts, ScannedTable } from '../../core/protocol/plan.ts';
import { filesOf, prepareScans, type ReadTable } from './prepare-scans.ts';
import { COMPARED_AS } from './prune-scans.ts';
import type { ScanTools } from './scan-sql.ts';
import type { OpenTable } from './scans/open-table.ts';
import type { Known } from './scans/predicate.ts';
import { pathList } from './scans/readers.ts';
import { rowsOf } from './scans/scan-context.ts';

export async function explainScans(
  tools: ScanTools,
  { plan, parameters }: ExplainScansCall,
): Promise<ExplainScansReply> {
  const { scans } = await prepareScans(tools, plan, parameters, true);
  const found: ScanFacts[] = [];
  for (const { scan, tables } of scans) {
    const shown: ScannedTable[] = [];
    for (const table of tables) if (table.table.view === null) shown.push(await factsOf(tools, table));
    found.push({ connection: scan.connection, tables: shown });
  }
  return { scans: found };
}

async function factsOf(tools: ScanTools, { table, files, wanted }: ReadTable): Promise<ScannedTable> {
  const all = await filesOf(tools, table, undefined);
  const found = { table: table.name, files: { read: files.size, of: all.size } };
  const of = bytesOf(all);
  if (table.format !== 'parquet')
    return { ...found, rowGroups: null, bytes: { read: bytesOf(files), of }, columns: null };
  const groups = files.size === 0 ? [] : await rowGroups(tools, table, files, wanted.columns);
  const types = new Map(table.columns.map(({ name, type }) => [name, COMPARED_AS[type]]));
  const kept = groups.filter(({ ranges }) =>
    wanted.ranges((name) => known(ranges.get(name), types.get(name))),
  );
  return {
    ...found,
    rowGroups: { read: kept.length, of: groups.length },
    bytes: { read: kept.reduce((sum, group) => sum + group.bytes, 0), of },
    columns: { read: wanted.columns.size, of: table.inFiles.columns.length },
  };
}

function bytesOf(files: ReadonlyMap<string, Identity>): number {
  return [...files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

function known(range: Range | undefined, type: PartitionType | undefined): Known {
  if (range === undefined || type === undefined) return undefined;
  const [least, greatest] = range.map((text) => valueAs(text, type));
  if (least === undefined || least === null || greatest === undefined || greatest === null) return undefined;
  return { least, greatest };
}

type Range = readonly [least: string | null, greatest: string | null];

interface RowGroup {
  /** Bytes of the columns that are read. */
  readonly bytes: number;
  /** The least and the greatest value of each column, as texts. */
  readonly ranges: ReadonlyMap<string, Range>;
}

async function rowGroups(
  { connection }: ScanTools,
  { tree }: OpenTable,
  read: ReadonlyMap<string, Identity>,
  columns: ReadonlySet<string>,
): Promise<readonly RowGroup[]> {
  const files = pathList([...read].map(([path, identity]) => tree.engineFile(path, identity)));
  const rows = await rowsOf(
    connection,
    `SELECT file_name, row_group_id, path_in_schema, total_compressed_size, stats_min_value, stats_max_value FROM parquet_metadata(${files})`,
  );
  const groups = new Map<string, { bytes: number; ranges: Map<string, [string | null, string | null]> }>();
  for (const [file, id, path, size, least, greatest] of rows) {
    const key = `${id}\n${file}`;
    const group = groups.get(key) ?? { bytes: 0, ranges: new Map() };
    groups.set(key, group);
    const name = String(path).split(/, |\./, 1)[0]!;
    if (columns.has(name)) group.bytes += Number(size);
    group.ranges.set(name, [textOrNull(least), textOrNull(greatest)]);
  }
  return [...groups.values()];
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
