/**
 * `forkline policy apply`: prints SQL for PostgreSQL that makes a role's `views` of the policy, each a view with a security barrier over a
 * table that the role's login may no longer read itself. Whoever owns the tables reads it and runs it; Forkline changes no database.
 */
import type { Config } from '../../core/config/config.ts';
import { hasRoles } from '../../core/protocol/connection.ts';
import type { Policy } from '../../core/protocol/rights.ts';
import type { RowRules } from '../../core/protocol/shown-rows.ts';

/** One role's views on one connection. */
interface LoginViews {
  readonly role: string;
  readonly connection: string;
  readonly login: string;
  readonly tables: Readonly<Record<string, RowRules>>;
}

/** Returns the SQL for a connection, or for all; null: the policy has no views for it. */
export function applySql(policy: Policy, { connections }: Config, only: string | null): string | null {
  const all = Object.entries(policy.views).flatMap(([role, views]) =>
    Object.entries(views).map(([connection, tables]): LoginViews => {
      const login = loginOf(connections[connection]!, role);
      return { role, connection, login, tables };
    }),
  );
  const wanted = all.filter(({ connection }) => only === null || connection === only);
  if (wanted.length === 0) return null;
  return `${HEAD}${wanted.map(viewsSql).join('\n')}\ncommit;\n`;
}

const HEAD = `-- Printed by \`forkline policy apply\`. Read it, then run it as the owner of the tables, in the connection's database:
--
--   forkline policy apply --connection NAME | psql -v ON_ERROR_STOP=1 -d DATABASE
--
-- A login reads a view with the rights of the view's owner, and not the table. Run it again after columns were added.

begin;
`;

/** The policy was checked: the connection has a login for the role. */
function loginOf(connection: Config['connections'][string], role: string): string {
  const { url } = (hasRoles(connection) ? connection.roles[role]! : {}) as { url: string };
  return decodeURIComponent(new URL(url).username);
}

function viewsSql({ role, connection, login, tables }: LoginViews): string {
  const schema = `forkline_${role.toLowerCase()}`;
  const [to, into] = [name(login), name(schema)];
  const parts = [
    `\n-- The role ${role} on the connection ${connection}: the login ${oneLine(login)}.`,
    `create schema if not exists ${into};`,
    `grant usage on schema ${into} to ${to};`,
    ...Object.entries(tables).map(([table, rules]) => viewSql(table, rules, schema, login)),
    block(
      `begin
  execute format('alter role %I in database %I set search_path = %I, public', ${text(login)}, current_database(), ${text(schema)});
end`,
    ),
  ];
  return parts.join('\n');
}

function viewSql(table: string, { rows, masks, hidden }: RowRules, schema: string, login: string): string {
  const view = table.split('.').at(-1)!;
  const from = table.split('.').map(name).join('.');
  return block(`declare
  source constant regclass := ${text(from)};
  masks constant jsonb := ${text(JSON.stringify(masks))};
  hidden constant text[] := array[${hidden.map(text).join(', ')}]::text[];
  lacking text;
  items text;
begin
  select string_agg(named, ', ') into lacking
    from (select jsonb_object_keys(masks) union select unnest(hidden)) as all_named(named)
    where not exists (select from pg_catalog.pg_attribute
      where attrelid = source and attname = named and attnum > 0 and not attisdropped);
  if lacking is not null then
    raise exception 'the table % has no column %, which the policy masks or hides', source, lacking;
  end if;
  select string_agg(case when masks ? attname then format('(%s) as %I', masks ->> attname, attname) else format('%I', attname) end,
      ', ' order by attnum) into items
    from pg_catalog.pg_attribute
    where attrelid = source and attnum > 0 and not attisdropped and attname <> all (hidden);
  execute format('drop view if exists %I.%I', ${text(schema)}, ${text(view)});
  execute format('create view %I.%I with (security_barrier = true) as select %s from %s where (%s)',
    ${text(schema)}, ${text(view)}, items, source, ${text(rows ?? 'true')});
  execute format('grant select on %I.%I to %I', ${text(schema)}, ${text(view)}, ${text(login)});
  execute format('revoke all on %s from %I', source, ${text(login)});
  if has_table_privilege(${text(login)}, source, 'select') or has_any_column_privilege(${text(login)}, source, 'select') then
    raise exception '% may still read the table % itself: by PUBLIC, by a role that it is a member of, or as its owner', ${text(login)}, source;
  end if;
end`);
}

/** Returns the code as a statement; the mark around it stands nowhere in it. */
function block(code: string): string {
  let mark = '$forkline$';
  for (let number = 2; code.includes(mark); number++) mark = `$forkline${number}$`;
  return `do ${mark}\n${code};\n${mark};`;
}

function name(written: string): string {
  return `"${written.replaceAll('"', '""')}"`;
}

/** A constant that means the same whatever \`standard_conforming_strings\` is. */
function text(written: string): string {
  const quoted = `'${written.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return written.includes('\\') ? `E${quoted}` : quoted;
}

function oneLine(written: string): string {
  return written.replace(/[\r\n]/g, ' ');
}
