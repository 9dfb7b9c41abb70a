/** Translates between the user's text and the SQL that the database sees: binds parameters, and maps the places of errors back. */
import { QueryError } from '../../core/protocol/errors.ts';
import {
  databaseText,
  type ParameterKind,
  type ParameterValue,
  parameterKind,
} from '../../core/protocol/parameters.ts';
import type { PlacedParts, SourceSegment } from '../../core/protocol/plan.ts';
import type { Lexical } from '../../language/dialects/lexical.ts';
import { mapPosition, utf16Offset } from '../../language/source/map-position.ts';
import { skipWord } from '../../language/source/scan.ts';

/** Returns the texts that are bound to the parameters; the database infers their types and refuses what does not fit. */
export function boundTexts(
  source: { readonly parameters: readonly string[] },
  parameters: Readonly<Record<string, ParameterValue>>,
): (string | null)[] {
  return source.parameters.map((name) => databaseText(parameters[name] ?? null));
}

const NO_KINDS: readonly ParameterKind[] = [];

/** Returns the kinds that the parameters were given as. */
export function boundKinds(
  source: { readonly parameters: readonly string[] },
  parameters: Readonly<Record<string, ParameterValue>>,
): readonly ParameterKind[] {
  if (source.parameters.length === 0) return NO_KINDS;
  return source.parameters.map((name) => parameterKind(name, parameters[name] ?? null));
}

/** The statement that the database was sent, as far as its errors are about it. */
export interface SentSql {
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly segments: readonly SourceSegment[];
  readonly placed?: PlacedParts;
}

/** Turns an error of the database's about `sql` into one about the user's text, its place included. */
export function mapToQuery(thrown: unknown, sent: SentSql, queryText: string, lexical: Lexical): unknown {
  if (!(thrown instanceof QueryError)) return thrown;
  const { sqlPosition, sqlParameter } = thrown.details;
  const { placed } = sent;
  const ofStages = placed === undefined ? null : aboutStages(thrown, placed, sent.sql);
  if (ofStages !== null) return ofStages;
  if (sqlParameter !== undefined) return aboutParameter(thrown, sqlParameter, sent, queryText);
  const { sql, segments } = sent;
  if (sqlPosition === undefined) return thrown;
  const stage = { index: 0, name: 'source' };
  const span = mapPosition({ position: sqlPosition, sql, segments }, queryText, lexical);
  const named = withParameterName(thrown, sent);
  return named.with(span === null ? { stage } : { stage, span });
}

/** Names the parameter in the error: the database only knows its number. */
function aboutParameter(
  error: QueryError,
  number: number,
  { parameters, segments }: SentSql,
  queryText: string,
): QueryError {
  const { code, message, details, cause } = error;
  const stage = { index: 0, name: 'source' };
  const name = parameters[number - 1]!;
  const written = `:${name}`;
  const at = segments.find(
    ({ length, queryStart: start }) =>
      length > 0 && queryText.slice(start, skipWord(queryText, start + 1)) === written,
  );
  const span = at && { start: at.queryStart, end: at.queryStart + written.length };
  return new QueryError(
    code,
    `parameter ${written}: ${message}`,
    { ...details, stage, ...(span && { span }) },
    cause,
  );
}

/** Names a parameter in a message that has only its number: it stands where no value can. */
function withParameterName(error: QueryError, { parameters }: SentSql): QueryError {
  const { placeholder } = error.details;
  const name = placeholder && parameters[placeholder.parameter - 1];
  if (placeholder === undefined || name === undefined) return error;
  const { code, message, details, cause } = error;
  const named = `${message.slice(0, placeholder.start)}:${name}${message.slice(placeholder.end)}`;
  const hint = `a parameter stands for a value, not for a name or a keyword; for a typed one write \`cast(:${name} as date)\``;
  return new QueryError(code, named, { ...details, hint }, cause);
}

/** Returns the error that stages in the statement have caused; null when it is about the user's SQL, or about both alike. */
function aboutStages(error: QueryError, placed: PlacedParts, sql: string): QueryError | null {
  const { raised, sqlFault, sqlPosition, sqlParameter } = error.details;
  if (raised !== undefined) {
    const { code, message, ...details } = raised;
    return new QueryError(code, message, details, error);
  }
  if (sqlPosition !== undefined) return atStage(error, utf16Offset(sql, sqlPosition - 1), placed);
  if (sqlFault === undefined || sqlParameter !== undefined) return null;
  return sqlFault === 'row-count' ? ofRowCount(error) : byStages(error, placed);
}

/** Finds the text of ours that the database does not understand: the schema has changed, or it is our mistake. */
function atStage(error: QueryError, offset: number, { segments }: PlacedParts): QueryError | null {
  const at = segments.find(({ sqlStart, length }) => offset >= sqlStart && offset < sqlStart + length);
  return at === undefined ? null : error.with({ stage: at.stage, span: at.span });
}

function ofRowCount({ details, cause }: QueryError): QueryError {
  return new QueryError(
    'bad-parameter',
    'a number of rows is 0 or more',
    { ...details, hint: 'send its parameter as 0 or more' },
    cause,
  );
}

/** Gives the error the code that a worker gives it, and the stage when only one can have failed. */
function byStages({ message, details, cause }: QueryError, placed: PlacedParts): QueryError | null {
  const { raising, sourceMayFail } = placed;
  const [first] = raising;
  if (first === undefined) return null;
  const bad = new QueryError('bad-value', message, details, cause);
  if (raising.length === 1 && !sourceMayFail) return bad.with(first);
  const names = raising.map(({ stage }) => `\`${stage.name}\` (stage ${stage.index})`);
  const all = sourceMayFail ? ['the SQL', ...names] : names;
  return bad.with({ hint: `it was computed in ${all.slice(0, -1).join(', ')} or ${all.at(-1)}` });
}
