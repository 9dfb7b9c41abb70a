/**
 * The functions that no query may call, by what they do. Most of them are refused to ordinary roles by PostgreSQL
 * itself; this list is for the day when the role has more rights than it should. docs/security.md says what it is
 * worth. Names are as PostgreSQL folds them, without a schema: `x.pg_read_file(...)` is refused whatever x is.
 */

export interface RefusedFunction {
  readonly pattern: RegExp;
  /** Ends the sentence "pg_read_file() may not be called: it ...". */
  readonly does: string;
}

const FILES = 'reads or writes files of the database server';
const NETWORK = 'reaches other servers';
const SESSIONS = 'acts on other sessions';
const THIS_SESSION = 'changes the session that other queries use after this one';
const TEXT_AS_SQL = 'runs SQL that is given as a string';
const SERVER = 'controls the database server';

export const REFUSED_FUNCTIONS: readonly RefusedFunction[] = [
  { pattern: /^pg_read_(binary_)?file(_old|_off_len(_missing)?|_all(_missing)?)?$/, does: FILES },
  { pattern: /^pg_read_server_files?$/, does: FILES },
  { pattern: /^pg_ls_\w+$/, does: FILES },
  { pattern: /^pg_stat_file(_1arg)?$/, does: FILES },
  { pattern: /^pg_file_(read|write|rename|unlink|length|sync)$/, does: FILES },
  { pattern: /^pg_logdir_ls$/, does: FILES },
  { pattern: /^(lo_\w+|loread|lowrite)$/, does: FILES },
  { pattern: /^be_lo\w*$/, does: FILES },
  {
    pattern:
      /^(pg_stat_get_wal_receiver_file|pg_show_all_file_settings|pg_hba_file_rules|pg_ident_file_mappings)$/,
    does: FILES,
  },
  { pattern: /^dblink(_\w+)?$/, does: NETWORK },
  { pattern: /^postgres_fdw_\w+$/, does: NETWORK },
  { pattern: /^(http|http_\w+|curl_\w+|net_http_\w+)$/, does: NETWORK },
  { pattern: /^pg_(terminate|cancel)_backend$/, does: SESSIONS },
  {
    pattern: /^pg_(log_backend_memory_contexts|log_query_plan|get_process_memory_contexts)$/,
    does: SESSIONS,
  },
  { pattern: /^pg_notify$/, does: SESSIONS },
  {
    pattern: /^pg_(try_)?advisory_(lock|unlock|xact_lock)\w*$/,
    does: 'takes locks that other sessions wait for',
  },
  { pattern: /^set_config(_by_name)?$/, does: THIS_SESSION },
  { pattern: /^(setseed|set_limit)$/, does: THIS_SESSION },
  { pattern: /^plperl_\w+|^plpython_\w+$/, does: THIS_SESSION },
  { pattern: /^(query|cursor)_to_xml(schema|_and_xmlschema)?$/, does: TEXT_AS_SQL },
  { pattern: /^(ts_stat|ts_rewrite)$/, does: TEXT_AS_SQL },
  { pattern: /^(crosstab\d*|crosstab_hash|connectby|xpath_table|normal_rand_sql)$/, does: TEXT_AS_SQL },
  { pattern: /^pg_(reload_conf|rotate_logfile(_old|_v2)?|promote|switch_(wal|xlog))$/, does: SERVER },
  {
    pattern: /^pg_(backup|start_backup|stop_backup|create_restore_point|log_standby_snapshot)\w*$/,
    does: SERVER,
  },
  { pattern: /^pg_(wal|xlog)_replay_(pause|resume)$/, does: SERVER },
  { pattern: /^pg_logical_\w+$/, does: SERVER },
  { pattern: /^pg_(create|drop|copy|sync|alter)_\w*slots?$/, does: SERVER },
  { pattern: /^pg_replication_(origin|slot)_\w+$/, does: SERVER },
  { pattern: /^pg_stat_(reset\w*|force_next_flush|statements_reset|clear_snapshot)$/, does: SERVER },
  { pattern: /^pg_(restore|clear)_\w*stats$/, does: SERVER },
  {
    pattern: /^pg_(import_system_collations|nextoid|stop_making_pinned_objects|extension_config_dump)$/,
    does: SERVER,
  },
  { pattern: /^binary_upgrade_\w+$/, does: SERVER },
  { pattern: /^(brin_(de)?summarize\w*|gin_clean_pending_list|pg_prewarm|autoprewarm_\w+)$/, does: SERVER },
];

/** What a function does that it may not be called for; null when it may be called. */
export function refusalOf(name: string): string | null {
  return REFUSED_FUNCTIONS.find(({ pattern }) => pattern.test(name))?.does ?? null;
}
