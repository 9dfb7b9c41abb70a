/**
 * Keys under which each dialect's table has the SQL of calls: the name of a function, and a variant where the SQL or the
 * types on which exactness depends are others (`+/int64`). The stage engine's table has all of them.
 */
export const FUNCTION_KEYS = [
  // arithmetic
  ...['+/int64', '+/decimal', '+/float64', '+/interval', '+/days'],
  ...['-/int64', '-/decimal', '-/float64', '-/interval', '-/days', '-/moments'],
  ...['*/int64', '*/decimal', '*/float64', '*/interval', '/', '%', 'div/int64', 'div/decimal', 'negate'],
  // comparison and logic
  ...['=', '<>', '<', '<=', '>', '>=', 'is distinct from', 'is not distinct from'],
  ...['between', 'not between', 'in', 'not in', 'in/list', 'not in/list'],
  ...['and', 'or', 'not', 'is null', 'is not null'],
  // choices and casts
  ...['if', 'case', 'coalesce', 'greatest', 'least', 'nullif', 'cast', 'try_cast'],
  // numbers
  ...['abs', 'ceil', 'floor', 'round/int64', 'round/decimal', 'round/float64', 'sign'],
  ...['pow', 'sqrt', 'exp', 'ln', 'log', 'bitand', 'bitor', 'bitxor', 'bin/int64', 'bin/float64'],
  // text and patterns
  ...['||', 'concat', 'length', 'lower', 'upper', 'reverse', 'md5', 'trim', 'ltrim', 'rtrim', 'substr'],
  ...['left', 'right', 'repeat', 'position', 'replace', 'split', 'lpad', 'rpad'],
  ...['contains', 'starts_with', 'ends_with', 'like', 'not like', 'ilike', 'not ilike'],
  ...['regexp_match', 'regexp_extract', 'regexp_replace'],
  // time
  ...[
    'now',
    'ago',
    'bin/moment',
    'date_trunc',
    'date_diff',
    'strftime',
    'strptime',
    'extract',
    'at_timezone',
  ],
  // json and lists
  ...['json_extract', 'json_extract/place', 'json_extract_string', 'json_extract_string/place'],
  ...['json_type', 'json_array_length'],
  ...['list_contains', 'list_length', 'list_get', 'list_slice', 'list_sort', 'list_reverse_sort'],
  ...['list_distinct', 'list_join', 'list_concat'],
  // aggregates
  ...['count', 'count/rows', 'count_if', 'dc', 'dc_approx', 'sum/int64', 'sum/decimal', 'sum/float64'],
  ...['avg/exact', 'avg/float64', 'min', 'max', 'median', 'quantile', 'quantile_disc'],
  ...['stddev_samp/exact', 'stddev_pop/exact', 'var_samp/exact', 'var_pop/exact', 'corr/exact'],
  ...['stddev_samp/float64', 'stddev_pop/float64', 'var_samp/float64', 'var_pop/float64', 'corr/float64'],
  ...['first', 'last', 'arg_min', 'arg_max', 'any', 'list', 'mode', 'values', 'earliest', 'latest'],
  // window functions
  ...['row_number', 'rank', 'dense_rank', 'ntile', 'lag', 'lead', 'first_value', 'last_value'],
  // functions that only stages call
  ...['own/row number', 'own/merged key', 'own/is true', 'own/above zero', 'own/texts', 'own/list'],
  ...[
    'own/elements or null',
    'own/split',
    'own/count or fail',
    'own/shown',
    'own/regex group',
    'own/json text',
  ],
  ...[
    'own/value of key',
    'own/last before',
    'own/is finite',
    'own/no rows',
    'own/chance',
    'own/seeded chance',
  ],
  ...[
    'own/below',
    'own/mean of floats',
    'own/key found twice',
    'own/refuse key',
    'own/count others',
    'own/refuse others',
  ],
] as const;

export type FunctionKey = (typeof FUNCTION_KEYS)[number];
