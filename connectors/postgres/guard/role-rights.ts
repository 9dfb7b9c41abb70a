/**
 * Finds out what a connection's role may do besides reading tables. With a role that can leave the database (files, programs,
 * other roles) the other protections are not enough, so its connection is refused unless the configuration allows it.
 */

export interface RoleRights {
  readonly name: string;
  /** The role's attributes that are too powerful: SUPERUSER, CREATEROLE, REPLICATION. */
  readonly attributes: readonly string[];
  /** The too powerful roles that this role is a member of, so that it has their rights or can take them. */
  readonly memberOf: readonly string[];
  /** Whether the role has TEMP on the database. */
  readonly mayCreateTemporary: boolean;
  /** Names of PostgreSQL's own functions that no query should call, but that this role may execute. */
  readonly functions: readonly string[];
  /** The version of the server, as it calls it. */
  readonly version?: string;
}

/** Predefined roles that reach outside the database or act on other sessions, and those that cloud providers offer instead of superusers. */
const POWERFUL_ROLES = `pg_read_server_files pg_write_server_files pg_execute_server_program pg_write_all_data
  pg_signal_backend pg_maintain pg_checkpoint pg_create_subscription rds_superuser rds_replication cloudsqlsuperuser
  azure_pg_admin alloydbsuperuser`.split(/\s+/);

/** Selects one row of RoleRights; `$1` is an array of function names. */
export const ROLE_RIGHTS = `
  select current_user::text as name,
         array_remove(array[case when rolsuper then 'SUPERUSER' end, case when rolcreaterole then 'CREATEROLE' end,
                            case when rolreplication then 'REPLICATION' end], null) as attributes,
         array(select other.rolname::text from pg_catalog.pg_roles other
               where other.oid <> me.oid and not me.rolsuper
                 and (other.rolname = any ('{${POWERFUL_ROLES.join(',')}}') or other.rolsuper)
                 and pg_catalog.pg_has_role(me.oid, other.oid, 'member')
               order by 1) as "memberOf",
         pg_catalog.current_setting('server_version') as version,
         pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temp') as "mayCreateTemporary",
         array(select distinct proname::text from pg_catalog.pg_proc
               where pronamespace = 'pg_catalog'::pg_catalog.regnamespace and proname::text = any ($1)
                 and pg_catalog.has_function_privilege(oid, 'execute')
               order by 1) as functions
  from pg_catalog.pg_roles me where rolname = current_user`;

export function isTooPowerful({ attributes, memberOf }: RoleRights): boolean {
  return attributes.length > 0 || memberOf.length > 0;
}

/** Returns the powers in words, as `a SUPERUSER and a member of pg_read_server_files`. */
export function powersOf({ attributes, memberOf }: RoleRights): string {
  const parts = [
    ...(attributes.length > 0 ? [attributes.join(', ')] : []),
    ...(memberOf.length > 0 ? [`a member of ${memberOf.join(', ')}`] : []),
  ];
  return parts.join(' and ');
}

/** The error of a connection whose role is too powerful. */
export class PowerfulRoleError extends Error {
  readonly rights: RoleRights;

  constructor(rights: RoleRights) {
    super(`the role ${rights.name} is ${powersOf(rights)}`);
    this.name = 'PowerfulRoleError';
    this.rights = rights;
  }
}
