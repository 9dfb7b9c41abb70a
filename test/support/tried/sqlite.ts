/** SQLite for the functions' oracle, in memory. */
import init from '@sqlite.org/sqlite-wasm';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { quoteText } from '../../../language/dialects/quoting.ts';
import { SQLITE } from '../../../language/dialects/sqlite/source.ts';
import { insertCases, type TriedDatabase } from './tried-database.ts';

/** Types that a column of SQLite can be declared as, and whose text is what the stage engine prints. */
const HELD = new Set<ColumnType['kind']>([
  'bool',
  'int64',
  'float64',
  'string',
  'date',
  'time',
  'uuid',
  'bytes',
]);
/** Floats that SQLite stores as another value: as null, and as the integer 0. */
const LOST = new Set(['NaN', '-0']);
const MOMENT = /^\d/;

export async function openSqlite(): Promise<TriedDatabase> {
  const sqlite = await init();
  const { oo1 } = sqlite;
  (sqlite as unknown as { config: { warn: unknown } }).config.warn = () => {}; // statements that fail are printed otherwise
  const database = new oo1.DB(':memory:');
  return {
    dialect: SQLITE,
    holds: ({ kind }, text) =>
      HELD.has(kind) && (kind === 'float64' ? !LOST.has(text) : kind !== 'date' || MOMENT.test(text)),
    async load(columns) {
      const declared = columns.map(({ name, type }) => `${name} ${SQLITE.typeName(type)}`);
      database.exec(
        `DROP TABLE IF EXISTS cases; CREATE TABLE cases (${['i integer', ...declared].join(', ')})`,
      );
      database.exec(insertCases(columns, cellOf));
    },
    printed,
    async rows(sql) {
      return database
        .exec(sql, { returnValue: 'resultRows' })
        .map((row) => (row as unknown[]).map((cell) => (cell === null ? null : String(cell))));
    },
    async close() {
      database.close();
    },
  };
}

function cellOf(text: string, { kind }: ColumnType): string {
  if (kind === 'bool') return text === 'true' ? '1' : '0';
  if (kind === 'bytes') return `x'${text.slice(2)}'`;
  if (kind === 'float64') return text.replace('Infinity', '9e999');
  // The smallest integer is no literal: SQLite reads its digits first, and then the sign.
  if (kind === 'int64') return `CAST(${quoteText(text)} AS INTEGER)`;
  return quoteText(text);
}

function printed(value: string, { kind }: ColumnType): string {
  if (kind === 'bool') return `CASE ${value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`;
  if (kind === 'bytes') return `CASE WHEN ${value} IS NOT NULL THEN '\\x' || lower(hex(${value})) END`;
  if (kind === 'float64') return `CASE WHEN ${value} IS NOT NULL THEN printf('%!.17g', ${value}) END`;
  return `CAST(${value} AS TEXT)`;
}
