/**
 * The one table of what a query may not do, each with the reason that its author is told: statements and clauses by
 * the name that PostgreSQL's grammar gives their node, functions by their name. It says why; what may be called is
 * allowed-functions.ts (PostgreSQL's own functions) and function-check.ts (all others), so that a function missing here is
 * refused all the same, only with a more general reason. docs/security.md says what the table is worth.
 */

/** Ends of the sentence that refuses a function: "pg_read_file() may not be called: it ...". */
const FILES = 'reads or writes files of the database server';
const NETWORK = 'reaches other servers';
const SESSIONS = 'acts on other sessions';
const LOCKS = 'takes locks that other sessions wait for';
const THIS_SESSION = 'changes the session that other queries use after this one';
const TEXT_AS_SQL = 'runs SQL that is given as a string';
const HIDDEN_TABLES = 'reads tables that the statement does not name';
const SEQUENCES = 'changes a sequence, or depends on what the session did before';
const TRANSACTIONS = 'takes a transaction number, or shows the transaction to others';
const SERVER = 'controls the database server';

export interface RefusedFunction {
  /** Matches the name as PostgreSQL folds it, without a schema. */
  readonly pattern: RegExp;
  readonly does: string;
  /** An extension's: the name may as well be a user's own function, which the configuration may allow. */
  readonly ofExtension?: true;
}

const REFUSED_FUNCTIONS: readonly RefusedFunction[] = [
  { pattern: /^pg_read_(binary_)?file(_old|_off_len(_missing)?|_all(_missing)?)?$/, does: FILES },
  { pattern: /^pg_read_server_files?$/, does: FILES },
  { pattern: /^pg_ls_\w+$/, does: FILES },
  { pattern: /^pg_stat_file(_1arg)?$/, does: FILES },
  { pattern: /^pg_file_(read|write|rename|unlink|length|sync)$/, does: FILES },
  { pattern: /^pg_logdir_ls$/, does: FILES },
  {
    pattern:
      /^(lo_(close|creat|create|export|from_bytea|get|get_fragment|import|import_with_oid)|loread|lowrite)$/,
    does: FILES,
  },
  { pattern: /^lo_(lseek|lseek64|open|put|tell|tell64|truncate|truncate64|unlink)$/, does: FILES },
  {
    pattern: /^pg_(stat_get_wal_receiver_file|show_all_file_settings|hba_file_rules|ident_file_mappings)$/,
    does: FILES,
  },
  { pattern: /^pg_(current_logfile|config|available_wal_summaries|wal_summary_contents)$/, does: FILES },
  { pattern: /^dblink(_\w+)?$/, does: NETWORK, ofExtension: true },
  { pattern: /^postgres_fdw_\w+$/, does: NETWORK, ofExtension: true },
  {
    pattern: /^(http|http_(get|post|put|patch|delete|head|set_curlopt)|curl_\w+|net_http_\w+)$/,
    does: NETWORK,
    ofExtension: true,
  },
  { pattern: /^pg_(terminate|cancel)_backend$/, does: SESSIONS },
  {
    pattern: /^pg_(log_backend_memory_contexts|log_query_plan|get_process_memory_contexts)$/,
    does: SESSIONS,
  },
  { pattern: /^pg_notify$/, does: SESSIONS },
  { pattern: /^pg_(try_)?advisory_(lock|unlock|xact_lock)\w*$/, does: LOCKS },
  { pattern: /^set_config(_by_name)?$/, does: THIS_SESSION },
  { pattern: /^setseed$/, does: THIS_SESSION },
  { pattern: /^set_limit$/, does: THIS_SESSION, ofExtension: true },
  { pattern: /^plperl_\w+|^plpython_\w+$/, does: THIS_SESSION, ofExtension: true },
  { pattern: /^(query|cursor)_to_xml(schema|_and_xmlschema)?$/, does: TEXT_AS_SQL },
  { pattern: /^(ts_stat|ts_rewrite)$/, does: TEXT_AS_SQL },
  { pattern: /^(crosstab\d*|crosstab_hash|connectby|xpath_table)$/, does: TEXT_AS_SQL, ofExtension: true },
  { pattern: /^(table|schema|database)_to_xml(schema|_and_xmlschema)?$/, does: HIDDEN_TABLES },
  { pattern: /^(nextval|setval|currval|lastval)$/, does: SEQUENCES },
  { pattern: /^(txid_current|pg_current_xact_id|pg_export_snapshot)$/, does: TRANSACTIONS },
  { pattern: /^pg_(reload_conf|rotate_logfile(_old|_v2)?|promote|switch_(wal|xlog))$/, does: SERVER },
  {
    pattern: /^pg_(backup|start_backup|stop_backup|create_restore_point|log_standby_snapshot)\w*$/,
    does: SERVER,
  },
  { pattern: /^pg_(wal|xlog)_replay_(pause|resume)$/, does: SERVER },
  { pattern: /^pg_logical_\w+$/, does: SERVER },
  { pattern: /^pg_(create|drop|copy|sync|alter)_\w*slots?$/, does: SERVER },
  {
    pattern: /^pg_replication_(origin_(advance|create|drop|session\w*|xact\w*|progress)|slot_\w+)$/,
    does: SERVER,
  },
  { pattern: /^pg_stat_(reset\w*|force_next_flush|clear_snapshot)$/, does: SERVER },
  { pattern: /^pg_stat_statements_reset$/, does: SERVER, ofExtension: true },
  { pattern: /^pg_(restore|clear)_\w*stats$/, does: SERVER },
  {
    pattern: /^pg_(import_system_collations|nextoid|stop_making_pinned_objects|extension_config_dump)$/,
    does: SERVER,
  },
  { pattern: /^binary_upgrade_\w+$/, does: SERVER },
  { pattern: /^(brin_(de)?summarize\w*|gin_clean_pending_list)$/, does: SERVER },
  { pattern: /^(pg_prewarm|autoprewarm_\w+)$/, does: SERVER, ofExtension: true },
];

/** Matches what any pattern matches, so that the usual name, which none matches, takes one test. */
const ANY_REFUSED = new RegExp(REFUSED_FUNCTIONS.map(({ pattern }) => pattern.source).join('|'));

export function refusedFunction(name: string): RefusedFunction | null {
  if (!ANY_REFUSED.test(name)) return null;
  return REFUSED_FUNCTIONS.find(({ pattern }) => pattern.test(name)) ?? null;
}

/** Nodes of the grammar that read; every other one whose name ends in `Stmt` is refused. */
export const STATEMENTS_THAT_READ: ReadonlySet<string> = new Set([
  'SelectStmt', // SELECT, VALUES, TABLE, each with WITH
  'VariableShowStmt',
  'ExplainStmt',
]);

/** Statements that their node's name does not spell; of the others `CreateTableAsStmt` is shown as CREATE TABLE AS. */
const STATEMENT_NAMES: Readonly<Record<string, string>> = {
  TransactionStmt: 'BEGIN, COMMIT or ROLLBACK',
  VariableSetStmt: 'SET',
  CallStmt: 'CALL',
  CopyStmt: 'COPY',
  DeclareCursorStmt: 'DECLARE CURSOR',
  RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW',
  CreateTableAsStmt: 'CREATE TABLE AS',
};

/** The words of a statement's node: `UpdateStmt` is UPDATE. */
export function statementName(node: string): string {
  const words = node.replace(/Stmt$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return STATEMENT_NAMES[node] ?? words.toUpperCase();
}

/** Parts of a SELECT that do more than read, by the field that holds them. */
export const REFUSED_CLAUSES: Readonly<Record<string, { readonly shown: string; readonly hint: string }>> = {
  intoClause: {
    shown: 'SELECT INTO',
    hint: 'Queries only read: take INTO and its table away.',
  },
  lockingClause: {
    shown: 'FOR UPDATE, FOR SHARE and their like',
    hint: 'Queries only read and take no locks on rows: take the clause away.',
  },
};

export const READ_ONLY_HINT = 'Queries only read: begin with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN.';
