/**
 * PostgreSQL's own functions that do more than read and that every role may execute after an installation. `forkline grants`
 * takes them from PUBLIC, and `forkline doctor` and the log warn about them. Functions that only superusers may execute are
 * left out, and so are two that Forkline calls in every session (set_config, pg_advisory_unlock_all).
 */
export interface FunctionGroup {
  /** A description of the functions, for a comment in the printed SQL. */
  readonly does: string;
  readonly names: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const GRANTABLE_FUNCTIONS: readonly FunctionGroup[] = [
  {
    does: 'act on other sessions',
    names: words('pg_terminate_backend pg_cancel_backend pg_notify'),
  },
  {
    does: 'take locks that other sessions wait for',
    names: words(`pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
      pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared`),
  },
  { does: 'change the session', names: words('setseed') },
  {
    does: 'run SQL that is given as a string, or read tables by name',
    names:
      words(`query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema ts_stat
      ts_rewrite table_to_xml table_to_xmlschema table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema
      schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema database_to_xml_and_xmlschema`),
  },
  {
    does: 'read and write large objects',
    names:
      words(`lo_open lo_close lo_creat lo_create lo_from_bytea lo_get lo_put lo_lseek lo_lseek64 lo_tell lo_tell64
      lo_truncate lo_truncate64 lo_unlink loread lowrite`),
  },
  {
    does: 'take transaction numbers, or show a transaction to others',
    names: words('txid_current pg_current_xact_id pg_export_snapshot'),
  },
  {
    does: 'change what the server keeps of tables and statistics',
    names: words(`brin_summarize_new_values brin_summarize_range brin_desummarize_range gin_clean_pending_list
      pg_stat_clear_snapshot pg_stat_force_next_flush pg_restore_relation_stats pg_restore_attribute_stats
      pg_clear_relation_stats pg_clear_attribute_stats pg_logical_emit_message`),
  },
];

export const GRANTABLE_NAMES: readonly string[] = GRANTABLE_FUNCTIONS.flatMap(({ names }) => names);
