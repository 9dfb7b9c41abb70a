/**
 * The `watch-scans` call: what must stay as it is for an answer over files to stay right. Those are the files that are read, the directories
 * in which they were looked for, and whatever else was asked of the file system on the way to them.
 */
import { join } from 'node:path';
import type { FileTree } from '../../connectors/files/file-tree.ts';
import type { WatchScansCall, WatchScansReply } from '../../core/protocol/dsl-worker.ts';
import { type Volatility, worstOf } from '../../core/protocol/sql-facts.ts';
import { prepareScans } from './prepare-scans.ts';
import { connectionOf, type ScanTools } from './scan-sql.ts';
import { rowsOf } from './scans/scan-context.ts';
import { functionsIn, takesSample } from './user-sql/sql-calls.ts';
import { parseSelect } from './user-sql/sql-tree.ts';

/** The most paths that are looked at before each hit, and the most characters of their names, which stay in the server's memory. */
const MOST_PATHS = 500;
const MOST_CHARACTERS = 32 * 1024;

export async function watchScans(
  tools: ScanTools,
  { plan, parameters }: WatchScansCall,
): Promise<WatchScansReply> {
  const scans = plan.inputs.flatMap(({ scan }) => (scan === undefined ? [] : [scan]));
  const volatilities: Volatility[] = [];
  for (const { described } of scans) volatilities.push(await volatilityOf(tools, described.sql));
  const volatility = worstOf(volatilities);
  if (scans.some(({ connection }) => connectionOf(tools, connection).store !== undefined))
    return { volatility, paths: null, because: 'files in stores are not looked at before each hit' };
  const paths = new Set<string>();
  const treeOf: ScanTools['treeOf'] = (files) => {
    paths.add(files.root);
    const tree = tools.treeOf(files);
    return watched(tree, (path) => paths.add(join(files.root, path)));
  };
  await prepareScans({ ...tools, treeOf }, plan, parameters);
  const characters = [...paths].reduce((sum, { length }) => sum + length, 0);
  if (paths.size > MOST_PATHS || characters > MOST_CHARACTERS)
    return { volatility, paths: null, because: `more than ${MOST_PATHS} files and directories` };
  return { volatility, paths: [...paths], because: null };
}

/** A tree that tells which of its paths are asked for. */
function watched(tree: FileTree, tell: (path: string) => void): FileTree {
  return {
    entries(directory) {
      tell(directory);
      return tree.entries(directory);
    },
    kindOf(path, isLast) {
      tell(path);
      return tree.kindOf(path, isLast);
    },
    identify(path) {
      tell(path);
      return tree.identify(path);
    },
    refuseChanged: (path, before) => tree.refuseChanged(path, before),
    engineFile: (path, identity) => tree.engineFile(path, identity),
    open: (path, identity) => tree.open(path, identity),
  };
}

/** Functions whose answer is the same within a query only, such as `now()`. */
const WITHIN_QUERY = 'CONSISTENT_WITHIN_QUERY';

/** Returns how the answer of a user's SQL may change while its files do not. */
async function volatilityOf({ connection }: ScanTools, sql: string): Promise<Volatility> {
  const tree = await parseSelect(connection, sql);
  if (takesSample(tree)) return 'volatile';
  const called = functionsIn(tree);
  if (called.size === 0) return 'immutable';
  const rows = await rowsOf(
    connection,
    "SELECT DISTINCT lower(function_name), stability FROM duckdb_functions() WHERE stability IS DISTINCT FROM 'CONSISTENT' AND stability IS NOT NULL",
  );
  const found = rows.filter(([name]) => called.has(String(name)));
  return worstOf(found.map(([, stability]) => (stability === WITHIN_QUERY ? 'stable' : 'volatile')));
}
