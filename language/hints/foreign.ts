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
  ['drop', 'write `fields - delay`; to drop the rows where it is null, `dropna delay`'],
  ...sameHint('`fields - delay`', 'remove', 'delete', 'project-away', 'del'),
  ...sameHint('`eval name = expression`', 'mutate', 'assign', 'compute', 'add'),
  ...sameHint('`distinct` for whole rows, `dedup origin` for one row of each', 'uniq', 'unique'),
  ...sameHint(
    '`join left (select * from airports) as a on origin = a.iata`; the kind stands after `join`',
    ...'inner left right full outer cross semi anti'.split(' '),
  ),
  ...sameHint("`parse origin as regex '(?<name>...)'`", 'regex', 'extract', 'grok'),
  ...sameHint("`explode tags sep ','`", 'makemv', 'mv-expand', 'flatten', 'unnest'),
  ...sameHint('`sort -delay, origin`', 'arrange', 'orderby', 'order_by'),
  ...sameHint('`stats count() by origin`', 'groupby', 'group_by', 'by', 'avg', 'sum', 'min', 'max'),
  ...sameHint(
    '`eventstats avg(delay) as mean by origin`, or `streamstats` for what follows an order',
    'window',
  ),
  ['from', 'the source stands before the first pipe; further ones in `join`, `lookup` and `union`'],
  ['as', 'a name stands in the stage before: `stats count() as n`'],
  ['skip', 'no stage skips rows; write `limit n offset m` in the SQL'],
  ['render', 'there are no charts here: the answer is rows'],
  ...sameHint(
    'the answer to a file of your own: nothing is written here',
    'outputlookup',
    'into',
    'collect',
    'save',
  ),
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
  ...sameHint('`now()`', 'current_timestamp', 'getdate', 'sysdate', 'localtimestamp', 'utcnow'),
  ...sameHint('`cast(now() as date)`', 'current_date', 'today', 'curdate'),
  ...sameHint('`bin(date, 1mon)`, whose units are ms s m h d w mon q y: there `m` is minutes', 'date_group'),
  ...sameHint("`date_diff('day', from, to)`", 'datediff', 'timestampdiff', 'datetime_diff'),
  ...sameHint('`date_add(moment, 1d)`, or `moment + 1d`', 'dateadd', 'adddate'),
  ...sameHint("`case when a > 1 then 'x' else 'y' end`", 'decode', 'switch'),
  ...sameHint('`x in (a, b)`', 'any_of', 'in_list'),
  ...sameHint('`join semi (select ...) on ...`', 'exists'),
]);

function sameHint(write: string, ...names: readonly string[]): [string, string][] {
  return names.map((name) => [name, `write ${write}`]);
}

/** Words of other languages that follow a stage that was whole, each with a hint. */
export const FOREIGN_ENDINGS: ReadonlyMap<string, string> = new Map([
  ['order', 'rows are ordered by a stage of its own: `| sort -delay`'],
  ['group', 'groups are named after `by`: `stats avg(delay) by origin`'],
  ['having', 'write `| where ...` after `stats`'],
  ['descending', 'write `sort -delay` or `sort delay desc`'],
  ['ascending', 'write `sort delay`'],
  ['offset', 'no stage skips rows; write `limit n offset m` in the SQL'],
  ['as', 'write the name first: `eval name = expression`'],
  ...sameHint('`contains(text, part)`', 'contains', 'has'),
  ...sameHint('`starts_with(text, part)`', 'startswith', 'starts_with'),
  ...sameHint('`ends_with(text, part)`', 'endswith', 'ends_with'),
  ...sameHint('`regexp_match(text, pattern)`', 'matches', 'match', 'regexp', 'rlike', 'similar'),
]);
