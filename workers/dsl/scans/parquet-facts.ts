/** The columns of Parquet files: what each file says itself, since the engine reads all as the first one, with casts that round. */
import { join } from 'node:path';
import { QueryError } from '../../../core/protocol/errors.ts';
import { type Identity, identify } from './identity.ts';
import { pathList } from './readers.ts';
import { type EngineColumn, type ParquetFacts, rowsOf, type ScanContext } from './scan-context.ts';

export async function parquetColumns(
  { connection }: ScanContext,
  file: string,
): Promise<readonly EngineColumn[]> {
  const rows = await rowsOf(
    connection,
    `DESCRIBE SELECT * FROM read_parquet(${pathList([file])}, hive_partitioning = false)`,
  );
  return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** The files whose schemas are asked for in one statement. */
const BATCH = 500;

/** Throws `bad-file` for the first file whose columns or types differ from those of `first`, or cannot be read exactly. */
export async function refuseUnequal(
  context: ScanContext,
  root: string,
  first: string,
  files: ReadonlyMap<string, Identity>,
): Promise<void> {
  const { memory, check } = context;
  const expected = (await factsOf(context, root, new Map([[first, identify(root, first)]]))).get(first)!;
  if (expected.refusal !== null) throw new QueryError('bad-file', `${first}: ${expected.refusal}`);
  const unknown = [...files].filter(([, { stamp }]) => memory.parquet.get(stamp) === undefined);
  for (let at = 0; at < unknown.length; at += BATCH) {
    check();
    await factsOf(context, root, new Map(unknown.slice(at, at + BATCH)));
  }
  for (const [path, { stamp }] of files) {
    const facts = memory.parquet.get(stamp);
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
  root: string,
  files: ReadonlyMap<string, Identity>,
): Promise<ReadonlyMap<string, ParquetFacts>> {
  const found = new Map<string, ParquetFacts>();
  const missing = new Map<string, string>();
  for (const [path, { stamp }] of files) {
    const known = memory.parquet.get(stamp);
    if (known === undefined) missing.set(join(root, path), path);
    else found.set(path, known);
  }
  if (missing.size === 0) return found;
  const rows = await rowsOf(
    connection,
    `SELECT file_name, name, type, type_length, num_children, converted_type, scale, precision, logical_type, repetition_type = 'REPEATED' FROM parquet_schema(${pathList([...missing.keys()])})`,
  );
  const byFile = new Map<unknown, unknown[][]>();
  for (const [file, ...element] of rows) byFile.set(file, [...(byFile.get(file) ?? []), element]);
  for (const [full, path] of missing) {
    const elements = byFile.get(full) ?? [];
    const facts = { schema: schemaText(elements), refusal: refusalOf(elements) };
    memory.parquet.set(files.get(path)!.stamp, facts);
    found.set(path, facts);
  }
  return found;
}

/** The columns in the order of their names: the engine reads them by name. The first element is the whole row. */
function schemaText([, ...elements]: readonly (readonly unknown[])[]): string {
  const columns: string[] = [];
  let open = 0;
  for (const element of elements) {
    const text = element.map((part) => String(part)).join(' ');
    if (open === 0) columns.push(text);
    else columns[columns.length - 1] += `; ${text}`;
    const children = Number(element[3] ?? 0);
    open = open === 0 ? children : open - 1 + children;
  }
  return columns.toSorted().join('\n');
}

const MAX_DIGITS = 38;

function refusalOf(elements: readonly (readonly unknown[])[]): string | null {
  const wide = elements.find((element) => Number(element[6] ?? 0) > MAX_DIGITS);
  return wide === undefined
    ? null
    : `the column ${wide[0]} is a decimal of ${wide[6]} digits, and ${MAX_DIGITS} is the most that is read exactly`;
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
