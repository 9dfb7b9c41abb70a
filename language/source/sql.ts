/**
 * The SQL that goes to the database: the user's own, with every `:name` replaced by `$n`, and when stages follow
 * wrapped so that only the columns that they use leave the database. What is copied from the user's text is
 * recorded in segments, so that a position in an error of the database's finds its way back.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { isListKind, type ParameterKind } from '../../core/protocol/parameters.ts';
import type { SourceDescription, SourceSegment, UnjudgedSource } from '../../core/protocol/plan.ts';
import type { Column, DatabaseColumn } from '../../core/protocol/types.ts';
import { quoteName } from '../dialects/duckdb/sql.ts';
import { elementTexts } from '../dialects/postgres/columns.ts';
import { databaseColumnToColumn, INT4_TYPE, JSON_TYPE } from '../dialects/postgres/types.ts';
import type { ParameterUse, ScannedSource } from './lexer.ts';

export interface BoundSql {
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
}

/**
 * The user's SQL with `$n`; the same name twice is the same number. `x in (:list)` becomes `x = any ($n)`, of whose
 * elements the database infers the type. Throws bad-parameter for a list that stands beside others there.
 */
export function bindSource(
  text: string,
  { sqlStart, sqlEnd, placeholders }: ScannedSource,
  kinds: Readonly<Record<string, ParameterKind>>,
): BoundSql {
  const parameters: string[] = [];
  const uses = memberships(placeholders, ({ name }) => isListKind(kinds[name]!));
  const bound = bindWith(text, { start: sqlStart, end: sqlEnd }, uses, ({ name }) => {
    const known = parameters.indexOf(name);
    return `$${known === -1 ? parameters.push(name) : known + 1}`;
  });
  return { ...bound, parameters };
}

/** The places of parameters, where `inList` stays only with those that are lists and stand alone in the brackets of `in`. */
export function memberships(
  placeholders: readonly ParameterUse[],
  isList: (use: ParameterUse) => boolean,
): readonly ParameterUse[] {
  return placeholders.map((use) => {
    const { name, start, end, inList } = use;
    if (inList === undefined) return use;
    if (!isList(use)) return { name, start, end };
    if (inList.alone) return use;
    throw new QueryError(
      'bad-parameter',
      `:${name} is a list, and other values stand beside it after \`in\``,
      {
        span: { start, end },
        hint: `a list stands alone: \`in (:${name})\`; put the others into it`,
      },
    );
  });
}

/** The user's SQL in `span` with the text of `value` for each parameter. */
export function bindWith(
  text: string,
  span: Span,
  placeholders: readonly ParameterUse[],
  value: (use: ParameterUse) => string,
): Omit<BoundSql, 'parameters'> {
  const segments: SourceSegment[] = [];
  let sql = '';
  const copy = (start: number, end: number): void => {
    if (end > start) segments.push({ sqlStart: sql.length, queryStart: start, length: end - start });
    sql += text.slice(start, end);
  };
  let at = span.start;
  for (const use of placeholders) {
    const { start, end, inList } = use;
    if (inList !== undefined) {
      copy(at, inList.start);
      sql += inList.negated ? '<> all (' : '= any (';
      at = inList.end;
    }
    copy(at, start);
    const bound = value(use);
    segments.push({ sqlStart: sql.length, queryStart: start, length: Math.min(bound.length, end - start) });
    sql += bound;
    at = end;
  }
  copy(at, span.end);
  return { sql, segments };
}

/** The same with `by` added to the number of every `$n`: where two users' texts stand in one statement. */
export function renumbered(bound: BoundSql, by: number): BoundSql {
  if (by === 0 || bound.parameters.length === 0) return bound;
  const segments: SourceSegment[] = [];
  let sql = '';
  let from = 0;
  for (const segment of bound.segments) {
    sql += bound.sql.slice(from, segment.sqlStart);
    segments.push({ ...segment, sqlStart: sql.length });
    from = segment.sqlStart;
    // The text of the user's has no `$` with a number: this stands for a `:name`.
    const found = /^\$(\d+)/.exec(bound.sql.slice(from, from + 8));
    if (found === null) continue;
    sql += `$${Number(found[1]) + by}`;
    from += found[0].length;
  }
  return { ...bound, sql: sql + bound.sql.slice(from), segments };
}

/** Sent when no stage uses any column, so that rows can still be counted. */
const NO_COLUMN: DatabaseColumn = { name: 'row', type: INT4_TYPE };

/** The bound SQL, narrowed to the columns in `used`. */
export function wrapSource(
  bound: BoundSql,
  described: SourceDescription,
  used: ReadonlySet<string>,
): Omit<UnjudgedSource, 'connection'> {
  const kept = described.columns.filter((column) => used.has(column.name));
  const items = kept.map(selectItem);
  const prefix = `select ${items.length === 0 ? '1 as "row"' : items.join(', ')} from (\n`;
  const sent = kept.length === 0 ? [NO_COLUMN] : kept;
  return {
    sql: `${prefix}${bound.sql}\n) as "source"`,
    parameters: bound.parameters,
    segments: bound.segments.map((segment) => ({ ...segment, sqlStart: segment.sqlStart + prefix.length })),
    columns: sent.map(databaseColumnToColumn),
    databaseColumns: kept.length === 0 ? sent : kept.map(sentColumn),
    parameterTypes: described.parameterTypes,
  };
}

function isList(column: DatabaseColumn): boolean {
  return databaseColumnToColumn(column).type.kind === 'list';
}

/** Lists leave as JSON arrays of their elements' text, which keeps every element exact. */
function selectItem(column: DatabaseColumn): string {
  const name = quoteName(column.name);
  return isList(column) ? `array_to_json(${elementTexts(name, column.type)}) as ${name}` : name;
}

function sentColumn(column: DatabaseColumn): DatabaseColumn {
  return isList(column) ? { name: column.name, type: JSON_TYPE } : column;
}

export function sourceColumns(described: SourceDescription): readonly Column[] {
  return described.columns.map(databaseColumnToColumn);
}
