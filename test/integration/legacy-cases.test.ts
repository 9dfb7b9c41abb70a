/** Further cases of the legacy language, with the answers that its specification gives: placed by the planner, and in the stage engine alone. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
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
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';

const CASES: readonly LegacyCase[] = [
  ...SOURCES,
  ...ROWS,
  ...COLUMNS,
  ...GROUPS,
  ...JOINS,
  ...TIMES,
  ...STATISTICS,
  ...TEXTS,
];
const SCHEMA = 'legacy_cases';
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

function tableSql(table: string, columns: readonly string[], rows: LegacyTable['rows']): string {
  const at = `${SCHEMA}.${name(table)}`;
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`);
  const insert = values.length === 0 ? '' : `insert into ${at} values ${values.join(', ')};`;
  return `create table ${at} (${columns.join(', ')}); ${insert}`;
}

/** The tables of the suite, and those of these cases. */
function allTables(): string {
  const suite = new Map<string, string>();
  const lines = readFileSync(new URL('../fixtures/legacy/suite.jsonl', import.meta.url), 'utf8').trim();
  for (const line of lines.split('\n'))
    for (const [table, { columns, types, rows }] of Object.entries((JSON.parse(line) as SuiteCase).tables)) {
      const typed = columns.map(
        (column, index) => `${name(column)} ${SUITE_TYPES[types[index]!] ?? types[index]}`,
      );
      suite.set(table, tableSql(table, typed, rows));
    }
  const own = Object.entries(TABLES).map(([table, { columns, rows }]) =>
    tableSql(
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
function mistake(
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

describe('further cases of the legacy language', function () {
  this.timeout(240_000);
  let forkline: Forkline;

  before(async () => {
    const { url, admin } = await testDatabase();
    await admin(
      `drop schema if exists ${SCHEMA} cascade; create schema ${SCHEMA}; ${allTables()}
       grant usage on schema ${SCHEMA} to reader; grant select on all tables in schema ${SCHEMA} to reader`,
    );
    const connection = `${url}?options=${encodeURIComponent(`-c search_path=${SCHEMA}`)}`;
    forkline = await startForkline({ connections: { flights: { url: connection } }, dsl: { spares: 2 } });
  });
  after(async () => {
    await forkline.stop();
    await (await testDatabase()).admin(`drop schema ${SCHEMA} cascade`);
  });

  async function outcome(each: LegacyCase, pushdown: 'auto' | 'off'): Promise<string | null> {
    const { query, model } = each;
    const answer = await forkline.query(query, {
      body: { dialect: 'legacy', rows: 'arrays', pushdown, ...(model !== undefined && { model }) },
    });
    if (answer.status !== 200) return JSON.stringify(answer.json);
    return mistake(each, {
      columns: answer.json.columns.map((column) => column.name),
      rows: answer.json.rows as unknown as readonly unknown[][],
    });
  }

  async function failures(pushdown: 'auto' | 'off'): Promise<readonly string[]> {
    const left = [...CASES];
    const failed: string[] = [];
    const work = async (): Promise<void> => {
      for (let each = left.pop(); each !== undefined; each = left.pop()) {
        const wrong = await outcome(each, pushdown);
        if (wrong !== null)
          failed.push(`${each.query}\n  gives ${wrong}\n  instead of ${JSON.stringify(each.rows)}`);
      }
    };
    await Promise.all([work(), work(), work()]);
    return failed;
  }

  for (const pushdown of ['auto', 'off'] as const)
    it(`have the answers of the specification, pushdown ${pushdown}`, async () => {
      expect(CASES.length).to.be.greaterThan(350);
      expect((await failures(pushdown)).join('\n')).to.equal('');
    });
});
