/**
 * Random statements that try to call what they may not: plain calls, attribute notation, quoted and escaped names, schemas and
 * comments in between, in every place where PostgreSQL takes an expression. Most are good SQL; names are drawn from
 * refused functions, harmless ones, functions of the fuzz's own (database.ts) and columns, so that a guard that
 * refuses everything would be noticed as well.
 */

/** Called with one value, by its type. */
const ONE_VALUE: Readonly<Record<string, readonly string[]>> = {
  bigint:
    `pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock
    pg_advisory_unlock lo_unlink:oid abs sign to_hex chr:int factorial noisy_bigint quiet_bigint int8_ops`.split(
      /\s+/,
    ),
  float8: 'setseed ceil floor sqrt noisy_any'.split(' '),
  text: `pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file ts_stat lo_import upper lower length md5 currval nextval
    to_regclass:text noisy_text quiet_text shout reverse pg_ls_tmpdir dblink_connect`.split(/\s+/),
  int: 'pg_terminate_backend pg_cancel_backend pg_log_backend_memory_contexts noisy_any abs lo_create:oid quiet_int'.split(
    ' ',
  ),
};

/** Whole calls, with arguments of their own. */
const CALLS = [
  ['set_config', "'fuzz.canary', 'set', false"],
  ['set_config', "setting_name => 'fuzz.canary', new_value => 'set', is_local => false"],
  ['query_to_xml', "'select set_config(''fuzz.canary'', ''set'', false)', true, true, ''"],
  ['ts_stat', "'select to_tsvector(set_config(''fuzz.canary'', ''set'', false))'"],
  ['pg_notify', "'fuzz', 'x'"],
  ['pg_advisory_lock', '1, 2'],
  ['pg_read_file', "'fuzz_canary'"],
  ['table_to_xml', "'pg_am'::regclass, true, true, ''"],
  ['setval', "'fuzz.counter', 77"],
  ['lo_from_bytea', "0, '\\x00'"],
  ['crosstab', "'select 1, 2, 3'"],
  ['crosstab2', "'select ''a'', set_config(''fuzz.canary'', ''set'', false), ''b'''"],
  ['pg_stat_reset', ''],
  ['pg_export_snapshot', ''],
  ['txid_current', ''],
  ['format', "variadic array['%s', 'x']"],
  ['concat', "'a', 1, null"],
  ['now', ''],
  ['coalesce', '1, 2'],
  ['greatest', '1, 2'],
  ['noisy_variadic', "variadic array['a']"],
  ['noisy_default', ''],
  ['quiet_int', '1'],
  ['loud_sum', '1'],
  ['jsonb_build_object', "'a', 1"],
] as const;

const FIELDS = [
  'x',
  'y',
  'id',
  'name',
  'place',
  'f1',
  'noisy_row',
  'noisy_point',
  'quiet_row',
  'setseed',
  'count',
];
const SCHEMAS = ['pg_catalog', 'fuzz', 'postgres.pg_catalog', 'postgres.fuzz'];

export class StatementWriter {
  readonly #random: () => number;
  #depth = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  statement(): string {
    this.#depth = 0;
    const select = this.#select();
    return this.#one([
      () => select,
      () => select,
      () => select,
      () => `explain${this.#gap()}${select}`,
      () => `explain (analyze${this.#blank()}, verbose)${this.#gap()}${select}`,
      () => `with a as${this.#blank()}(${select})${this.#gap()}select * from a`,
      () => `values${this.#blank()}(${this.#expression()}),${this.#gap()}(${this.#expression()})`,
      () => this.#writing(select),
    ]);
  }

  /** Statements that may not run at all, whatever they call. */
  #writing(select: string): string {
    return this.#one([
      () => `explain analyze create table fuzz.made as ${select}`,
      () => `with d as (delete from fuzz.things returning *) select * from d`,
      () => `select * from fuzz.things t for${this.#gap()}update`,
      () => `select * into fuzz.made from fuzz.things`,
      () => `explain analyze select 1 into fuzz.made`,
      () => `explain analyze with d as (insert into fuzz.things values (9) returning *) select * from d`,
    ]);
  }

  #select(): string {
    return this.#one([
      () => `select${this.#gap()}${this.#expression()}`,
      () => `select ${this.#attribute()} from ${this.#from()}`,
      () => `select ${this.#expression()},${this.#gap()}${this.#attribute()} as a from ${this.#from()}`,
      () => `select 1 from ${this.#from()} where ${this.#expression()} is not null`,
      () => `select 1 from ${this.#from()} order by ${this.#attribute()}`,
      () => `select count(*) filter (where ${this.#attribute()} is null) from ${this.#from()}`,
      () => `select count(*) from ${this.#from()} group by ${this.#attribute()}`,
      () => `select row_number() over (order by ${this.#attribute()}) from ${this.#from()}`,
      () => `select 1 union all select length(${this.#expression()}::text)`,
      () => `select 1 limit length(${this.#call()}::text)`,
      () => `select * from ${this.#from()}, lateral (select ${this.#attribute()}) as l(v)`,
      () => `select * from rows from (generate_series(1, 2), ${this.#call()}) as r`,
      () => `select * from ${this.#call()} as r`,
      () => `select * from fuzz.things t tablesample bernoulli (length(${this.#call()}::text))`,
    ]);
  }

  #from(): string {
    return this.#one([
      () => 'fuzz.things t',
      () => 'fuzz.things as "t"',
      () => 'generate_series(1::bigint, 1) as t',
      () => 'generate_series(1::bigint, 1) as t(x)',
      () => `(select ${this.#expression()} as x, 1 as y) t`,
      () => "unnest(array['a'::text]) t",
      () => "(values (1::bigint, 'a'::text)) as t(x, y)",
      () => 'fuzz.things t join fuzz.things u on u.id = t.id',
      () => `${this.#call()} as t`,
      () => 'fuzz.point_of(1) as t',
    ]);
  }

  #expression(): string {
    if (++this.#depth > 12) return '1';
    return this.#one([
      () => this.#attribute(),
      () => this.#attribute(),
      () => this.#attribute(),
      () => this.#call(),
      () => this.#call(),
      () => `(${this.#expression()})::text`,
      () => `case when ${this.#expression()} is null then 1 else 2 end`,
      () => `coalesce((${this.#expression()})::text, 'x')`,
      () => `array[(${this.#expression()})::text]`,
      () => `row(${this.#expression()}, 1)`,
      () => `(select ${this.#expression()})`,
      () => `exists (select ${this.#expression()})`,
      () => `json_object('a' : (${this.#expression()})::text)`,
      () => `xmlelement(name a, (${this.#expression()})::text)`,
      () => `greatest((${this.#expression()})::text, 'a')`,
      () => `(${this.#expression()})::text operator(pg_catalog.||) 'a'`,
      () => `(${this.#expression()})::text collate "C"`,
    ]);
  }

  /** `(value).name`, `(array)[1].name`, `t.name`, `(t.place).name`, `$1.name`. */
  #attribute(): string {
    const type = this.#pick(Object.keys(ONE_VALUE));
    const [name, other] = this.#pick(ONE_VALUE[type]!).split(':') as [string, string | undefined];
    const value = this.#value(other ?? type);
    const dot = `${this.#blank()}.${this.#blank()}`;
    const attribute = this.#name(name);
    return this.#one([
      () => `(${value})${dot}${attribute}`,
      () => `(${value})${dot}${attribute}`,
      () => `(array[${value}])[1]${dot}${attribute}`,
      () => `((${value})${dot}${attribute})::text`,
      () => `(select ${value})${dot}${attribute}`,
      () => `(case when true then ${value} end)${dot}${attribute}`,
      () => `$1${dot}${this.#name(this.#pick(ONE_VALUE.bigint!).split(':')[0]!)}`,
      () => `t${dot}${attribute}`,
      () => `t${dot}${this.#name(this.#pick(FIELDS))}`,
      () => `(t${dot}place)${dot}${this.#name(this.#pick(FIELDS))}`,
      () => `(t)${dot}${this.#name(this.#pick(FIELDS))}`,
      () => `fuzz.things${dot}${this.#name(this.#pick(FIELDS))}`,
      () => `(row(1, ${value}))${dot}f2`,
      () => `((fuzz.point_of(1))${dot}x)${dot}${this.#name(this.#pick(FIELDS))}`,
    ]);
  }

  #value(type: string): string {
    const literals: Readonly<Record<string, readonly string[]>> = {
      bigint: ['1::bigint', "cast('7' as bigint)", "bigint '3'", '1::int8', '(2 + 3::bigint)'],
      float8: ['0.5::float8', "float8 '0.25'", '.5::double precision'],
      text: [
        "'fuzz_canary'::text",
        "text 'select set_config(''fuzz.canary'', ''set'', false)'",
        '$q$fuzz.counter$q$::text',
      ],
      int: ['1::int', '-1', '2147483647'],
      oid: ['1::oid', "oid '2'"],
    };
    return this.#pick(literals[type] ?? literals.int!);
  }

  #call(): string {
    const [name, args] = this.#pick(CALLS);
    const one = this.#random() < 0.5;
    if (!one) return `${this.#schema()}${this.#name(name)}${this.#blank()}(${args})`;
    const type = this.#pick(Object.keys(ONE_VALUE));
    const [function_, other] = this.#pick(ONE_VALUE[type]!).split(':') as [string, string | undefined];
    return `${this.#schema()}${this.#name(function_)}${this.#blank()}(${this.#value(other ?? type)})`;
  }

  #schema(): string {
    if (this.#random() < 0.7) return '';
    const parts = this.#pick(SCHEMAS).split('.');
    return parts.map((part) => `${this.#name(part)}${this.#blank()}.${this.#blank()}`).join('');
  }

  /** Returns the same name in one of the ways to write it. */
  #name(name: string): string {
    return this.#one([
      () => name,
      () => name,
      () => [...name].map((char) => (this.#random() < 0.5 ? char.toUpperCase() : char)).join(''),
      () => `"${name}"`,
      () => `U&"${this.#escaped(name, '\\')}"`,
      () => `u&"${this.#escaped(name, '!')}" uescape '!'`,
      () => `U&"${this.#escaped(name, '\\')}"${this.#gap()}`,
    ]);
  }

  #escaped(name: string, mark: string): string {
    return [...name]
      .map((char) => {
        const code = char.charCodeAt(0).toString(16);
        const draw = this.#random();
        if (draw < 0.2) return `${mark}${code.padStart(4, '0')}`;
        return draw < 0.3 ? `${mark}+${code.padStart(6, '0')}` : char;
      })
      .join('');
  }

  /** Nothing, or what the lexer takes for white space. */
  #blank(): string {
    return this.#random() < 0.6 ? '' : this.#gap();
  }

  #gap(): string {
    return this.#pick([
      ' ',
      '\n',
      '\t ',
      ' /* ( */ ',
      ' /* /* nested */ ) */ ',
      ' -- it\'s "a" comment(\n',
      '\r\n',
      ' /**/ ',
    ]);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!;
  }

  #one(makers: readonly (() => string)[]): string {
    return this.#pick(makers)();
  }
}
