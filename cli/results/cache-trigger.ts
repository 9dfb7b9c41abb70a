/** The SQL of the triggers by which a PostgreSQL tells that a table has changed (`forkline cache trigger`). */

/**
 * Returns a script for `psql`. A statement on a partitioned table fires the trigger of the table that it names, and no other: so each
 * partition gets one of its own, for statements that name it.
 */
export function triggerSql(table: string): string {
  const literal = `'${table.replaceAll("'", "''")}'`;
  return `create or replace function forkline_changed() returns trigger language plpgsql as $$
begin
  perform pg_catalog.pg_notify('forkline_changed',
    pg_catalog.json_build_object('schema', tg_table_schema, 'table', tg_table_name)::pg_catalog.text);
  return null;
end $$;

-- ${table.replace(/\s+/g, ' ')} and its partitions; run it again after a partition was added
do $$
declare
  part regclass;
begin
  for part in
    with recursive parts (oid) as (
      select ${literal}::regclass::oid
      union select i.inhrelid from pg_catalog.pg_inherits i join parts p on i.inhparent = p.oid)
    select oid::regclass from parts
  loop
    execute pg_catalog.format('drop trigger if exists forkline_changed on %s', part);
    execute pg_catalog.format('create trigger forkline_changed
      after insert or update or delete or truncate on %s
      for each statement execute function forkline_changed()', part);
  end loop;
end $$;
`;
}
