/**
 * Makes of the policy's rules for tables of files the SELECTs that stand for these tables. A rule is compiled as a stage over all
 * rows of its table, whose columns are asked for first; the worker puts the SELECT in the place of the table, whichever way the
 * SQL reads it.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { PlanRequest, SourceAsk, SourceDescription } from '../../core/protocol/plan.ts';
import { type RowRules, type TableView, type TableViews, VIEWED } from '../../core/protocol/shown-rows.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { sourceDialect } from '../dialects/registry.ts';
import { emit } from '../emit/statements.ts';
import { place } from '../placement/place.ts';
import type { ResolvedQuery, ResolvedSql } from '../resolve/graph.ts';
import { Asking } from '../resolve/query.ts';
import { buildStage } from '../stages/kit/build-stage.ts';
import { SHOWN_ROWS, type ShownRowsSyntax } from '../stages/kit/shown-rows.ts';

type Request = Pick<PlanRequest, 'shown' | 'answers' | 'dialects'>;

/** Returns what stands for the tables that the SQL names; null: the policy has no rules for the connection. Throws Asking. */
export function tableViews(request: Request, connection: string, sql: string): TableViews | null {
  const tables = request.shown?.tables ?? {};
  if (!Object.hasOwn(tables, connection)) return null;
  const text = sql.toLowerCase();
  // A name that is written so that it is not found here is one that the worker knows no view of, and refuses.
  const named = Object.entries(tables[connection]!).filter(([name]) => mentions(text, name));
  const dialect = sourceDialect(request.dialects[connection]!);
  const asks: SourceAsk[] = [];
  const views = named.map(([name, rules]): [string, TableView | null] => {
    if (rules.length === 0) return [name, null];
    const ask = askFor(dialect, connection, name);
    const described = request.answers[ask.key];
    if (described?.kind === 'source') return [name, viewOf({ dialect, connection, name, rules }, described)];
    asks.push(ask);
    return [name, null];
  });
  if (asks.length > 0) throw new Asking(asks);
  return Object.fromEntries(views);
}

/** Whether the name stands in the text with no letter, digit, _ or $ beside it. */
function mentions(text: string, name: string): boolean {
  const written = name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}_$])${written}(?![\\p{L}\\p{N}_$])`, 'u').test(text);
}

function selectAll(dialect: SourceDialect, name: string): string {
  return `select * from ${dialect.quoteName(name)}`;
}

function askFor(dialect: SourceDialect, connection: string, name: string): SourceAsk {
  const key = `table-${connection}-${name}`;
  return {
    kind: 'source',
    key,
    connection,
    sql: selectAll(dialect, name),
    parameters: [],
    segments: [],
    functions: [],
  };
}

const NOWHERE = { start: 0, end: 0 };

interface RuledTable {
  readonly dialect: SourceDialect;
  readonly connection: string;
  readonly name: string;
  readonly rules: readonly RowRules[];
}

function viewOf({ dialect, connection, name, rules }: RuledTable, described: SourceDescription): TableView {
  // A column of a type that answers do not carry has no place in an expression: it is left out.
  const carried = described.columns.filter((column) => isCarried(dialect, column));
  const source: ResolvedSql = {
    kind: 'sql',
    connection,
    dialect: dialect.name,
    bound: { sql: selectAll(dialect, VIEWED), parameters: [], segments: [] },
    described: { columns: carried, parameterTypes: [] },
    columns: carried.map((column) => dialect.columnOf(column)),
    views: null,
    span: NOWHERE,
  };
  const select = (fenced: boolean): string => selectOf(source, { of: name, rules, fenced });
  return { sql: select(true), unfenced: select(false), columns: described.columns };
}

function isCarried(dialect: SourceDialect, column: DatabaseColumn): boolean {
  try {
    dialect.columnOf(column);
    return true;
  } catch (error) {
    if (error instanceof QueryError && error.code === 'unsupported') return false;
    throw error;
  }
}

function selectOf(source: ResolvedSql, syntax: ShownRowsSyntax): string {
  const scope = {
    columns: source.columns,
    parameters: {},
    stage: { index: 0, name: 'source' },
    text: '',
    answers: NO_ANSWERS,
  };
  const resolved = SHOWN_ROWS.resolve(syntax, scope, NOWHERE, []);
  const node = buildStage(SHOWN_ROWS, syntax, { index: 1, span: NOWHERE });
  const query: ResolvedQuery = {
    source,
    stages: [{ node, resolved, sources: [] }],
    columns: resolved.columns,
  };
  const { worker } = emit(place(query, 'off', true), {});
  const { name, scan } = worker!.inputs[0]!;
  return `WITH ${name} AS NOT MATERIALIZED (${scan!.sql})\nSELECT * FROM (${worker!.sql}\n) AS shown`;
}

const NO_ANSWERS = {
  engine(): never {
    throw new Error('a rule asks for nothing');
  },
  values(): never {
    throw new Error('a rule asks for nothing');
  },
};
