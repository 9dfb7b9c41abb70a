/**
 * PostgreSQL's own functions that may be called as an attribute of a value, and are refused. Written, like those that
 * are allowed (allowed-functions.ts), by `npm run guard:functions`; do not edit.
 */

/** The functions that are not allowed and can be called with one value, so that `(x).name` and `t.name` may be a call. */
export const REFUSED_ATTRIBUTES: ReadonlySet<string> = new Set(
  `
  amvalidate binary_upgrade_logical_slot_has_caught_up binary_upgrade_set_next_array_pg_type_oid
  binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode
  binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode
  binary_upgrade_set_next_multirange_array_pg_type_oid binary_upgrade_set_next_multirange_pg_type_oid
  binary_upgrade_set_next_pg_authid_oid binary_upgrade_set_next_pg_enum_oid
  binary_upgrade_set_next_pg_tablespace_oid binary_upgrade_set_next_pg_type_oid
  binary_upgrade_set_next_toast_pg_class_oid binary_upgrade_set_next_toast_relfilenode
  binary_upgrade_set_record_init_privs brin_summarize_new_values currval fmgr_c_validator
  fmgr_internal_validator fmgr_sql_validator gin_clean_pending_list lo_close lo_creat lo_create lo_get
  lo_import lo_tell lo_tell64 lo_unlink nextval pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock
  pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_backup_start
  pg_backup_stop pg_cancel_backend pg_create_physical_replication_slot pg_create_restore_point
  pg_current_logfile pg_drop_replication_slot pg_get_multixact_members pg_get_publication_tables
  pg_import_system_collations pg_log_backend_memory_contexts pg_ls_dir pg_ls_replslotdir pg_ls_tmpdir
  pg_promote pg_read_binary_file pg_read_file pg_replication_origin_create pg_replication_origin_drop
  pg_replication_origin_session_progress pg_replication_origin_session_setup pg_restore_attribute_stats
  pg_restore_relation_stats pg_stat_file pg_stat_reset_backend_stats pg_stat_reset_replication_slot
  pg_stat_reset_shared pg_stat_reset_single_function_counters pg_stat_reset_single_table_counters
  pg_stat_reset_slru pg_stat_reset_subscription_stats pg_terminate_backend pg_try_advisory_lock
  pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared plpgsql_validator
  setseed ts_stat
`
    .trim()
    .split(/\s+/),
);
