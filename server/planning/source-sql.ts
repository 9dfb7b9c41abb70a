/** Translates between the user's text and the SQL that the database sees: binds parameters, and maps the places of errors back. */
import { QueryError } from '../../core/protocol/errors.ts';
import { databaseText, type ParameterValue } from '../../core/protocol/parameters.ts';
import type { PlacedParts, SourceSegment } from '../../core/protocol/plan.ts';
import { raisedInPostgres } from '../../core/protocol/raised-error.ts';
import { mapPosition } from '../../language/source/map-position.ts';

/** Returns the texts bound to `$1..$n`; the database infers their types and refuses values that do not fit. */
export function boundTexts(
  source: { readonly parameters: readonly string[] },
  parameters: Readonly<Record<string, ParameterValue>>,
): (string | null)[] {
  return source.parameters.map((name) => databaseText(parameters[name] ?? null));
}

/** The parts of a sent statement that are needed to explain its errors. */
export interface SentSql {
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  readonly placed?: PlacedParts;
}

/** Returns a database's error with its place in `sql` turned into the place in the user's text, at the source or a stage. */
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

/** Names the parameter in the error: the database only knows its number. */
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

/** Names the parameter in a syntax error `at or near "$1"`: the grammar allows no value at that place. */
function withParameterName(error: QueryError, { parameters }: SentSql): QueryError {
  const near = /^(.* at or near ")\$(\d+)"$/s.exec(error.message);
  const name = near === null ? undefined : parameters[Number(near[2]) - 1];
  if (near === null || name === undefined) return error;
  const hint = `a parameter stands for a value, not for a name or a keyword; for a typed one write \`cast(:${name} as date)\``;
  return new QueryError(error.code, `${near[1]}:${name}"`, { ...error.details, hint }, error.cause);
}

/** Returns the error in terms of the stages in the statement; null when it is about the user's SQL alone. */
function aboutStages(error: QueryError, placed: PlacedParts): QueryError | null {
  const { sqlstate = '', sqlPosition, sqlParameter } = error.details;
  const raised = raisedInPostgres(error.message, error);
  if (raised !== null) return raised;
  if (sqlPosition !== undefined) return atStage(error, sqlPosition - 1, placed);
  // SQLSTATE class 22: a value could not be computed.
  return sqlstate.startsWith('22') && sqlParameter === undefined ? byStages(error, placed) : null;
}

/** Returns the error with the stage whose generated SQL the database rejects: the schema has changed, or the compiler is wrong. */
function atStage(error: QueryError, offset: number, { segments }: PlacedParts): QueryError | null {
  const at = segments.find(({ sqlStart, length }) => offset >= sqlStart && offset < sqlStart + length);
  return at === undefined ? null : error.with({ stage: at.stage, span: at.span });
}

const ONLY_HEAD = '2201W';

/** Returns the error with the code that a DSL worker would give it, and with the stage when only one can have failed. */
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
