/**
 * Decides which of PostgreSQL's own functions a query may call: the rule, applied to a real server's catalogue. Used to write the
 * list (write-allowed-functions.ts) and to check it against the catalogue (test/integration/guard-functions.test.ts).
 *
 * A name is allowed when every function of that name is IMMUTABLE or STABLE, or is one of `VOLATILE_THAT_READ`, and the
 * table of refusals does not name it; functions of the server's own machinery (of the pseudo-types below) are left out.
 */
import type pg from 'pg';
import { refusedFunction } from '../../language/dialects/postgres/guard/refusals.ts';

export interface OwnFunction {
  readonly name: string;
  readonly volatility: 'i' | 's' | 'v';
  /** Takes or gives a type that no value of a query has: the server calls it, not a query. */
  readonly isInternal: boolean;
  readonly takesOneValue: boolean;
}

/** Volatile only because they give another answer each time: they change nothing that others see. */
const VOLATILE_THAT_READ: ReadonlySet<string> = new Set(
  `array_sample array_shuffle clock_timestamp current_query gen_random_uuid pg_sleep pg_sleep_for pg_sleep_until random
   random_normal timeofday uuidv4 uuidv7
   pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_prepared_xact
   pg_collation_actual_version pg_database_collation_actual_version
   pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
   pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
   pg_get_wal_replay_pause_state pg_is_in_recovery pg_is_wal_replay_paused
   pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_last_committed_xact
   pg_get_sequence_data pg_sequence_last_value pg_get_wait_events pg_jit_available pg_notification_queue_usage
   pg_partition_ancestors pg_partition_tree
   pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size
   pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status txid_status
   pg_stat_get_backend_io pg_stat_get_backend_wal pg_stat_get_io pg_stat_get_recovery_prefetch pg_stat_have_stats
   pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls
   pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans
   pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated
   pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned
   pg_stat_get_xact_tuples_updated pg_show_replication_origin_status`.split(/\s+/),
);

/** Stable, and no business of a query: they load libraries or serve the server's own commands. */
const STABLE_MACHINERY = /_validator$|^pg_event_trigger_|^pg_get_publication_tables$/;

/** A query whose rows are OwnFunctions; more conditions may follow. */
export const OWN_FUNCTIONS = `
  select proname::text as name, provolatile::text as volatility,
         prorettype = any (pseudo) or proargtypes::oid[] && pseudo as "isInternal",
         prokind <> 'p' and pronargs >= 1 and pronargs - pronargdefaults <= 1 as "takesOneValue"
  from pg_proc,
       (select array['internal', 'trigger', 'event_trigger', 'language_handler', 'fdw_handler', 'index_am_handler',
                     'table_am_handler', 'pg_ddl_command']::regtype[]::oid[]) as machinery (pseudo)
  where oid < 16384`;

export async function readOwnFunctions(client: pg.Client): Promise<readonly OwnFunction[]> {
  return (await client.query<OwnFunction>(OWN_FUNCTIONS)).rows;
}

/** Sampling methods have the signature of handlers, and are written in a query. */
const SAMPLING = new Set(['bernoulli', 'system']);

export function mayBeCalled({ name, volatility, isInternal }: OwnFunction): boolean {
  if (SAMPLING.has(name)) return true;
  if (isInternal || STABLE_MACHINERY.test(name) || refusedFunction(name) !== null) return false;
  return volatility !== 'v' || VOLATILE_THAT_READ.has(name);
}

export interface SortedFunctions {
  readonly allowed: readonly string[];
  /** Functions that are not allowed and can be called with one value. */
  readonly refusedAttributes: readonly string[];
}

export function sortFunctions(functions: readonly OwnFunction[]): SortedFunctions {
  // `internal` overloads of a name (support functions) cannot be called by a query, and spoil none that can.
  const byName = new Map<string, OwnFunction[]>();
  for (const one of functions)
    if (!one.isInternal || SAMPLING.has(one.name))
      byName.set(one.name, [...(byName.get(one.name) ?? []), one]);
  const all = [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
  const isAllowed = (overloads: readonly OwnFunction[]): boolean => overloads.every(mayBeCalled);
  return {
    allowed: all.filter(([, overloads]) => isAllowed(overloads)).map(([name]) => name),
    refusedAttributes: all
      .filter(([, overloads]) => !isAllowed(overloads) && overloads.some((one) => one.takesOneValue))
      .map(([name]) => name),
  };
}
