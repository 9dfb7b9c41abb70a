/**
 * Looks functions that are not PostgreSQL's own up in the database's catalogue. The check is a statement in front of the user's
 * one, in the same round trip and transaction: it fails with an error of ours when a function with that name may do more than
 * read, and after an error the database skips everything that follows. So the user's statement runs with exactly the functions
 * that were checked. Names that were found harmless are not checked again for ten seconds (server/query/known-functions.ts).
 *
 * Which function a call means depends on types, which only the database knows. So all functions with the name are checked that
 * the search path finds (or that are in the written schema), that the role may execute, and, in attribute notation, that take
 * one value.
 * A function is harmless when it is
 * - PostgreSQL's own and on the list of allowed ones (language/dialects/postgres/guard/allowed-functions.ts),
 * - IMMUTABLE or STABLE, written in SQL, without SECURITY DEFINER and settings of its own,
 * - IMMUTABLE or STABLE and an extension's that is known (harmless-extensions.ts),
 * - an aggregate of nothing but IMMUTABLE and STABLE functions that are PostgreSQL's own or written in SQL, or
 * - listed in the connection's `allowFunctions`.
 */

import { QueryError } from '../../../core/protocol/errors.ts';
import type { FunctionUse } from '../../../core/protocol/plan.ts';
import { arrayText } from '../wire/array-text.ts';
import type { ServerError } from '../wire/backend-messages.ts';
import { bindMessage, EXECUTE, parseMessage } from '../wire/frontend-messages.ts';
import { HARMLESS_EXTENSIONS, HARMLESS_VOLATILE } from './harmless-extensions.ts';

/** The first OID of objects that users made; smaller ones were made with the cluster. */
const FIRST_NORMAL_OID = 16384;
const MARK = 'forkline refuses function';

const HARMLESS_SUPPORT = `s.provolatile <> 'v' and (s.oid < ${FIRST_NORMAL_OID} or sl.lanname = 'sql' and not s.prosecdef)`;

const CHECK = `
select ('${MARK} (' || u.at || ') (' || case
    when p.oid < ${FIRST_NORMAL_OID} then 'is not among the functions that queries may call'
    when p.prokind = 'a' then 'is an aggregate whose functions are VOLATILE or not in plain SQL'
    when e.extname is not null then 'is a function of the extension ' || e.extname || case when p.provolatile = 'v' then ' and VOLATILE' else '' end
    when p.provolatile = 'v' then 'is VOLATILE'
    when p.prosecdef then 'is SECURITY DEFINER'
    when p.proconfig is not null then 'changes settings'
    else 'is written in ' || l.lanname end
  || ') ' || n.nspname || '.' || p.proname || ';')::pg_catalog.int4
from rows from (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
                pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.bool[]))
  with ordinality as u (schema, name, how, known, at)
join pg_catalog.pg_proc p on p.proname = u.name::pg_catalog.name
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
  and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e'
left join pg_catalog.pg_extension e on e.oid = d.refobjid
where p.prokind <> 'p'
  and case when u.schema <> '' then n.nspname = u.schema or u.schema = 'pg_temp' and n.oid = pg_catalog.pg_my_temp_schema()
           else n.nspname = any (pg_catalog.current_schemas(true)) end
  and (u.how = 'call' or p.pronargs >= 1 and p.pronargs - p.pronargdefaults <= 1
    and (p.proargtypes[0] <> 'pg_catalog.internal'::pg_catalog.regtype)
    and (u.how = 'value' or exists (select from pg_catalog.pg_type t
                                     where t.oid = p.proargtypes[0] and t.typtype in ('c', 'p', 'd'))))
  and (case
      when p.oid < ${FIRST_NORMAL_OID} then u.known
      when e.extname || '.' || p.proname = any ($7) then true
      when p.prokind = 'a' then e.extname::pg_catalog.text = any ($6) or not exists (
        select from pg_catalog.pg_aggregate a
        join pg_catalog.pg_proc s on s.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                                               a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
        join pg_catalog.pg_language sl on sl.oid = s.prolang
        where a.aggfnoid = p.oid and (${HARMLESS_SUPPORT}) is not true)
      when p.provolatile = 'v' then false
      else e.extname::pg_catalog.text = any ($6) or l.lanname = 'sql' and not p.prosecdef and p.proconfig is null
    end) is not true -- nothing is harmless for being unknown
  and not n.nspname || '.' || p.proname = any ($5)
  and pg_catalog.has_function_privilege(p.oid, 'execute')
limit 1`;

const PARSE_CHECK = parseMessage(CHECK);

/** Returns the check as messages of the extended protocol, one command. `allowed` has functions as `schema.name`. */
export function functionCheck(
  functions: readonly FunctionUse[],
  allowed: readonly string[],
): readonly Buffer[] {
  return [PARSE_CHECK, bindMessage(functionCheckQuery(functions, allowed).values), EXECUTE];
}

/** Returns the check as SQL text with values, for a client that makes its own messages. */
export function functionCheckQuery(
  functions: readonly FunctionUse[],
  allowed: readonly string[],
): { text: string; values: string[] } {
  const values = [
    functions.map(({ schema }) => schema ?? ''),
    functions.map(({ name }) => name),
    functions.map((use) => use.as),
    functions.map(({ known }) => String(known)),
    allowed,
    HARMLESS_EXTENSIONS,
    HARMLESS_VOLATILE,
  ];
  return { text: CHECK, values: values.map(arrayText) };
}

/** Matches the check's error, in whatever language the database writes its messages. */
const REFUSED = new RegExp(`${MARK} \\((\\d+)\\) \\(([^)]*)\\) (.*);`, 's');

/** Returns the refusal that an error of the check means, for users; null for any other error. */
export function refusedByCheck(
  error: ServerError,
  functions: readonly FunctionUse[],
  connection: string,
): QueryError | null {
  const found = functions.length === 0 ? null : REFUSED.exec(error.message);
  if (found === null) return null;
  const [, at, why, name] = found as unknown as [string, string, string, string]; // the groups of REFUSED
  const use = functions[Number(at) - 1];
  if (use === undefined) return null;
  const shown = use.as === 'call' ? `${name}()` : `${name}(), which \`.${use.name}\` may call,`;
  const allow = `"connections": { "${connection}": { "allowFunctions": ["${name}"] } }`;
  return new QueryError('read-only', `${shown} may not be called: it ${why}`, {
    ...(use.position === null ? {} : { sqlPosition: use.position }),
    hint: `Functions of your own are called when they are IMMUTABLE or STABLE in plain SQL, or listed in the configuration: ${allow}`,
  });
}
