/**
 * The rules by which a function of the stage engine may be called from `sql`. They are read by
 * `write-engine-functions.ts`, which asks the engine for its functions and writes the outcome to
 * `workers/dsl/user-sql/sql-functions.ts`. A refused function has a reason, which its user is told. Table functions, macros and
 * functions that are not consistent are refused unless a rule names them; consistent scalar functions and aggregates
 * compute from their arguments alone, and are allowed unless a rule names them.
 */

/** A function as `duckdb_functions()` lists it. */
export interface EngineFunction {
  readonly name: string;
  readonly kind: 'scalar' | 'aggregate' | 'macro' | 'table' | 'table_macro' | 'pragma';
  /** Null for macros and table functions, of which the engine does not say it. */
  readonly stability: 'CONSISTENT' | 'CONSISTENT_WITHIN_QUERY' | 'VOLATILE' | null;
}

/** Why a function is refused, in words that follow "it". */
export type Reason =
  | 'takes SQL or the name of a table as text'
  | 'reads or writes files'
  | 'reads or changes the settings of the engine'
  | 'reads the catalogue of the engine'
  | 'is an inner function of the engine'
  | 'only waits'
  | 'raises errors, for which there is the stage `assert`'
  | 'is no function of the list';

interface RefusalRule {
  readonly names: RegExp;
  readonly reason: Reason;
}

/** The first match counts. */
const REFUSALS: readonly RefusalRule[] = [
  {
    names:
      /^(query|query_table|json_execute_serialized_sql|json_(de)?serialize_sql|json_serialize_plan|histogram_values|sql_auto_complete|check_peg_parser)$/,
    reason: 'takes SQL or the name of a table as text',
  },
  {
    names:
      /^(read_|parquet_|sniff_csv$|glob$|copy_database$|import_database$|write_log$|(force_)?checkpoint$)/,
    reason: 'reads or writes files',
  },
  {
    names:
      /^(enable_|disable_|(all_)?profiling_output$|all_profiling_output$|verify_|current_setting$|getvariable$|getenv$|setseed$|truncate_duckdb_logs$|which_secret$|in_search_path$|add_parquet_key$)/,
    reason: 'reads or changes the settings of the engine',
  },
  {
    names:
      /^(duckdb_|pragma_|pg_(?!typeof|size_pretty|timezone_names|sleep)|has_\w+_privilege$|inet_(client|server)_|\w*_description$|current_(query|schemas|connection_id|query_id|transaction_id)$|txid_current$|(next|curr)val$|format_(pg_)?type$|map_to_pg_oid$|get_block_size$|show|table_info$|storage_info$|metadata_info$|database_(list|size)$|collations$|functions$|extension_versions$|platform$|user_agent$|stats$|parse_duckdb_log_message$)/,
    reason: 'reads the catalogue of the engine',
  },
  {
    names:
      /^(__internal_|icu_collate_|icu_sort_key$|arrow_scan|seq_scan$|test_|summary$|sum_no_overflow$|alias$|bar$|can_cast_implicitly$|cast_to_type$|combine$|constant_or_null$|create_sort_key$|finalize$|get_type$|is_histogram_other_bin$|make_type$|normalized_interval$|remap_struct$|replace_type$|timetz_byte_comparable$|unpivot_list$|variant_(bytes_to_variant|normalize|to_parquet_variant)$|vector_type$)/,
    reason: 'is an inner function of the engine',
  },
  { names: /^(sleep_ms|pg_sleep)$/, reason: 'only waits' },
  { names: /^error$/, reason: 'raises errors, for which there is the stage `assert`' },
];

/** Functions whose value depends on the moment or on chance, and on nothing that is ours. */
const MOMENT_OR_CHANCE = new Set([
  ...['current_date', 'get_current_time', 'get_current_timestamp', 'now', 'today', 'transaction_timestamp'],
  ...['random', 'uuid', 'uuidv4', 'uuidv7', 'gen_random_uuid'],
]);

/** Names that tell nothing: there is one database in memory, one schema and one user. */
const CONSTANT_NAMES = new Set([
  ...['current_catalog', 'current_database', 'current_role', 'current_schema'],
  ...['current_user', 'session_user', 'user'],
]);

/** Macros that compute from their arguments alone. */
const PURE_MACROS =
  /^(list_|array_|json|map_contains_|md5_number_|weighted_avg$|wavg$|ago$|date_add$|days_in_month$|fdiv$|fmod$|generate_subscripts$|geometric_mean$|geomean$|nullif$|pg_size_pretty$|pg_typeof$|regexp_split_to_table$|round_even$|roundbankers$|split_part$)/;

/** Table functions that make rows out of their arguments alone. */
const PURE_TABLES =
  /^(generate_series|range|unnest|repeat|repeat_row|json_each|json_tree|pg_timezone_names|icu_calendar_names)$/;

/** Names that the binder of the engine knows without listing them as functions. */
export const UNLISTED_SCALARS = ['unnest', 'unlist'];

/** Functions of other builds and extensions, which are refused with their reason instead of as unknown. */
export const ELSEWHERE: readonly string[] = ['getenv', 'read_lines'];

/** Null: it may be called. */
export function refusalOf({ name, kind, stability }: EngineFunction): Reason | null {
  const rule = REFUSALS.find(({ names }) => names.test(name));
  if (rule !== undefined) return rule.reason;
  switch (kind) {
    case 'aggregate':
      return null;
    case 'scalar':
      if (stability === 'CONSISTENT' || MOMENT_OR_CHANCE.has(name)) return null;
      return CONSTANT_NAMES.has(name) ? null : 'is no function of the list';
    case 'macro':
      return PURE_MACROS.test(name) || CONSTANT_NAMES.has(name) ? null : 'is no function of the list';
    case 'table':
      return PURE_TABLES.test(name) ? null : 'is no function of the list';
    case 'table_macro':
    case 'pragma':
      return 'is no function of the list';
    default:
      return kind satisfies never;
  }
}
