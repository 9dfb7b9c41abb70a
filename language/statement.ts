/**
 * What all SELECTs of one statement share while it is built: the dialect, the WITH entries so far, the bound values. For a
 * database also where each stretch of the text comes from: marks, which no text of a user's can hold (U+0000), are left
 * where a stage's expression begins and ends, and are taken out when the statement is complete.
 */
import type { Span, StageRef } from '../workers/errors.ts';
import type { Dialect } from './dialects/dialect.ts';
import { DUCKDB } from './dialects/duckdb.ts';
import { POSTGRES } from './dialects/postgres-sql.ts';
import type { ParameterKind, SourceSegment, StageSegment } from './plan.ts';
import type { BoundSql } from './source-sql.ts';

/** Whose text it is. */
export interface Author {
  readonly stage: StageRef;
  readonly span: Span;
}

export interface Statement {
  readonly dialect: Dialect;
  /** What the names of its WITH entries begin with. */
  readonly prefix: string;
  readonly entries: string[];
  readonly parameters: { name: string; kind: ParameterKind }[];
  /** How many `$n` with lower numbers there are besides: those of the users' SQL. */
  readonly foreignParameters: number;
  /** The users' SQL that stands in it. */
  readonly sources: BoundSql[];
  readonly authors: Author[];
}

export function engineStatement(): Statement {
  return { dialect: DUCKDB, prefix: 's', ...empty(), foreignParameters: 0 };
}

/** A statement around `sqls`, whose text is only put in by `completed`. */
export function postgresStatement(sqls: readonly string[], foreignParameters: number): Statement {
  // A table of the user's may be called `s1`: the name of an entry would hide it.
  let prefix = 's';
  while (sqls.some((sql) => new RegExp(`(?<![\\w$])${prefix}\\d`, 'i').test(sql))) prefix = `_${prefix}`;
  return { dialect: POSTGRES, prefix, ...empty(), foreignParameters };
}

function empty(): Pick<Statement, 'entries' | 'parameters' | 'sources' | 'authors'> {
  return { entries: [], parameters: [], sources: [], authors: [] };
}

/** `text`, marked as the author's. */
export function authored(statement: Statement, author: Author | null, text: string): string {
  if (author === null) return text;
  const known = statement.authors.indexOf(author);
  const index = known === -1 ? statement.authors.push(author) - 1 : known;
  return `\0${index}(${text}\0)`;
}

/** Stands for the SQL of a source until the text is complete. */
export function sourceMark(index: number): string {
  return `\0source${index}\0`;
}

export interface CompletedText {
  readonly sql: string;
  readonly segments: readonly SourceSegment[];
  readonly stageSegments: readonly StageSegment[];
}

const MARK = /\0(?:source(\d+)\0|(\d+)\(|\))/g;

/** The text without marks, with the users' SQL in it, and where everything is. */
export function completed({ sources, authors }: Statement, marked: string): CompletedText {
  const segments: SourceSegment[] = [];
  const stageSegments: StageSegment[] = [];
  const open: { author: Author; sqlStart: number }[] = [];
  let sql = '';
  let from = 0;
  for (const mark of marked.matchAll(MARK)) {
    sql += marked.slice(from, mark.index);
    from = mark.index + mark[0].length;
    const [, source, author] = mark;
    if (source !== undefined) {
      const bound = sources[Number(source)]!;
      for (const segment of bound.segments)
        segments.push({ ...segment, sqlStart: segment.sqlStart + sql.length });
      sql += bound.sql;
    } else if (author !== undefined) open.push({ author: authors[Number(author)]!, sqlStart: sql.length });
    else {
      const { author: by, sqlStart } = open.pop()!;
      stageSegments.push({ ...by, sqlStart, length: sql.length - sqlStart });
    }
  }
  return { sql: sql + marked.slice(from), segments, stageSegments };
}
