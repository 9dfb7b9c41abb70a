/** The further cases of the legacy language, their tables, and the comparison with an answer. */
import { readFileSync } from 'node:fs';
import type { LegacyCase, LegacyCell, LegacyTable } from '../fixtures/legacy/cases/case.ts';
import { COLUMNS } from '../fixtures/legacy/cases/columns.ts';
import { GROUPS } from '../fixtures/legacy/cases/groups.ts';
import { JOINS } from '../fixtures/legacy/cases/joins.ts';
import { ROWS } from '../fixtures/legacy/cases/rows.ts';
import { SOURCES } from '../fixtures/legacy/cases/sources.ts';
import { STATISTICS } from '../fixtures/legacy/cases/statistics.ts';
import { TABLES } from '../fixtures/legacy/cases/tables.ts';
import { TEXTS } from '../fixtures/legacy/cases/texts.ts';
import { TIMES } from '../fixtures/legacy/cases/times.ts';

export const CASES: readonly LegacyCase[] = [
  ...SOURCES,
  ...ROWS,
  ...COLUMNS,
  ...GROUPS,
  ...JOINS,
  ...TIMES,
  ...STATISTICS,
  ...TEXTS,
];
const SUITE_TYPES: Readonly<Record<string, string>> = { REAL: 'double precision' };

interface SuiteCase {
  readonly tables: Readonly<
    Record<
      string,
      {
        readonly columns: readonly string[];
        readonly types: readonly string[];
        readonly rows: LegacyTable['rows'];
      }
    >
  >;
}

const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const literal = (value: unknown): string =>
  value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`;

function tableSql(
  schema: string,
  table: string,
  columns: readonly string[],
  rows: LegacyTable['rows'],
): string {
  const at = `${schema}.${name(table)}`;
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`);
  const insert = values.length === 0 ? '' : `insert into ${at} values ${values.join(', ')};`;
  return `create table ${at} (${columns.join(', ')}); ${insert}`;
}

/** SQL that makes the tables of the suite, and those of these cases. */
export function legacyTables(schema: string): string {
  const suite = new Map<string, string>();
  const lines = readFileSync(new URL('../fixtures/legacy/suite.jsonl', import.meta.url), 'utf8').trim();
  for (const line of lines.split('\n'))
    for (const [table, { columns, types, rows }] of Object.entries((JSON.parse(line) as SuiteCase).tables)) {
      const typed = columns.map(
        (column, index) => `${name(column)} ${SUITE_TYPES[types[index]!] ?? types[index]}`,
      );
      suite.set(table, tableSql(schema, table, typed, rows));
    }
  const own = Object.entries(TABLES).map(([table, { columns, rows }]) =>
    tableSql(
      schema,
      table,
      Object.entries(columns).map(([column, type]) => `${name(column)} ${type}`),
      rows,
    ),
  );
  return [...suite.values(), ...own].join('\n');
}

/** A moment without the letter and the zeros that JSON has beside the legacy language's own form. */
function plain(cell: unknown): unknown {
  if (Array.isArray(cell)) return cell.map(plain);
  if (typeof cell !== 'string') return cell;
  const moment = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.0+)?Z?$/.exec(cell);
  if (moment === null) return cell;
  return moment[2] === '00:00:00' ? moment[1] : `${moment[1]} ${moment[2]}`;
}

function same(wanted: LegacyCell, got: unknown, tolerance: number): boolean {
  if (typeof wanted === 'number' && typeof got === 'number')
    return Math.abs(wanted - got) <= Math.max(tolerance, 1e-12 * Math.abs(wanted));
  return JSON.stringify(plain(wanted)) === JSON.stringify(plain(got));
}

/** Returns what is wrong with the answer; null: nothing. */
export function mistake(
  { columns, rows, ordered = false, tolerance = 0 }: LegacyCase,
  answer: { readonly columns: readonly string[]; readonly rows: readonly unknown[][] },
): string | null {
  const shown = `${answer.columns.join(', ')}: ${JSON.stringify(answer.rows)}`;
  if (JSON.stringify(columns) !== JSON.stringify(answer.columns) || rows.length !== answer.rows.length)
    return shown;
  const left = [...answer.rows];
  for (const row of rows) {
    const fits = (got: readonly unknown[]): boolean =>
      row.every((cell, index) => same(cell, got[index], tolerance));
    const at = left.findIndex(fits);
    if (at === -1 || (ordered && at > 0)) return shown;
    left.splice(at, 1);
  }
  return null;
}
