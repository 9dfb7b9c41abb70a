/** The columns of Parquet files: what each file says itself, since the engine reads all as the first one, with casts that round. */
import type { FileTree, Identity } from '../../../connectors/files/file-tree.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { pathList } from './readers.ts';
import { type EngineColumn, type ParquetFacts, rowsOf, type ScanContext } from './scan-context.ts';

/** Returns the columns of a file as the engine reads them. */
export async function parquetColumns(
  { connection, memory }: ScanContext,
  tree: FileTree,
  path: string,
): Promise<readonly EngineColumn[]> {
  const identity = await tree.identify(path);
  const known = memory.parquetColumns.get(identity.stamp);
  if (known !== undefined) return known;
  const file = tree.engineFile(path, identity);
  const rows = await rowsOf(
    connection,
    `DESCRIBE SELECT * FROM read_parquet(${pathList([file])}, hive_partitioning = false)`,
  );
  const columns = rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  memory.parquetColumns.set(identity.stamp, columns);
  return columns;
}

/**
 * Returns the columns of a file that are not read as they are, each with the reason. `declared`: the types of columns that the
 * configuration names.
 */
export async function refusedColumns(
  context: ScanContext,
  tree: FileTree,
  path: string,
  declared: DeclaredColumns,
): Promise<ReadonlyMap<string, string>> {
  const facts = (await factsOf(context, tree, new Map([[path, await tree.identify(path)]]))).get(path)!;
  return new Map([
    ...facts.refused,
    ...undeclared(facts, declared).map((name) => [name, FINER_THAN_READ] as const),
  ]);
}

type DeclaredColumns = Readonly<Record<string, string>>;

const FINER_THAN_READ =
  'an INT96 of a writer other than Spark, whose digits below a microsecond would be lost; the configuration may allow that: "columns": {<name>: "timestamp"}';

function undeclared({ int96 }: ParquetFacts, declared: DeclaredColumns): readonly string[] {
  return int96.filter((name) => !Object.hasOwn(declared, name) || declared[name] !== 'timestamp');
}

/** A part of a column in a file's schema, as `parquet_schema` gives it. */
type Element = readonly unknown[];

/** The files whose schemas are asked for in one statement. */
const BATCH = 500;

/** Throws `bad-file` for the first file whose columns or types differ from those of `first`, or cannot be read exactly. */
export async function refuseUnequal(
  context: ScanContext,
  tree: FileTree,
  first: string,
  files: ReadonlyMap<string, Identity>,
  declared: DeclaredColumns,
): Promise<void> {
  const { memory, check } = context;
  const expected = (await factsOf(context, tree, new Map([[first, await tree.identify(first)]]))).get(first)!;
  const unknown = [...files].filter(([, { stamp }]) => memory.parquet.get(stamp) === undefined);
  for (let at = 0; at < unknown.length; at += BATCH) {
    check();
    await factsOf(context, tree, new Map(unknown.slice(at, at + BATCH)));
  }
  for (const [path, { stamp }] of files) {
    const facts = memory.parquet.get(stamp);
    const finer = facts === undefined ? [] : undeclared(facts, declared);
    if (finer.length > 0 && undeclared(expected, declared).length === 0)
      throw new QueryError('bad-file', `${path}: the column ${finer[0]} is ${FINER_THAN_READ}`, {
        hint: `${first} was written by Spark: read the files as tables of their own`,
      });
    if (facts !== undefined && facts.schema !== expected.schema)
      throw new QueryError(
        'bad-file',
        `${path} has other columns than ${first}: ${difference(expected, facts)}`,
        {
          hint: 'read the files as tables of their own, and bring them together with `union` or `union by name` in the SQL',
        },
      );
  }
}

async function factsOf(
  { connection, memory }: ScanContext,
  tree: FileTree,
  files: ReadonlyMap<string, Identity>,
): Promise<ReadonlyMap<string, ParquetFacts>> {
  const found = new Map<string, ParquetFacts>();
  const missing = new Map<string, string>();
  for (const [path, identity] of files) {
    const known = memory.parquet.get(identity.stamp);
    if (known === undefined) missing.set(tree.engineFile(path, identity), path);
    else found.set(path, known);
  }
  if (missing.size === 0) return found;
  const rows = await rowsOf(
    connection,
    `SELECT file_name, name, type, type_length, num_children, converted_type, scale, precision, logical_type, repetition_type = 'REPEATED' FROM parquet_schema(${pathList([...missing.keys()])})`,
  );
  const ofSpark = rows.some(isInt96Row) ? await writtenBySpark(connection, [...missing.keys()]) : new Set();
  const byFile = new Map<unknown, unknown[][]>();
  for (const [file, ...element] of rows) byFile.set(file, [...(byFile.get(file) ?? []), element]);
  for (const [full, path] of missing) {
    const elements = byFile.get(full) ?? [];
    const int96 = ofSpark.has(full) ? [] : int96Columns(elements);
    const facts = { schema: schemaText(elements), refused: refusalsOf(elements), int96 };
    memory.parquet.set(files.get(path)!.stamp, facts);
    found.set(path, facts);
  }
  return found;
}

function isInt96Row([, , type]: readonly unknown[]): boolean {
  return type === 'INT96';
}

/** Spark's timestamps have microseconds, whatever its files have room for; it leaves its name in each. */
async function writtenBySpark(
  connection: ScanContext['connection'],
  paths: readonly string[],
): Promise<ReadonlySet<unknown>> {
  const rows = await rowsOf(
    connection,
    `SELECT DISTINCT file_name FROM parquet_kv_metadata(${pathList(paths)}) WHERE decode(key) IN ('org.apache.spark.version', 'org.apache.spark.sql.parquet.row.metadata')`,
  );
  return new Set(rows.map(([file]) => file));
}

function int96Columns(elements: readonly Element[]): readonly string[] {
  return columnsOf(elements)
    .filter((column) => column.some(([, type]) => type === 'INT96'))
    .map((column) => String(column[0]![0]));
}

/** The elements of each column, in a row: the first element of a schema is the whole row, and those of a column follow it. */
function columnsOf([, ...elements]: readonly Element[]): readonly (readonly Element[])[] {
  const columns: Element[][] = [];
  let open = 0;
  for (const element of elements) {
    if (open === 0) columns.push([element]);
    else columns.at(-1)!.push(element);
    const children = Number(element[3] ?? 0);
    open = open === 0 ? children : open - 1 + children;
  }
  return columns;
}

/** The columns in the order of their names: the engine reads them by name. */
function schemaText(elements: readonly Element[]): string {
  const texts = columnsOf(elements).map((column) =>
    column.map((element) => element.map((part) => String(part)).join(' ')).join('; '),
  );
  return texts.toSorted().join('\n');
}

const MAX_DIGITS = 38;

/** The columns that the engine would read as something else, each with the reason. */
function refusalsOf(elements: readonly Element[]): ReadonlyMap<string, string> {
  const refused = new Map<string, string>();
  for (const column of columnsOf(elements)) {
    const reason = column.map(refusalOf).find((each) => each !== null);
    if (reason !== undefined) refused.set(String(column[0]![0]), reason!);
  }
  return refused;
}

function refusalOf([, , , , , , precision, logical]: Element): string | null {
  if (Number(precision ?? 0) > MAX_DIGITS)
    return `a decimal of ${precision} digits, and ${MAX_DIGITS} is the most that is read exactly`;
  return /^TimeType.*NANOS=Nano/.test(String(logical))
    ? 'a time in nanoseconds, and microseconds are the most that is read exactly'
    : null;
}

function difference({ schema }: ParquetFacts, other: ParquetFacts): string {
  const name = (column: string): string => column.split(' ', 1)[0]!;
  const [one, two] = [schema.split('\n'), other.schema.split('\n')];
  const lacking = one.find((column) => !two.some((each) => name(each) === name(column)));
  if (lacking !== undefined) return `it lacks ${name(lacking)}`;
  const more = two.find((column) => !one.some((each) => name(each) === name(column)));
  if (more !== undefined) return `it has ${name(more)} as well`;
  const changed = two.find((column) => !one.includes(column));
  return `${name(changed ?? '')} is of another type`;
}
