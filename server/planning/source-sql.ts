/** Between the user's text and the SQL that the database sees: parameters on the way in, error places on the way out. */
import { QueryError } from '../../core/protocol/errors.ts';
import {
  databaseText,
  type ParameterKind,
  type ParameterValue,
  parameterKind,
} from '../../core/protocol/parameters.ts';
import type { PlacedParts, SourceSegment } from '../../core/protocol/plan.ts';
import { raisedInPostgres } from '../../core/protocol/raised-error.ts';
import { mapPosition } from '../../language/source/map-position.ts';

/** The texts bound to `$1..$n`; the database infers their types and refuses what does not fit. */
export function boundTexts(
  source: { readonly parameters: readonly string[] },
  parameters: Readonly<Record<string, ParameterValue>>,
): (string | null)[] {
  return source.parameters.map((name) => databaseText(parameters[name] ?? null));
}

const NO_KINDS: readonly ParameterKind[] = [];

/** What each of them was given as. */
export function boundKinds(
  source: { readonly parameters: readonly string[] },
  parameters: Readonly<Record<string, ParameterValue>>,
): readonly ParameterKind[] {
  if (source.parameters.length === 0) return NO_KINDS;
  return source.parameters.map((name) => parameterKind(name, parameters[name] ?? null));
}

/** What the database was sent, as far as its errors are about it. */
export interface SentSql {
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  readonly placed?: PlacedParts;
}

/** An error of the database's about `sql`, its place turned into a place in the user's text, at the source. */
export function mapToQuery(thrown: unknown, sent: SentSql, queryText: string): unknown {
  if (!(thrown instanceof QueryError)) return thrown;
  const { sqlPosition, sqlParameter } = thrown.details;
  const { placed } = sent;
  const ofStages = placed === undefined ? null : aboutStages(thrown, placed);
  if (ofStages !== null) return ofStages;
  if (sqlParameter !== undefined) return aboutParameter(thrown, sqlParameter, sent);
  const { sql, segments } = sent;
  if (sqlPosition === undefined) return thrown;
  const stage = { index: 0, name: 'source' };
  const span = mapPosition(sqlPosition, sql, segments, queryText);
  const named = withParameterName(thrown, sent);
  return named.with(span === null ? { stage } : { stage, span });
}

/** The database counts parameters; their author has named them. */
function aboutParameter(
  error: QueryError,
  number: number,
  { sql, parameters, segments }: SentSql,
): QueryError {
  const { code, message, details, cause } = error;
  const stage = { index: 0, name: 'source' };
  const text = `$${number}`;
  const at = segments.find(({ sqlStart, length }) => length > 0 && sql.startsWith(text, sqlStart));
  const name = parameters[number - 1]!;
  const span = at && { start: at.queryStart, end: at.queryStart + 1 + name.length };
  return new QueryError(
    code,
    `parameter :${name}: ${message}`,
    { ...details, stage, ...(span && { span }) },
    cause,
  );
}

/** `at or near "$1"`: a parameter where the grammar wants something else than a value. */
function withParameterName(error: QueryError, { parameters }: SentSql): QueryError {
  const near = /^(.* at or near ")\$(\d+)"$/s.exec(error.message);
  const name = near === null ? undefined : parameters[Number(near[2]) - 1];
  if (near === null || name === undefined) return error;
  const hint = `a parameter stands for a value, not for a name or a keyword; for a typed one write \`cast(:${name} as date)\``;
  return new QueryError(error.code, `${near[1]}:${name}"`, { ...error.details, hint }, error.cause);
}

/** An error that stages in the statement have caused; null: it is about the user's SQL, or about both alike. */
function aboutStages(error: QueryError, placed: PlacedParts): QueryError | null {
  const { sqlstate = '', sqlPosition, sqlParameter } = error.details;
  const raised = raisedInPostgres(error.message, error);
  if (raised !== null) return raised;
  if (sqlPosition !== undefined) return atStage(error, sqlPosition - 1, placed);
  // Class 22: a value that could not be computed.
  return sqlstate.startsWith('22') && sqlParameter === undefined ? byStages(error, placed) : null;
}

/** Text of ours that the database does not understand: the schema has changed, or it is our mistake. */
function atStage(error: QueryError, offset: number, { segments }: PlacedParts): QueryError | null {
  const at = segments.find(({ sqlStart, length }) => offset >= sqlStart && offset < sqlStart + length);
  return at === undefined ? null : error.with({ stage: at.stage, span: at.span });
}

const ONLY_HEAD = '2201W';

/** The same code as a worker's; the stage, when only one can have failed. */
function byStages(error: QueryError, { raising, sourceMayFail }: PlacedParts): QueryError | null {
  const { message, details, cause } = error;
  if (details.sqlstate === ONLY_HEAD)
    return new QueryError(
      'bad-parameter',
      'a number of rows is 0 or more',
      { ...details, hint: 'send its parameter as 0 or more' },
      cause,
    );
  const [first] = raising;
  if (first === undefined) return null;
  const bad = new QueryError('bad-value', message, details, cause);
  if (raising.length === 1 && !sourceMayFail) return bad.with(first);
  const names = raising.map(({ stage }) => `\`${stage.name}\` (stage ${stage.index})`);
  const all = sourceMayFail ? ['the SQL', ...names] : names;
  return bad.with({ hint: `it was computed in ${all.slice(0, -1).join(', ')} or ${all.at(-1)}` });
}
