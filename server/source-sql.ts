/** Between the user's text and the SQL that the database sees: parameters on the way in, error places on the way out. */
import { mapPosition } from '../language/map-position.ts';
import type { ParameterValue, Plan, SourceSegment } from '../language/plan.ts';
import { QueryError } from '../workers/errors.ts';

/** The texts bound to `$1..$n`; the database infers their types and refuses what does not fit. */
export function boundTexts(
  plan: Plan,
  parameters: Readonly<Record<string, ParameterValue>>,
): (string | null)[] {
  return plan.source.parameters.map((name) => {
    const value = parameters[name] ?? null;
    return value === null ? null : String(value);
  });
}

/** An error of the database's about `sql`, its place turned into a place in the user's text, at the source. */
export function mapToQuery(
  thrown: unknown,
  { sql, segments }: { readonly sql: string; readonly segments: readonly SourceSegment[] },
  queryText: string,
): unknown {
  if (!(thrown instanceof QueryError)) return thrown;
  const { sqlPosition } = thrown.details;
  if (sqlPosition === undefined) return thrown;
  const stage = { index: 0, name: 'source' };
  const span = mapPosition(sqlPosition, sql, segments, queryText);
  return thrown.with(span === null ? { stage } : { stage, span });
}
