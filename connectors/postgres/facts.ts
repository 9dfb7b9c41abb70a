/**
 * The `facts` call: what the catalogue says about the names in a SQL text. From the tables, functions and operators that the text
 * names it goes on to what views, row policies and functions in SQL name in turn, until nothing is new.
 *
 * A name may mean several functions, and which one only the database's own analysis tells. So all of that name count that the
 * search path finds, and the worst of them decides. Operators and casts are PostgreSQL's own unless users made some; its own
 * depend on settings of the session at most, so that they count as immutable.
 */
import type { SqlFacts, SqlNames, Volatility } from '../../core/protocol/sql-facts.ts';
import { unknownFacts, worstOf } from '../../core/protocol/sql-facts.ts';
import type { FactsCall } from '../../core/protocol/sql-worker.ts';
import type { CallControl } from '../kit/call-control.ts';
import { readOwnRows } from './own-query.ts';
import { arrayText } from './wire/array-text.ts';
import type { WireSession } from './wire-session.ts';

/** The first OID of objects that users made; smaller ones were made with the cluster. */
const FIRST_NORMAL_OID = 16384;
/** More objects than a text of a megabyte names. */
const MAX_ROWS = 100_000;

/**
 * Selects each reached object once, and the tables of which a reached one is a part: a statement that names these changes it too. Trees (of views, policies, SQL bodies) hold the OIDs of what they use after these names of
 * fields; `_null_` and trees of older versions have none of them.
 */
const FACTS_SQL = `
with recursive
named (kind, name, oid) as (
  select 'relation', u.name, c.oid
  from rows from (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) as u (schema, name)
  left join lateral (
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relname = u.name::pg_catalog.name
      and case when u.schema <> '' then n.nspname = u.schema::pg_catalog.name
               else n.nspname = any (pg_catalog.current_schemas(true)) end
    order by pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname) limit 1) c on true
  union all
  select 'function', u.name, p.oid
  from rows from (pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[]),
                  pg_catalog.unnest($5::pg_catalog.text[])) as u (schema, name, how)
  join pg_catalog.pg_proc p on p.proname = u.name::pg_catalog.name
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where case when u.schema <> '' then n.nspname = u.schema::pg_catalog.name
             else n.nspname = any (pg_catalog.current_schemas(true)) end
    and (u.how = 'call' or p.pronargs >= 1 and p.pronargs - p.pronargdefaults <= 1
      and (u.how = 'value' or exists (select from pg_catalog.pg_type t
                                       where t.oid = p.proargtypes[0] and t.typtype in ('c', 'p', 'd'))))
  union all
  select 'function', o.oprname, o.oprcode from pg_catalog.pg_operator o
  where o.oprname = any ($6::pg_catalog.name[]) and o.oid >= ${FIRST_NORMAL_OID}
  union all
  select 'function', 'a cast', c.castfunc from pg_catalog.pg_cast c join pg_catalog.pg_proc p on p.oid = c.castfunc
  where c.oid >= ${FIRST_NORMAL_OID} and p.provolatile = 'v'
),
reached (kind, oid) as (
  select kind, oid from named where oid <> 0
  union
  select next.kind, next.oid
  from reached r cross join lateral (
    select 'relation', i.inhrelid from pg_catalog.pg_inherits i where r.kind = 'relation' and i.inhparent = r.oid
    union all
    select case field when 'relid' then 'relation' else 'function' end, used
    from (
      select w.ev_action::pg_catalog.text from pg_catalog.pg_rewrite w
        join pg_catalog.pg_class c on c.oid = w.ev_class and c.relkind = 'v'
        where r.kind = 'relation' and r.oid >= ${FIRST_NORMAL_OID} and w.ev_class = r.oid and w.ev_type = '1'
      union all
      select p.polqual::pg_catalog.text from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
        where r.kind = 'relation' and p.polrelid = r.oid and c.relrowsecurity
      union all
      select p.prosqlbody::pg_catalog.text from pg_catalog.pg_proc p
        where r.kind = 'function' and r.oid >= ${FIRST_NORMAL_OID} and p.oid = r.oid
    ) trees (tree),
    pg_catalog.regexp_matches(tree, ':(relid|funcid|opfuncid|aggfnoid|winfnoid|tsmhandler) (\\d+)', 'g') as found (parts),
    lateral (select parts[1], parts[2]::pg_catalog.oid) as part (field, used)
    where field <> 'opfuncid' or used >= ${FIRST_NORMAL_OID}
    union all
    select 'function', s.oid from pg_catalog.pg_aggregate a
      join pg_catalog.pg_proc s on s.oid in (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggmfinalfn)
      where r.kind = 'function' and r.oid >= ${FIRST_NORMAL_OID} and a.aggfnoid = r.oid
  ) as next (kind, oid)
  where next.oid <> 0
),
parents (oid) as (
  select i.inhparent from pg_catalog.pg_inherits i join reached r on r.kind = 'relation' and i.inhrelid = r.oid
  union
  select i.inhparent from pg_catalog.pg_inherits i join parents p on i.inhrelid = p.oid
)
select 'relation' as kind, n.nspname as schema, c.relname as name,
       case when c.oid < ${FIRST_NORMAL_OID} then 'catalogue' else c.relkind::pg_catalog.text end as "is", true as known,
       exists (select from pg_catalog.pg_rewrite w where w.ev_class = c.oid and c.relkind = 'v' and ${timeIn('w.ev_action')})
       or c.relrowsecurity and exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and ${timeIn('p.polqual')})
         as passes
from reached r join pg_catalog.pg_class c on r.kind = 'relation' and c.oid = r.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
union all
select 'function', n.nspname, p.proname, p.provolatile::pg_catalog.text,
       p.oid < ${FIRST_NORMAL_OID} or p.provolatile = 'i' or p.prosqlbody is not null,
       coalesce(${timeIn('p.prosqlbody')}, false)
from reached r join pg_catalog.pg_proc p on r.kind = 'function' and p.oid = r.oid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
union all
select 'relation', n.nspname, c.relname, 'parent', true, false
from parents join pg_catalog.pg_class c using (oid) join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not exists (select from reached r where r.kind = 'relation' and r.oid = c.oid)
union all
select 'missing', '', name, '', true, false from named where oid is null
order by 1, 2, 3`;

/** Writes the condition that a tree has `current_date` and its like, or a text that is read as a date or time. */
function timeIn(tree: string): string {
  const dates = '1082|1083|1114|1184|1266'; // OIDs of date, time, timestamp and those with time zones
  return `${tree}::pg_catalog.text ~ '\\{SQLVALUEFUNCTION|\\{COERCEVIAIO (?:(?!:resulttype).)*:resulttype (${dates}) '`;
}

type Row = readonly [
  kind: 'relation' | 'function' | 'missing',
  schema: string,
  name: string,
  /** A relation's kind, or a function's volatility, as the catalogue has them. */
  is: string,
  /** Whether it is known which tables a function reads. */
  known: boolean,
  passes: boolean,
];

/** Throws QueryError: an error of the session or the database. */
export async function readFacts(
  session: WireSession,
  call: FactsCall,
  control: CallControl,
): Promise<SqlFacts> {
  if (call.names === null) return unknownFacts('nobody has parsed the text');
  const query = { sql: FACTS_SQL, parameters: parametersOf(call.names), maxRows: MAX_ROWS };
  const { rows, complete } = await readOwnRows<Row>(session, call, query, control);
  return complete ? factsOf(call.names, rows) : unknownFacts('it uses too many objects');
}

function parametersOf({ relations, functions, operators }: SqlNames): readonly string[] {
  return [
    relations.map(({ schema }) => schema ?? ''),
    relations.map(({ name }) => name),
    functions.map(({ schema }) => schema ?? ''),
    functions.map(({ name }) => name),
    functions.map((use) => use.as),
    operators,
  ].map(arrayText);
}

interface Finding {
  readonly volatility: Volatility;
  readonly because: string;
}

function factsOf({ commonTables, syntax }: SqlNames, rows: readonly Row[]): SqlFacts {
  const own = new Set(commonTables);
  const findings: Finding[] = [];
  if (syntax !== 'immutable') findings.push({ volatility: syntax, because: 'what it says itself' });
  let areTablesKnown = true;
  for (const row of rows) {
    const [kind, , name, , known] = row;
    if (kind === 'missing' && own.has(name)) continue;
    areTablesKnown &&= kind !== 'missing' && known;
    findings.push(...findingsOf(row));
  }
  const volatility = worstOf(findings.map((finding) => finding.volatility));
  const tables = rows.flatMap(([kind, schema, name]) => (kind === 'relation' ? [{ schema, name }] : []));
  return {
    volatility,
    tables: areTablesKnown ? tables : null,
    because: [...new Set(findings.map(({ because }) => because))],
  };
}

function findingsOf([kind, schema, name, is, known, passes]: Row): readonly Finding[] {
  if (kind === 'missing') return [{ volatility: 'unknown', because: `there is no table ${name}` }];
  const shown = `${schema}.${name}`;
  const read = kind === 'relation' ? OF_RELATION[is] : OF_FUNCTION[is];
  const findings = read === undefined ? [] : [{ ...read, because: `${shown}${read.because}` }];
  if (passes) findings.push({ volatility: 'stable', because: `${shown} reads the clock or the session` });
  if (!known) findings.push({ volatility: 'immutable', because: `${shown}() may read any table` });
  return findings;
}

/** The effects of reading a relation, by its kind; tables, views and partitions, which are left out, have none of their own. */
const OF_RELATION: Readonly<Record<string, Finding>> = {
  catalogue: { volatility: 'volatile', because: ' is part of the catalogue, which changes by itself' },
  S: { volatility: 'volatile', because: ' is a sequence' },
  f: { volatility: 'unknown', because: ' is a foreign table' },
};

const OF_FUNCTION: Readonly<Record<string, Finding>> = {
  v: { volatility: 'volatile', because: '() is VOLATILE' },
  s: { volatility: 'stable', because: '() is STABLE' },
};
