/**
 * The state that all SELECTs of one statement share while it is built: the dialect, the WITH entries so far, the bound
 * values. For a database also where each stretch of the text comes from: marks, which no text of a user's can hold
 * (U+0000), are left where a stage's expression begins and ends, and are taken out when the statement is complete.
 */
import type { Span, StageRef } from '../../core/protocol/errors.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { SourceSegment, StageSegment } from '../../core/protocol/plan.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { BoundSql } from '../source/sql.ts';

/** The stage that a stretch of the statement's text comes from, and its place in the query. */
export interface Author {
  readonly stage: StageRef;
  readonly span: Span;
}

export class Statement {
  readonly dialect: Dialect;
  /** The beginning of the names of the WITH entries. */
  readonly prefix: string;
  /** The number of bound values of the users' SQL: their `$n` have the lower numbers. */
  readonly foreignParameters: number;
  readonly entries: string[] = [];
  readonly parameters: { name: string; kind: ParameterKind }[] = [];
  /** The users' SQL that stands in it. */
  readonly sources: BoundSql[] = [];
  readonly authors: Author[] = [];
  readonly #reads = new Map<string, number>();

  /** See `statementAround` for one with users' SQL in it. */
  constructor(dialect: Dialect, prefix = 's', foreignParameters = 0) {
    this.dialect = dialect;
    this.prefix = prefix;
    this.foreignParameters = foreignParameters;
  }

  /** Returns how often the statement's text reads a relation. */
  readsOf(name: string): number {
    return this.#reads.get(name) ?? 0;
  }

  read(name: string): void {
    this.#reads.set(name, this.readsOf(name) + 1);
  }
}

/** A statement around `sqls`, whose texts are only put in by `completed`. */
export function statementAround(dialect: Dialect, sqls: readonly BoundSql[]): Statement {
  // A table of the user's may be called `s1`: the name of an entry would hide it.
  let prefix = 's';
  const taken = (): boolean => sqls.some(({ sql }) => new RegExp(`(?<![\\w$])${prefix}\\d`, 'i').test(sql));
  while (taken()) prefix = `_${prefix}`;
  return new Statement(
    dialect,
    prefix,
    sqls.reduce((sum, { parameters }) => sum + parameters.length, 0),
  );
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
