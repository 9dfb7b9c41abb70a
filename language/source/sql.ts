/**
 * The SQL that goes to the database: the user's own, with every `:name` replaced by `$n`. What is copied from the user's
 * text is recorded in segments, so that a position in an error of the database's finds its way back.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { isListKind, type ParameterKind } from '../../core/protocol/parameters.ts';
import type { SourceSegment } from '../../core/protocol/plan.ts';
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
