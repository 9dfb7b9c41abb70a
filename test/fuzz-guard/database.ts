/**
 * The database under the fuzz: everything is done as a superuser, so that nothing but the guard stands in the way, and two
 * witnesses say what a statement called. PostgreSQL's own parse analysis (debug_print_parse) names every function that a
 * statement calls by its OID, however it was written; and canaries show what calling one would leave behind.
 */
import pg from 'pg';
import { mayBeCalled, OWN_FUNCTIONS, type OwnFunction } from '../support/own-functions.ts';

const SETUP = `
  create schema fuzz;
  set search_path = public, fuzz;
  create type fuzz.point as (x int, y int);
  create table fuzz.things (id int, name text, place fuzz.point, setseed int);
  insert into fuzz.things values (1, 'a', row(1, 2), 3);
  create sequence fuzz.counter;
  create function fuzz.noisy_bigint(bigint) returns int language plpgsql as 'begin return 1; end';
  create function fuzz.noisy_text(text) returns int language plpgsql as 'begin return 1; end';
  create function fuzz.noisy_any(anyelement) returns int language plpgsql as 'begin return 1; end';
  create function fuzz.noisy_variadic(variadic text[]) returns int language plpgsql as 'begin return 1; end';
  create function fuzz.noisy_default(int default 1) returns int language plpgsql immutable as 'begin return 1; end';
  create function fuzz.noisy_row(fuzz.things) returns int language plpgsql as 'begin return 1; end';
  create function fuzz.noisy_point(fuzz.point) returns int language plpgsql stable as 'begin return 1; end';
  create function fuzz.shout(text) returns text language sql volatile as 'select upper($1)';
  create function fuzz.step(int, int) returns int language plpgsql as 'begin return 1; end';
  create aggregate fuzz.loud_sum(int) (sfunc = fuzz.step, stype = int, initcond = '0');
  create function fuzz.quiet_bigint(bigint) returns int language sql immutable as 'select 1';
  create function fuzz.quiet_int(int) returns int language sql stable as 'select 1';
  create function fuzz.quiet_text(text) returns int language sql stable as 'select 1';
  create function fuzz.quiet_row(fuzz.things) returns int language sql stable as 'select 1';
  create function fuzz.point_of(int) returns fuzz.point language sql stable as 'select row($1, $1)::fuzz.point';
  create extension tablefunc schema fuzz;
  create extension dblink schema fuzz`;

/** Functions of the fuzz's own that are harmless by the guard's rule. */
const HARMLESS_OWN = ['quiet_bigint', 'quiet_int', 'quiet_text', 'quiet_row', 'point_of'];

const SESSION = `
  set search_path = public, fuzz; set statement_timeout = '5s'; set lock_timeout = '1s';
  set client_min_messages = log; set debug_print_parse = on; set debug_pretty_print = off;
  set fuzz.canary = 'quiet'`;

const CANARIES = `
  select (select count(*)::int from pg_locks where locktype = 'advisory') as "advisory locks",
         (current_setting('fuzz.canary', true) <> 'quiet')::int as "settings",
         (select count(*)::int from pg_largeobject_metadata) as "large objects",
         (select (last_value <> 1 or is_called)::int from fuzz.counter) as "sequences",
         (select count(*)::int from pg_stat_user_functions where funcname like 'noisy%' or funcname = 'step') as "functions",
         (pg_current_xact_id_if_assigned() is not null)::int as "transaction numbers",
         (select count(*)::int - 1 from fuzz.things) as "rows"`;

/** The OIDs of functions, aggregates and window functions in a printed parse tree. */
const CALLED = /:(?:funcid|aggfnoid|winfnoid|tsmhandler)\s+(\d+)/g;

export interface Witness extends AsyncDisposable {
  readonly client: pg.Client;
  /** Names of functions that a query may not call, among those that PostgreSQL says the latest statement calls. */
  takeForbidden(): readonly string[];
  /** Returns what was left behind, as `name: count`. */
  leftBehind(): Promise<readonly string[]>;
}

export async function openWitness(adminUrl: string): Promise<Witness> {
  const client = new pg.Client({ connectionString: adminUrl });
  client.on('error', () => {}); // a statement that ends this session fails, and is told as such
  await client.connect();
  await client.query(SETUP);
  const forbidden = await forbiddenFunctions(client);
  await client.query("alter system set track_functions = 'all'; ".split(';')[0]!);
  await client.query('select pg_reload_conf()');
  await client.query(SESSION);
  let trees = '';
  client.on('notice', ({ message, detail = '' }) => {
    if (message === 'parse tree:') trees += detail;
  });
  return {
    client,
    takeForbidden() {
      const oids = new Set([...trees.matchAll(CALLED)].map(([, oid]) => oid!));
      trees = '';
      return [...oids].flatMap((oid) => forbidden.get(oid) ?? []);
    },
    async leftBehind() {
      const { rows } = await client.query<Record<string, number>>(CANARIES);
      trees = '';
      return Object.entries(rows[0]!).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : []));
    },
    async [Symbol.asyncDispose]() {
      await client.end();
    },
  };
}

/** By OID: the names of all functions that the rule does not allow, read from the catalogue and not from the guard's lists. */
async function forbiddenFunctions(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<OwnFunction & { readonly oid: string; readonly isOwn: boolean }>(
    `select found.*, p.oid::text, p.oid < 16384 as "isOwn" from pg_proc p, lateral (${OWN_FUNCTIONS} and pg_proc.oid = p.oid) found
     union all select proname, provolatile::text, false, false, oid::text, false from pg_proc where oid >= 16384`,
  );
  const bad = rows.filter((one) => (one.isOwn ? !mayBeCalled(one) : !HARMLESS_OWN.includes(one.name)));
  return new Map(bad.map(({ oid, name }) => [oid, name]));
}
