/** MariaDB for the functions' oracle, where it is installed. */
import mysql from 'mysql2/promise';
import { type ColumnType, typeName } from '../../../core/protocol/types.ts';
import { MARIADB } from '../../../language/dialects/mariadb/source.ts';
import { startMariadb } from '../mariadb.ts';
import { insertCases, type TriedDatabase } from './tried-database.ts';
import type { Skippable } from './tried-databases.ts';

/** Declarations of columns by which the connector gives values of a type. */
const DECLARED: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int64: 'bigint',
  float64: 'double',
  'decimal(10,2)': 'decimal(10,2)',
  string: 'longtext character set utf8mb4 collate utf8mb4_nopad_bin',
  bytes: 'longblob',
  date: 'date',
  time: 'time(6)',
  timestamp: 'datetime(6)',
  uuid: 'uuid',
};
/** Values that MariaDB has not, or writes without their sign. */
const UNKNOWN = /NaN|infinity|^-0$/i;

export async function openMariadb(test: Skippable): Promise<TriedDatabase> {
  const server = await startMariadb(test);
  const client = await mysql.createConnection({
    ...{ socketPath: server.socket, user: 'root', database: 'test', rowsAsArray: true },
    ...{ multipleStatements: true, charset: 'utf8mb4' },
  });
  await client.query("SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO'");
  return {
    dialect: MARIADB,
    holds: (type, text) => typeName(type) in DECLARED && (type.kind === 'string' || !UNKNOWN.test(text)),
    async load(columns) {
      const declared = columns.map(({ name, type }) => `${name} ${DECLARED[typeName(type)]}`);
      await client.query(
        `DROP TEMPORARY TABLE IF EXISTS cases; CREATE TEMPORARY TABLE cases (${['i bigint', ...declared].join(', ')})`,
      );
      await client.query(insertCases(columns, cellOf));
    },
    printed,
    async rows(sql) {
      const [rows] = await client.query(sql);
      return (rows as unknown[][]).map((row) => row.map((cell) => (cell === null ? null : String(cell))));
    },
    async close() {
      await client.end();
      await server.stop();
    },
  };
}

function cellOf(text: string, { kind }: ColumnType): string {
  if (kind === 'bool') return text;
  if (kind === 'bytes') return `x'${text.slice(2)}'`;
  if (kind === 'float64' || kind === 'int64') return text;
  return MARIADB.quoteText(text);
}

/** Prints as the stage engine does: fractions without their last zeros. */
function printed(value: string, { kind }: ColumnType): string {
  if (kind === 'bool') return `CASE ${value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`;
  if (kind === 'bytes') return `concat('\\\\x', lower(hex(${value})))`;
  if (kind === 'time' || kind === 'timestamp')
    return `regexp_replace(CAST(${value} AS CHAR), '\\\\.?0*$', CASE WHEN CAST(${value} AS CHAR) LIKE '%.%' THEN '' ELSE '$0' END)`;
  return `CAST(${value} AS CHAR)`;
}
