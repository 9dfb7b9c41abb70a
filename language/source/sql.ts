/**
 * The SQL that goes to the database: the user's own, with every `:name` replaced by the place of a bound value. What is copied from the user's
 * text is recorded in segments, so that a position in an error of the database's finds its way back.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { isListKind, type ParameterKind } from '../../core/protocol/parameters.ts';
import type { SourceSegment } from '../../core/protocol/plan.ts';
import type { Binding } from '../dialects/binding.ts';
import type { ParameterUse } from './lexer.ts';

export interface BoundSql {
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
}

/** SQL as it stands in a query, or as a front end has made it. */
export interface WrittenSql {
  /** The text that `span` and `placeholders` are places of; left out: the query's text, so that errors find their places. */
  readonly text?: string;
  readonly span: Span;
  /** The place that errors point at, when the SQL has a text of its own. */
  readonly place?: Span;
  readonly placeholders: readonly ParameterUse[];
  /** The stretches of `text` that stand in the query's text as they are. */
  readonly segments?: readonly SourceSegment[];
}

/**
 * The user's SQL with places of bound values; the same name twice is the same number. `x in (:list)` becomes the dialect's
 * membership in a bound list. Throws bad-parameter for a list that stands beside others there.
 */
export function bindSource(
  queryText: string,
  { text, span, placeholders, segments: copied = [] }: WrittenSql,
  kinds: Readonly<Record<string, ParameterKind>>,
  binding: Binding,
): BoundSql {
  const parameters: string[] = [];
  const uses = memberships(placeholders, ({ name }) => isListKind(kinds[name]!));
  const bound = bindWith(text ?? queryText, span, uses, binding, ({ name }) => {
    const known = parameters.indexOf(name);
    const place = binding.placeholder(known === -1 ? parameters.push(name) : known + 1);
    return binding.typed?.(place, name, kinds[name]!) ?? place;
  });
  const { sql, segments } = bound;
  return { sql, parameters, segments: text === undefined ? segments : copied };
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
  { memberOf }: Binding,
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
      sql += memberOf(inList.negated);
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

/** Adds `by` to the number of every bound value, so that two users' texts can stand in one statement. */
export function renumbered(bound: BoundSql, by: number, { placeAt, placeholder }: Binding): BoundSql {
  if (by === 0 || bound.parameters.length === 0) return bound;
  const segments: SourceSegment[] = [];
  let sql = '';
  let from = 0;
  for (const segment of bound.segments) {
    sql += bound.sql.slice(from, segment.sqlStart);
    segments.push({ ...segment, sqlStart: sql.length });
    from = segment.sqlStart;
    // The text of the user's has no places of bound values: this stands for a `:name`.
    const place = placeAt(bound.sql, from);
    if (place === null) continue;
    const { number, start } = place;
    sql += bound.sql.slice(from, start) + placeholder(number + by);
    from = start + placeholder(number).length;
  }
  return { ...bound, sql: sql + bound.sql.slice(from), segments };
}
