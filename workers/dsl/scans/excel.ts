/**
 * Excel workbooks, by the engine's extension `excel`. Cells are read as texts and become values by the rules of text files, so that
 * nothing is rounded or guessed. The cell below the header says which type a column has, where the configuration does not.
 */
import type { Identity } from '../../../connectors/files/file-tree.ts';
import { partitionOf } from '../../../connectors/files/hive.ts';
import { NoZip, zipEntries } from '../../../core/process/zip-entries.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column, ColumnType } from '../../../core/protocol/types.ts';
import { duckdbType, quoteName, quoteText } from '../../../language/dialects/duckdb/sql.ts';
import { NeedsExtension } from './extensions.ts';
import { escapedPath } from './readers.ts';
import { rowsOf } from './scan-context.ts';
import { type ColumnsOfFormat, firstRow, refuseOther, type TableFiles } from './table-files.ts';
import { badRowSql, declaredType, refuseTwice, valueOfText } from './text-types.ts';

/** The largest workbook. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The types that cells have, by the engine's names. */
const CELL_TYPES: Readonly<Record<string, ColumnType>> = {
  DOUBLE: { kind: 'float64' },
  BOOLEAN: { kind: 'bool' },
  DATE: { kind: 'date' },
  TIME: { kind: 'time' },
  TIMESTAMP: { kind: 'timestamp' },
};

export async function ofExcel(files: TableFiles): Promise<ColumnsOfFormat> {
  const { context, tree, table, first, partitions } = files;
  if (!context.extensions.has('excel')) throw new NeedsExtension('excel');
  const columns = await columnsIn(files, first.path, await tree.identify(first.path));
  const keys = new Set(partitions.map(({ key }) => key.toLowerCase()));
  const own = columns.filter(({ name }) => !keys.has(name.toLowerCase()));
  const items = own.map((column) => `${valueOfText(column)} AS ${quoteName(column.name)}`);
  const cells = (path: string, identity: Identity): string =>
    cellsOf(columns, reader(files, tree.engineFile(path, identity), true));
  return {
    columns: columns.map(({ name, type }) => ({
      name,
      type: type.kind === 'json' ? 'JSON' : duckdbType(type),
    })),
    async read(all) {
      const selects: string[] = [];
      for (const [path, identity] of all) {
        context.check();
        const names = (await columnsIn(files, path, identity)).map(({ name }) => name);
        const expected = columns.map(({ name }) => name);
        refuseOther(path, first.path, names, expected, table.header !== false);
        const values = partitions.map(
          ({ key, type }) => `CAST(${partitionValue(path, key)} AS ${type}) AS ${quoteName(key)}`,
        );
        selects.push(`SELECT ${[...items, ...values].join(', ')} FROM ${cells(path, identity)}`);
      }
      return selects.join(' UNION ALL ');
    },
    async locate(all) {
      const bad = badRowSql(columns);
      for (const [path, identity] of bad === null ? [] : all) {
        context.check();
        const row = await firstRow(context.connection, cells(path, identity), bad!);
        if (row !== null) return `${path}, row ${row}`;
      }
      return null;
    },
  };
}

/** The columns of a workbook's sheet. */
async function columnsIn(files: TableFiles, path: string, identity: Identity): Promise<readonly Column[]> {
  const { context, table, tree } = files;
  const key = `${identity.stamp}\n${JSON.stringify(table)}`;
  const known = context.memory.excel.get(key);
  if (known !== undefined) return known;
  await refuseOddWorkbook(files, path, identity);
  const from = reader(files, tree.engineFile(path, identity), false);
  const rows = await rowsOf(context.connection, `DESCRIBE SELECT * FROM ${from}`);
  const names = rows.map(([name]) => String(name));
  refuseTwice(names, path);
  const declared = table.columns ?? {};
  const unknown = Object.keys(declared).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new QueryError(
      'bad-file',
      `${path} has no column ${unknown}, whose type the configuration declares`,
      {
        hint: `it has ${names.slice(0, 20).join(', ')}`,
      },
    );
  const columns = rows.map(([name, type]): Column => {
    const said = Object.hasOwn(declared, String(name)) ? declaredType(declared[String(name)]!) : null;
    return { name: String(name), type: said ?? CELL_TYPES[String(type)] ?? { kind: 'string' } };
  });
  context.memory.excel.set(key, columns);
  return columns;
}

/** Workbooks of old Macs count days from 1904, which the engine does not know. */
async function refuseOddWorkbook({ tree }: TableFiles, path: string, identity: Identity): Promise<void> {
  if (identity.bytes > MAX_BYTES)
    throw new QueryError(
      'unsupported',
      `${path} has ${identity.bytes} bytes, and ${MAX_BYTES} is the most of a workbook`,
      {
        hint: 'save the sheet as CSV or Parquet',
      },
    );
  const chunks: Buffer[] = [];
  for await (const chunk of tree.open(path, identity) as AsyncIterable<Buffer>) chunks.push(chunk);
  let workbook: string;
  try {
    const entry = zipEntries(Buffer.concat(chunks)).find(({ name }) => name === 'xl/workbook.xml');
    if (entry === undefined) throw new NoZip();
    workbook = entry.content().toString();
  } catch (thrown) {
    if (!(thrown instanceof NoZip)) throw thrown;
    throw new QueryError('bad-file', `${path}: it is no workbook of Excel (.xlsx), or is cut off`, {
      hint: 'mend or remove the file; older formats (.xls) are saved anew as .xlsx',
    });
  }
  if (!/<workbookPr[^>]*\bdate1904\s*=\s*["'](1|true|on)["']/i.test(workbook)) return;
  throw new QueryError('unsupported', `${path} counts its days from 1904`, {
    hint: 'save it with the 1900 date system, or as CSV',
  });
}

/** A FROM item with the cells; `asTexts`: as they are in the file, dates as numbers. */
function reader({ table }: TableFiles, file: string, asTexts: boolean): string {
  const sheet = table.sheet === undefined ? '' : `, sheet = ${quoteText(table.sheet)}`;
  return `read_xlsx(${quoteText(escapedPath(file))}, header = ${table.header !== false}, stop_at_empty = false, empty_as_varchar = true, all_varchar = ${asTexts}${sheet})`;
}

/** The rows that are not wholly empty, with cells written as text files write values of their types. */
function cellsOf(columns: readonly Column[], from: string): string {
  const items = columns.map(({ name, type }) => `${writtenOut(quoteName(name), type)} AS ${quoteName(name)}`);
  const any = columns.map(({ name }) => quoteName(name)).join(', ');
  return `(SELECT ${items.join(', ')} FROM ${from} WHERE coalesce(${any}) IS NOT NULL)`;
}

const NUMBER = String.raw`\d+(\.\d+)?([eE][+-]?\d+)?`;
/** Milliseconds are the finest that Excel shows. */
const MS_PER_DAY = 86_400_000;

/** Returns SQL for a cell's text; those that are written as no value of the type stay, and are refused where they are read. */
function writtenOut(cell: string, { kind }: ColumnType): string {
  const number = `TRY_CAST(${cell} AS DOUBLE)`;
  const isNumber = `regexp_full_match(${cell}, ${quoteText(NUMBER)})`;
  // Excel holds 1900 for a leap year: the days before its 29 February count one more.
  const day = `(DATE '1899-12-30' + CAST(floor(${number}) AS INTEGER) + CASE WHEN ${number} < 60 THEN 1 ELSE 0 END)`;
  const ms = `CAST(round((${number} - floor(${number})) * ${MS_PER_DAY}) AS BIGINT)`;
  switch (kind) {
    case 'bool':
      return `CASE ${cell} WHEN '1' THEN 'true' WHEN '0' THEN 'false' ELSE lower(${cell}) END`;
    case 'int64':
      return `CASE WHEN ${number} = floor(${number}) AND abs(${number}) < 9007199254740992 THEN CAST(CAST(${number} AS BIGINT) AS VARCHAR) ELSE ${cell} END`;
    case 'date':
      return `CASE WHEN ${isNumber} AND ${number} = floor(${number}) AND ${number} BETWEEN 1 AND 2958465 THEN CAST(${day} AS VARCHAR) ELSE ${cell} END`;
    case 'timestamp':
      return `CASE WHEN ${isNumber} AND ${number} >= 1 AND ${number} < 2958466 THEN strftime(CAST(${day} AS TIMESTAMP) + to_milliseconds(${ms}), '%Y-%m-%d %H:%M:%S.%f') ELSE ${cell} END`;
    case 'time':
      return `CASE WHEN ${isNumber} AND ${number} < 1 THEN strftime(TIMESTAMP '2000-01-01' + to_milliseconds(${ms}), '%H:%M:%S.%f') ELSE ${cell} END`;
    default:
      return cell;
  }
}

function partitionValue(path: string, key: string): string {
  const found = path
    .split('/')
    .slice(0, -1)
    .map(partitionOf)
    .find((partition) => partition?.key === key);
  return found === null || found === undefined || found.value === null ? 'NULL' : quoteText(found.value);
}
