/** The formats of files: the columns that the first file shows, and the SQL that reads all files of a table. */
import { createReadStream } from 'node:fs';
import { readCsvHead } from '../../../connectors/files/csv-head.ts';
import type { FileTree, Identity } from '../../../connectors/files/file-tree.ts';
import { findFiles } from '../../../connectors/files/find-files.ts';
import type { PartitionColumn } from '../../../connectors/files/partition-columns.ts';
import type { FileFormat } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { raiseError } from '../../../language/dialects/duckdb/raise.ts';
import { duckdbType, quoteName } from '../../../language/dialects/duckdb/sql.ts';
import { ofExcel } from './excel.ts';
import { jsonColumns } from './json-columns.ts';
import { parquetColumns, refusedColumns, refuseUnequal } from './parquet-facts.ts';
import { type CsvShape, csvReader, jsonReader, parquetReader } from './readers.ts';
import { type CsvFacts, type EngineColumn, rowsOf } from './scan-context.ts';
import { type ColumnsOfFormat, firstRow, refuseOther, type TableFiles } from './table-files.ts';
import {
  badRowSql,
  castOfText,
  declaredType,
  isCastByRules,
  refuseTwice,
  shownType,
  shownTypesSql,
  valueOfText,
} from './text-types.ts';
import { textFile } from './transcode.ts';

export function columnsOf(format: FileFormat, files: TableFiles): Promise<ColumnsOfFormat> {
  switch (format) {
    case 'parquet':
      return ofParquet(files);
    case 'csv':
    case 'tsv':
      return ofCsv(files, format);
    case 'ndjson':
      return ofJson(files);
    case 'excel':
      return ofExcel(files);
    default:
      return format satisfies never;
  }
}

async function ofParquet({ context, table, tree, first, partitions }: TableFiles): Promise<ColumnsOfFormat> {
  const columns = await parquetColumns(context, tree.engineFile(first.path, await tree.identify(first.path)));
  const declared = table.columns ?? {};
  const refused = await refusedColumns(context, tree, first.path, declared);
  const items = itemsOf(columns, partitions, refused);
  return {
    columns,
    async read(files) {
      await refuseUnequal(context, tree, first.path, files, declared);
      return `SELECT ${items} FROM ${parquetReader(engineFiles(tree, files), partitions)}`;
    },
  };
}

/** A column that is not read exactly is an error where a value of it is read, and none where nobody asks for it. */
function itemsOf(
  columns: readonly EngineColumn[],
  partitions: readonly PartitionColumn[],
  refused: ReadonlyMap<string, string> = new Map(),
): string {
  const keys = new Set(partitions.map(({ key }) => key.toLowerCase()));
  const own = columns.filter(({ name }) => !keys.has(name.toLowerCase()));
  const items = own.map(({ name, type, item }) => {
    const quoted = quoteName(name);
    const reason = refused.get(name);
    if (reason === undefined) return item ?? quoted;
    const error = raiseError({ code: 'unsupported', message: `the column ${name} is ${reason}` });
    return `CAST(CASE WHEN ${quoted} IS NULL THEN NULL ELSE ${error} END AS ${type}) AS ${quoted}`;
  });
  return [...items, ...partitions.map(({ key }) => quoteName(key))].join(', ');
}

function engineFiles(tree: FileTree, files: ReadonlyMap<string, Identity>): readonly string[] {
  return [...files].map(([path, identity]) => tree.engineFile(path, identity));
}

/** Rows whose texts decide about the types that nobody has declared. */
const SAMPLE_ROWS = 20_480;

async function ofCsv(table: TableFiles, format: 'csv' | 'tsv'): Promise<ColumnsOfFormat> {
  const { context, tree, first, partitions } = table;
  const delimiter = table.table.delimiter ?? (format === 'tsv' ? '\t' : ',');
  const identity = await tree.identify(first.path);
  const head = await factsOfCsv(table, delimiter, first.path, identity);
  const names = head.columns.map((column) => column.name);
  const keys = new Set(partitions.map(({ key }) => key.toLowerCase()));
  const own = head.columns.filter((column) => !keys.has(column.name.toLowerCase()));
  const { casts, items } = castOnce(own, names);
  items.push(...partitions.map(({ key }) => quoteName(key)));
  return {
    columns: head.columns.map(({ name: column, type }) => ({
      name: column,
      type: type.kind === 'json' ? 'JSON' : duckdbType(type),
    })),
    async read(files) {
      const groups = new Map<'\n' | '\r\n', string[]>();
      for (const [path, each] of files) {
        context.check();
        const { file, newLine, fields } = await headOf(table, delimiter, path, each);
        refuseOther(path, first.path, fields, names, table.table.header !== false);
        groups.set(newLine, [...(groups.get(newLine) ?? []), file]);
      }
      const selects = [...groups].map(([newLine, paths]) => {
        const from = csvReader(paths, shapeOf(table, delimiter, names, newLine), partitions);
        return `SELECT ${items.join(', ')} FROM (SELECT ${['*', ...casts].join(', ')} FROM ${from})`;
      });
      return selects.join(' UNION ALL ');
    },
    locate: (files) => locateBadText(table, delimiter, head, files),
  };
}

/** Returns the items of a SELECT of values, over one of the texts that casts each of them once. */
function castOnce(
  columns: readonly Column[],
  names: readonly string[],
): { casts: string[]; items: string[] } {
  let prefix = 'cast of ';
  while (names.some((name) => name.toLowerCase().startsWith(prefix))) prefix += 'a ';
  const casts: string[] = [];
  const items = columns.map((column, index) => {
    const name = quoteName(column.name);
    if (!isCastByRules(column)) return `${valueOfText(column)} AS ${name}`;
    const cast = quoteName(`${prefix}${index}`);
    casts.push(`${castOfText(column)} AS ${cast}`);
    return `${valueOfText(column, cast)} AS ${name}`;
  });
  return { casts, items };
}

/** Reads the files once more, one after the other, which only a query that fails anyway does. */
async function locateBadText(
  table: TableFiles,
  delimiter: string,
  { columns }: CsvFacts,
  files: ReadonlyMap<string, Identity>,
): Promise<string | null> {
  const bad = badRowSql(columns);
  const names = columns.map(({ name }) => name);
  for (const [path, identity] of bad === null ? [] : files) {
    table.context.check();
    const { file, newLine } = await headOf(table, delimiter, path, identity);
    const reader = csvReader([file], shapeOf(table, delimiter, names, newLine), []);
    const row = await firstRow(table.context.connection, reader, bad!);
    if (row !== null) return `${path}, row ${row}`;
  }
  return null;
}

function shapeOf(
  { context, table }: TableFiles,
  delimiter: string,
  names: readonly string[],
  newLine: CsvShape['newLine'],
): CsvShape {
  const { header, nulls = '' } = table;
  return {
    names,
    newLine,
    delimiter,
    nulls,
    hasHeader: header !== false,
    maxLineBytes: context.maxLineBytes,
  };
}

interface HeadOfFile {
  /** The path of its text in UTF-8. */
  readonly file: string;
  readonly newLine: '\n' | '\r\n';
  readonly fields: readonly string[];
}

async function headOf(
  files: TableFiles,
  delimiter: string,
  path: string,
  identity: Identity,
): Promise<HeadOfFile> {
  const { table, tree } = files;
  const file = await textFile(files, path, identity);
  const isUtf8 = (table.encoding ?? 'utf-8') === 'utf-8';
  const head = isUtf8
    ? await readCsvHead(tree.open(path, identity), path, delimiter)
    : await readCsvHead(createReadStream(file), path.replace(/\.gz$/i, ''), delimiter);
  return { file, ...head };
}

async function factsOfCsv(
  files: TableFiles,
  delimiter: string,
  path: string,
  identity: Identity,
): Promise<CsvFacts> {
  const { context, table } = files;
  const key = `${identity.stamp}\n${JSON.stringify([delimiter, table])}`;
  const known = context.memory.csv.get(key);
  if (known !== undefined) return known;
  const { file, newLine, fields } = await headOf(files, delimiter, path, identity);
  const hasHeader = table.header !== false;
  const names = hasHeader ? fields : fields.map((_, index) => `column${index + 1}`);
  if (names.some((each) => each === ''))
    throw new QueryError('bad-file', `${path}: a column has no name in its first line`);
  refuseTwice(names, path);
  const declared = table.columns ?? {};
  for (const each of Object.keys(declared)) if (!names.includes(each)) throw noColumn(each, path, names);
  const open = names.filter((each) => !Object.hasOwn(declared, each));
  const reader = csvReader([file], shapeOf(files, delimiter, names, newLine), []);
  const [places] =
    open.length === 0
      ? [[]]
      : await rowsOf(context.connection, shownTypesSql(open, `SELECT * FROM ${reader} LIMIT ${SAMPLE_ROWS}`));
  const columns = names.map((each) => {
    const type = Object.hasOwn(declared, each)
      ? declaredType(declared[each]!)
      : shownType(Number(places![open.indexOf(each)]));
    return { name: each, type };
  });
  const facts = { columns, newLine };
  context.memory.csv.set(key, facts);
  return facts;
}

function noColumn(name: string, path: string, names: readonly string[]): QueryError {
  return new QueryError('bad-file', `${path} has no column ${name}, whose type the configuration declares`, {
    hint: `it has ${names.slice(0, 20).join(', ')}`,
  });
}

async function textFiles(
  table: TableFiles,
  files: ReadonlyMap<string, Identity>,
): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const [path, identity] of files) texts.push(await textFile(table, path, identity));
  return texts;
}

/** All of the files tell which columns there are: a key may come up in the last line only. */
async function ofJson(table: TableFiles): Promise<ColumnsOfFormat> {
  const { context, tree, pattern, partitions } = table;
  const { memory, connection, maxLineBytes, check } = context;
  const found = await findFiles(tree, pattern, { hive: table.table.hive !== false, check });
  const all = new Map<string, Identity>();
  for (const { path } of found) all.set(path, await tree.identify(path));
  const { encoding = 'utf-8' } = table.table;
  const key = [encoding, ...[...all.values()].map(({ stamp }) => stamp)].join('\n');
  const known = memory.json.get(key);
  const columns =
    known ?? (await jsonColumns(connection, jsonReader(await textFiles(table, all), null, [], maxLineBytes)));
  memory.json.set(key, columns);
  const items = itemsOf(columns, partitions);
  return {
    columns,
    read: async (files) =>
      `SELECT ${items} FROM ${jsonReader(await textFiles(table, files), columns, partitions, maxLineBytes)}`,
    async locate(files) {
      const bad = columns.flatMap(({ refusedWhere }) => refusedWhere ?? []).join(' OR ');
      for (const [path, identity] of bad === '' ? [] : files) {
        check();
        const reader = jsonReader([await textFile(table, path, identity)], columns, [], maxLineBytes);
        const row = await firstRow(connection, reader, bad);
        if (row !== null) return `${path}, row ${row}`;
      }
      return null;
    },
  };
}
