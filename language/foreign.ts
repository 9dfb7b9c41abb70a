/**
 * Words that people bring along from SQL, SPL, KQL and PRQL, and what they are called here. These are hints for errors
 * only: none of the words means anything to the compiler.
 */

export const FOREIGN_STAGES: ReadonlyMap<string, string> = new Map([
  ['group', 'groups are made by `stats`: `stats count() by origin`'],
  ['order', 'rows are ordered by `sort`: `sort -delay, origin`'],
  ['having', 'write `where` after `stats`'],
  ['count', 'write `stats count()`'],
  ['offset', 'no stage skips rows; write `limit n offset m` in the SQL'],
  ['search', "write a condition: `where origin = 'ATL'`"],
  ['let', 'write `eval name = expression`'],
  ['set', 'write `eval name = expression`'],
  ['bin', 'write `eval start = bin(date, 1h)`'],
  ['bucket', 'write `eval start = bin(date, 1h)`'],
]);

export const FOREIGN_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ...sameHint('`x is null`', 'isnull', 'is_null'),
  ...sameHint('`x is not null`', 'isnotnull', 'is_not_null', 'notnull'),
  ...sameHint("`x is null or x = ''`", 'isempty', 'is_empty'),
  ...sameHint("`x is not null and x <> ''`", 'isnotempty'),
  ...sameHint('`coalesce(x, 0)`', 'zeroifnull'),
  ...sameHint('`length(text)`', 'len', 'strlen'),
  ...sameHint('`substr(text, start, length)`', 'substring', 'mid'),
  ...sameHint('`cast(x as string)`', 'tostring', 'to_string', 'str', 'string', 'text'),
  ...sameHint('`cast(x as int64)`', 'int', 'toint', 'tolong', 'integer', 'bigint'),
  ...sameHint('`cast(x as float64)`', 'float', 'todouble', 'tonumber', 'double', 'numeric'),
  ...sameHint("`strftime(moment, '%Y-%m-%d')`", 'to_char', 'date_format', 'format_datetime'),
  ...sameHint("`strptime(text, '%Y-%m-%d')`", 'to_date', 'to_timestamp', 'todatetime'),
  ...sameHint("`date_trunc('hour', moment)` or `bin(moment, 1h)`", 'date_bin', 'time_bucket', 'trunc'),
  ...sameHint('`a || b`, or `concat(a, b)`', 'strcat', 'string_concat'),
  ...sameHint('`contains(text, part)`', 'has'),
  ...sameHint('`regexp_match(text, pattern)`', 'match'),
  ...sameHint('`p95(x)`, or `quantile(x, 0.95)`', 'percentile', 'perc95', 'percentile_cont', 'perc'),
  ...sameHint('`list(x)`', 'make_list'),
  ...sameHint('`list_join(list(x), sep)`', 'string_agg', 'group_concat', 'listagg'),
  ...sameHint('`now()`', 'current_timestamp', 'getdate', 'sysdate'),
]);

function sameHint(write: string, ...names: readonly string[]): [string, string][] {
  return names.map((name) => [name, `write ${write}`]);
}

/** After something that was whole. */
export const FOREIGN_ENDINGS: ReadonlyMap<string, string> = new Map([
  ['order', 'rows are ordered by a stage of its own: `| sort -delay`'],
  ['group', 'groups are named after `by`: `stats avg(delay) by origin`'],
  ['having', 'write `| where ...` after `stats`'],
  ['offset', 'no stage skips rows; write `limit n offset m` in the SQL'],
  ['as', 'write the name first: `eval name = expression`'],
  ...sameHint('`contains(text, part)`', 'contains', 'has'),
  ...sameHint('`starts_with(text, part)`', 'startswith', 'starts_with'),
  ...sameHint('`ends_with(text, part)`', 'endswith', 'ends_with'),
  ...sameHint('`regexp_match(text, pattern)`', 'matches', 'match', 'regexp', 'rlike', 'similar'),
]);
