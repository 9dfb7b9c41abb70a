/** Spark for the functions' oracle, where it is. */
import { type ColumnType, typeName } from '../../../core/protocol/types.ts';
import { SPARK } from '../../../language/dialects/spark/source.ts';
import { FOR_SHORT_QUERIES, startSpark } from '../spark.ts';
import { openSparkTexts } from '../spark-texts.ts';
import type { EdgeColumn, TriedDatabase } from './tried-database.ts';
import type { Skippable } from './tried-databases.ts';

const HELD: ReadonlySet<string> = new Set([
  ...['bool', 'int64', 'float64', 'decimal(10,2)', 'string', 'bytes', 'date', 'timestamp', 'timestamptz'],
]);
/** Dates and moments that Spark has not. */
const UNKNOWN = /infinity|BC|^0000|^\d{5}/i;

export async function openSparkDatabase(test: Skippable): Promise<TriedDatabase> {
  const server = await startSpark(test, FOR_SHORT_QUERIES);
  const spark = await openSparkTexts(server.url);
  return {
    dialect: SPARK,
    holds: (type, text) =>
      HELD.has(typeName(type)) && (type.kind === 'string' || type.kind === 'float64' || !UNKNOWN.test(text)),
    load: (columns) => spark.view('cases', casesOf(columns)),
    printed,
    rows: (sql) => spark.rows(sql),
    async close() {
      await spark.close();
      await server.stop();
    },
  };
}

/** Values travel as texts, which a SELECT around them casts. */
function casesOf(columns: readonly EdgeColumn[]): string {
  const rows = Array.from({ length: columns[0]?.texts.length ?? 1 }, (_, row) => {
    const cells = columns.map(({ texts }) => (texts[row] === null ? 'NULL' : SPARK.quoteText(texts[row]!)));
    return `(${[String(row + 1), ...cells].join(', ')})`;
  });
  const items = columns.map(({ name, type }) => `${cellOf(name, type)} AS ${name}`);
  const names = ['i', ...columns.map(({ name }) => name)].join(', ');
  return `SELECT ${['CAST(i AS bigint) AS i', ...items].join(', ')} FROM VALUES ${rows.join(', ')} AS t(${names})`;
}

function cellOf(name: string, type: ColumnType): string {
  if (type.kind === 'bytes') return `unhex(substr(${name}, 3))`;
  return `CAST(${name} AS ${SPARK.typeName(type)})`;
}

/** Prints as the stage engine does. */
function printed(value: string, { kind }: ColumnType): string {
  if (kind === 'bytes') return `concat('\\\\x', lower(hex(${value})))`;
  if (kind === 'timestamptz') return `concat(CAST(${value} AS string), '+00')`;
  return `CAST(${value} AS string)`;
}
