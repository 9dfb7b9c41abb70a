/**
 * What a connection's role may do beyond reading tables. A role that can leave the database (files, programs, other roles)
 * makes every other wall a matter of luck, so such a connection is refused unless its configuration says that it is meant.
 */

export interface RoleRights {
  readonly name: string;
  /** Attributes that are too much: SUPERUSER, CREATEROLE, REPLICATION. */
  readonly attributes: readonly string[];
  /** Roles that are too much and that this one is a member of, so that it has their rights or can take them. */
  readonly memberOf: readonly string[];
  /** TEMP on the database. */
  readonly mayCreateTemporary: boolean;
  /** Names of PostgreSQL's own functions that no query should call, and that this role may execute all the same. */
  readonly functions: readonly string[];
}

/** Predefined roles that reach outside the database or act on others, and those that providers have made in place of superusers. */
const POWERFUL_ROLES = `pg_read_server_files pg_write_server_files pg_execute_server_program pg_write_all_data
  pg_signal_backend pg_maintain pg_checkpoint pg_create_subscription rds_superuser rds_replication cloudsqlsuperuser
  azure_pg_admin alloydbsuperuser`.split(/\s+/);

/** One row of RoleRights. `$1`: names of functions. */
export const ROLE_RIGHTS = `
  select current_user::text as name,
         array_remove(array[case when rolsuper then 'SUPERUSER' end, case when rolcreaterole then 'CREATEROLE' end,
                            case when rolreplication then 'REPLICATION' end], null) as attributes,
         array(select other.rolname::text from pg_catalog.pg_roles other
               where other.oid <> me.oid and not me.rolsuper
                 and (other.rolname = any ('{${POWERFUL_ROLES.join(',')}}') or other.rolsuper)
                 and pg_catalog.pg_has_role(me.oid, other.oid, 'member')
               order by 1) as "memberOf",
         pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temp') as "mayCreateTemporary",
         array(select distinct proname::text from pg_catalog.pg_proc
               where pronamespace = 'pg_catalog'::pg_catalog.regnamespace and proname::text = any ($1)
                 and pg_catalog.has_function_privilege(oid, 'execute')
               order by 1) as functions
  from pg_catalog.pg_roles me where rolname = current_user`;

export function isTooPowerful({ attributes, memberOf }: RoleRights): boolean {
  return attributes.length > 0 || memberOf.length > 0;
}

/** `a SUPERUSER and a member of pg_read_server_files`. */
export function powersOf({ attributes, memberOf }: RoleRights): string {
  const parts = [
    ...(attributes.length > 0 ? [attributes.join(', ')] : []),
    ...(memberOf.length > 0 ? [`a member of ${memberOf.join(', ')}`] : []),
  ];
  return parts.join(' and ');
}

/** The failure to open a connection whose role is too powerful. */
export class PowerfulRoleError extends Error {
  readonly rights: RoleRights;

  constructor(rights: RoleRights) {
    super(`the role ${rights.name} is ${powersOf(rights)}`);
    this.name = 'PowerfulRoleError';
    this.rights = rights;
  }
}
