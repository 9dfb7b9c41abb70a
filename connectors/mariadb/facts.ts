/**
 * The `facts` call, by the tokens of a text and the catalogue: there is no grammar of MariaDB's here. Every word of the text may be
 * the name of a table, so that more tables may be listed than are read, and never fewer. Views are read on by their definitions, which
 * a user sees only with the right SHOW VIEW; without it nothing is known.
 */
import { type SqlFacts, type TableName, type Volatility, worstOf } from '../../core/protocol/sql-facts.ts';
import type { FactsCall } from '../../core/protocol/sql-worker.ts';
import type { CallControl } from '../kit/call-control.ts';
import { factsInText, type TextFacts } from './guard/text-facts.ts';
import { readOwnRows } from './own-query.ts';
import type { WireSession } from './wire-session.ts';

const SYSTEM_SCHEMAS = "('information_schema', 'performance_schema', 'mysql', 'sys')";
const REMOTE_ENGINES = "('FEDERATED', 'CONNECT', 'SPIDER', 'S3', 'OQGRAPH')";
const MAX_ROWS = 100_000;

/** Selects tables by lower-case names, with what is stored as SQL in them: a view's definition, expressions of computed columns. */
const FACTS_SQL = `
with named as (select name from json_table(?, '$[*]' columns (name varchar(64) path '$')) as names)
select t.table_schema, t.table_name, t.table_schema <=> database(),
  case when t.table_type = 'SEQUENCE' then 'sequence' when v.table_name is not null then 'view'
       when t.engine in ${REMOTE_ENGINES} then 'remote' else 'table' end,
  v.view_definition
from information_schema.tables t
left join information_schema.views v on v.table_schema = t.table_schema and v.table_name = t.table_name
where t.table_schema not in ${SYSTEM_SCHEMAS} and lower(t.table_name) in (select name from named)
union all
select c.table_schema, c.table_name, c.table_schema <=> database(), 'computed', c.generation_expression
from information_schema.columns c
where c.table_schema not in ${SYSTEM_SCHEMAS} and c.generation_expression <> '' and lower(c.table_name) in (select name from named)
order by 1, 2, 4`;

type Row = readonly [
  schema: string,
  name: string,
  isOfConnection: number | bigint,
  is: 'table' | 'view' | 'sequence' | 'remote' | 'computed',
  sql: string | null,
];

export async function readFacts(
  session: WireSession,
  call: FactsCall,
  control: CallControl,
): Promise<SqlFacts> {
  const gathered = new GatheredFacts();
  gathered.add('the text', factsInText(call.sql));
  for (let names = gathered.takeNames(); names.length > 0; names = gathered.takeNames()) {
    const values = [{ text: JSON.stringify(names), kind: 'string' as const }];
    const rows = await readOwnRows<Row>(session, { sql: FACTS_SQL, values, maxRows: MAX_ROWS }, control);
    for (const row of rows) gathered.row(row);
  }
  return gathered.facts;
}

class GatheredFacts {
  readonly #names = new Map<string, 'new' | 'asked'>();
  readonly #tables = new Map<string, TableName>();
  readonly #because = new Map<string, Volatility>();
  #areTablesKnown = true;

  get facts(): SqlFacts {
    const tables = this.#areTablesKnown ? [...this.#tables.values()] : null;
    return { volatility: worstOf([...this.#because.values()]), tables, because: [...this.#because.keys()] };
  }

  /** Returns the names that were found since the last time. */
  takeNames(): readonly string[] {
    const names = [...this.#names].flatMap(([name, state]) => (state === 'new' ? [name] : []));
    for (const name of names) this.#names.set(name, 'asked');
    return names;
  }

  add(where: string, { names, volatility, because, areTablesKnown }: TextFacts): void {
    for (const name of names) if (!this.#names.has(name)) this.#names.set(name, 'new');
    if (volatility !== 'immutable') this.#because.set(`${where}: ${because}`, volatility);
    this.#areTablesKnown &&= areTablesKnown;
  }

  row([schema, name, isOfConnection, is, sql]: Row): void {
    // A table of another database is found by the name of that database only.
    if (Number(isOfConnection) !== 1 && !this.#names.has(schema.toLowerCase())) return;
    const shown = `${schema}.${name}`;
    this.#tables.set(shown, { schema, name });
    if (is === 'sequence') this.#because.set(`${shown} is a sequence`, 'volatile');
    else if (is === 'remote') this.#because.set(`${shown} is of a remote engine`, 'unknown');
    else if (is !== 'table' && sql !== null && sql !== '') this.add(shown, factsInText(sql));
    else if (is === 'view') {
      this.#because.set(`${shown} is a view whose definition the user may not see`, 'unknown');
      this.#areTablesKnown = false;
    }
  }
}
