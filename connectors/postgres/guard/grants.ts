/** Makes the SQL that `forkline grants` prints. It takes functions that no query needs from everybody (PUBLIC). */
import { type FunctionGroup, GRANTABLE_FUNCTIONS } from './grantable-functions.ts';

const LINE_CHARACTERS = 100;

const HEAD = `-- Printed by \`forkline grants\`. Read it, then run it as a superuser, in each database that Forkline reads:
--
--   forkline grants | psql -d DATABASE
--
-- It takes from PUBLIC, so from every role that was not granted these things by name. Roles that need one of them get it back:
--   grant execute on function pg_catalog.lo_get(oid) to some_role;
--   grant temporary on database ... to some_role;
-- Two functions stay, because Forkline itself calls them in every session: set_config and pg_advisory_unlock_all.

begin;

do $$
begin
  execute format('revoke temporary on database %I from public', current_database());
end
$$;
revoke create on schema public from public;

-- Whatever overloads of these functions this version of PostgreSQL has.
do $$
declare
  signature regprocedure;
begin
  for signature in
    select oid from pg_catalog.pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', oid, 'execute')
      and proname = any (array[
`;

const TAIL = `
      ])
  loop
    execute format('revoke execute on function %s from public', signature);
  end loop;
end
$$;

commit;
`;

export function grantsSql(): string {
  const groups = GRANTABLE_FUNCTIONS.map((group, index) =>
    groupLines(group, index === GRANTABLE_FUNCTIONS.length - 1),
  );
  return HEAD + groups.join('\n') + TAIL;
}

function groupLines({ does, names }: FunctionGroup, isLast: boolean): string {
  const lines: string[] = [];
  for (const [index, name] of names.entries()) {
    const item = `'${name}'${isLast && index === names.length - 1 ? '' : ','}`;
    const last = lines.at(-1);
    if (last === undefined || last.length + item.length >= LINE_CHARACTERS) lines.push(`        ${item}`);
    else lines[lines.length - 1] = `${last} ${item}`;
  }
  return [`        -- They ${does}.`, ...lines].join('\n');
}
