/**
 * Random expressions by type. A template's holes say which type stands in them: `{i}` int64, `{f}` float64, `{n}` decimal,
 * `{s}` string, `{b}` bool, `{d}` date, `{t}` timestamp, `{z}` timestamptz, `{v}` interval, `{m}` time, `{u}` uuid, `{j}`
 * json, `{y}` bytes, `{l}` list of strings, `{k}` list of int64, `{x}` anything comparable; `{#}` is a small whole number.
 */
import type { Column } from '../../core/protocol/types.ts';
import type { Draw } from './data.ts';

export type Kind = 'i' | 'f' | 'n' | 's' | 'b' | 'd' | 't' | 'z' | 'v' | 'm' | 'u' | 'j' | 'y' | 'l' | 'k';

const KINDS: Readonly<Record<string, Kind>> = {
  int64: 'i',
  float64: 'f',
  decimal: 'n',
  string: 's',
  bool: 'b',
  date: 'd',
  timestamp: 't',
  timestamptz: 'z',
  interval: 'v',
  time: 'm',
  uuid: 'u',
  json: 'j',
  bytes: 'y',
};

export function kindOf({ type }: Column): Kind | null {
  if (type.kind === 'list') return type.of.kind === 'string' ? 'l' : type.of.kind === 'int64' ? 'k' : null;
  return KINDS[type.kind] ?? null;
}

const COMPARABLE: readonly Kind[] = ['i', 'f', 'n', 's', 'b', 'd', 't', 'z', 'v', 'm', 'u'];

const LITERALS: Readonly<Record<Kind, readonly string[]>> = {
  i: ['0', '1', '-1', '2', '10', '9223372036854775807', '1152921504606846977'],
  f: ['0.5', '1e3', '-2.5', '0.0', '1e308'],
  n: [
    'cast(1.5 as decimal(5,2))',
    'cast(-3 as decimal(10,0))',
    'cast(0.001 as decimal(12,3))',
    "cast('-123456789012345678901234567890.5' as decimal(32,1))",
  ],
  s: ["''", "'a'", "'한글'", "'A'", "'b%'", "'it''s'", "'\\'", "' '", "'10'"],
  b: ['true', 'false'],
  d: ["date '2020-02-29'", "date '1999-12-31'"],
  t: ["timestamp '2020-02-29 12:00:00'", "timestamp '1969-12-31 23:59:59'"],
  z: ["timestamptz '2020-02-29 12:00:00+00'"],
  v: ['1d', '5m', '1mon', '2h'],
  m: ["time '12:30:00'"],
  u: ["cast('123e4567-e89b-12d3-a456-426614174000' as uuid)"],
  j: ['cast(null as json)'],
  y: ['cast(null as bytes)'],
  l: ["split('a,b', ',')"],
  k: [],
};

/** Values that a row has. */
const TEMPLATES: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  i: [
    '{i} + {i}',
    '{i} - {i}',
    '{i} * {#}',
    '{i} % {i}',
    'mod({i}, {#})',
    'div({i}, {i})',
    '-({i})',
    'abs({i})',
    'sign({f})',
    'sign({i})',
    'length({s})',
    'bitand({i}, {i})',
    'bitor({i}, {i})',
    'bitxor({i}, {i})',
    'bin({i}, 10)',
    'round({i}, {#})',
    'round({i})',
    'ceil({i})',
    'coalesce({i}, {i})',
    'nullif({i}, {i})',
    'greatest({i}, {i}, {i})',
    'least({i}, {i})',
    'if({b}, {i}, {i})',
    'case when {b} then {i} when {b} then {i} else {i} end',
    'cast({f} as int64)',
    'cast({n} as int64)',
    'cast({s} as int64)',
    'cast({b} as int64)',
    'try_cast({s} as int64)',
    'year({d})',
    'quarter({t})',
    'month({z})',
    'week({d})',
    'day({t})',
    'hour({t})',
    'minute({z})',
    'second({t})',
    'extract(dow from {d})',
    'extract(isodow from {t})',
    'extract(doy from {d})',
    'extract(isoyear from {d})',
    'extract(century from {t})',
    'extract(decade from {d})',
    'extract(millisecond from {t})',
    'extract(microsecond from {t})',
    "date_diff('day', {d}, {d})",
    "date_diff('month', {t}, {t})",
    "date_diff('hour', {t}, {t})",
    "date_diff('week', {d}, {d})",
    "date_diff('year', {z}, {z})",
    "date_diff('quarter', {d}, {d})",
    '{d} - {d}',
  ],
  f: [
    '{i} / {i}',
    '{f} / {f}',
    '{f} + {f}',
    '{f} - {f}',
    '{f} * {f}',
    '{n} / {n}',
    'abs({f})',
    'ceil({f})',
    'floor({f})',
    'round({f})',
    'round({f}, {#})',
    'sqrt(abs({f}))',
    'exp({f})',
    'ln({f})',
    'log({f})',
    'pow({f}, {#})',
    'bin({f}, 0.5)',
    '{f} % {f}',
    '-({f})',
    'cast({i} as float64)',
    'cast({n} as float64)',
    'cast({s} as float64)',
    'try_cast({s} as float64)',
    'coalesce({f}, {i})',
    'nullif({f}, {f})',
    'greatest({f}, {f})',
    'least({f}, {f})',
    'if({b}, {f}, {i})',
    'extract(epoch from {t})',
    'extract(epoch from {d})',
  ],
  n: [
    '{n} + {n}',
    '{n} - {n}',
    '{n} * {n}',
    '{n} % {n}',
    '{n} + {i}',
    '-({n})',
    'abs({n})',
    'ceil({n})',
    'floor({n})',
    'round({n})',
    'round({n}, {#})',
    'cast({i} as decimal(25,3))',
    'cast({s} as decimal(20,4))',
    'cast({f} as decimal(30,2))',
    'coalesce({n}, {i})',
    'greatest({n}, {n})',
    'if({b}, {n}, {n})',
    'cast({n} as decimal(8,1))',
  ],
  s: [
    '{s} || {s}',
    'concat({s}, {s}, {s})',
    'lower({s})',
    'upper({s})',
    'reverse({s})',
    'md5({s})',
    'trim({s})',
    'ltrim({s})',
    'rtrim({s})',
    "trim({s}, 'ab ')",
    "ltrim({s}, 'a')",
    "rtrim({s}, '한 ')",
    'substr({s}, {#})',
    'substr({s}, {#}, {#})',
    'replace({s}, {s}, {s})',
    'lpad({s}, {#})',
    "lpad({s}, {#}, 'xy')",
    'rpad({s}, {#}, {s})',
    'cast({i} as string)',
    'cast({f} as string)',
    'cast({n} as string)',
    'cast({b} as string)',
    'cast({d} as string)',
    'cast({t} as string)',
    'cast({z} as string)',
    'cast({u} as string)',
    'cast({m} as string)',
    'cast({v} as string)',
    'coalesce({s}, {s})',
    'nullif({s}, {s})',
    'greatest({s}, {s}, {s})',
    'least({s}, {s})',
    'if({b}, {s}, {s})',
    'case when {b} then {s} end',
    "regexp_extract({s}, '[a-z]+')",
    "regexp_replace({s}, '[0-9]', '#')",
    "strftime({t}, '%Y-%m-%d %H:%M')",
    "strftime({d}, '%d.%m.%y')",
    "regexp_extract({s}, '(.)(.)', 2)",
  ],
  b: [
    '{x}',
    '{b} and {b}',
    '{b} or {b}',
    'not {b}',
    '{s} like {s}',
    "{s} like 'a%'",
    "{s} like '%\\_%'",
    '{s} not like {s}',
    "{s} ilike 'A%'",
    "{s} not ilike '%한%'",
    'contains({s}, {s})',
    'starts_with({s}, {s})',
    'ends_with({s}, {s})',
    "regexp_match({s}, '^[a-z0-9]*$')",
    "regexp_match({s}, 'b|한')",
    '{s} is null',
    '{i} is not null',
    '{f} is null',
    '{i} in ({#}, {i}, 7)',
    "{s} in ('a', 'A', '')",
    "{s} not in ('b', {s})",
    "{d} in (date '2020-02-29', {d})",
    'cast({s} as bool)',
    'cast({i} as bool)',
    'if({b}, {b}, {b})',
    'coalesce({b}, {b})',
  ],
  d: [
    '{d} + {#}',
    '{d} - {#}',
    "date_trunc('month', {d})",
    "date_trunc('week', {d})",
    "date_trunc('year', {d})",
    'bin({d}, 1w)',
    'bin({d}, 1mon)',
    'cast({t} as date)',
    'cast({z} as date)',
    'cast({s} as date)',
    'coalesce({d}, {d})',
    'greatest({d}, {d})',
  ],
  t: [
    '{d} + {v}',
    '{t} + {v}',
    '{t} - {v}',
    'date_add({t}, {v})',
    "date_trunc('hour', {t})",
    "date_trunc('quarter', {t})",
    "date_trunc('decade', {t})",
    'bin({t}, 5m)',
    'bin({t}, 1d)',
    'bin({t}, 1q)',
    'cast({d} as timestamp)',
    'cast({z} as timestamp)',
    'cast({s} as timestamp)',
    "at_timezone({z}, 'Asia/Seoul')",
    "at_timezone({z}, 'America/New_York')",
    // Zones with days that have no midnight, or two, or that were left out.
    "at_timezone({z}, 'America/Sao_Paulo')",
    "at_timezone({z}, 'Asia/Beirut')",
    "at_timezone({z}, 'America/Havana')",
    "at_timezone({z}, 'Pacific/Apia')",
    "at_timezone({z}, 'Etc/GMT+3')",
    'bin({t}, 2mon)',
    'bin({t}, 3y)',
    'coalesce({t}, {d})',
    'least({t}, {t})',
    "strptime({s}, '%Y-%m-%d')",
  ],
  z: [
    "at_timezone({t}, 'Europe/Berlin')",
    "at_timezone({t}, 'America/Sao_Paulo')",
    "at_timezone({t}, 'Etc/GMT-14')",
    '{z} + {v}',
    '{z} - {v}',
    "date_trunc('day', {z})",
    'bin({z}, 1h)',
    'cast({t} as timestamptz)',
    'coalesce({z}, {t})',
    'greatest({z}, {z})',
  ],
  v: ['{t} - {t}', '{z} - {z}', '{v} + {v}', '-({v})', 'coalesce({v}, {v})', 'cast({s} as interval)'],
  m: ['cast({t} as time)', 'coalesce({m}, {m})', '{m} + {v}'],
  u: ['coalesce({u}, {u})'],
  l: ["split({s}, ',')", "split({s}, 'a')", 'coalesce({l}, {l})'],
  j: ['coalesce({j}, {j})'],
};

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>=', 'is distinct from', 'is not distinct from', 'between'];

/** Values that a group has. `*` marks those that depend on the order of the rows. */
export const AGGREGATES: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  i: [
    'count()',
    'count({x1})',
    'count_if({b})',
    'dc({x1})',
    'min({i})',
    'max({i})',
    '*first({i})',
    '*last({i})',
    'any(1)',
    'count() - count({i})',
    'mode(1)',
    'quantile_disc({i}, 0.5)',
    'arg_min(id, id)',
    'dc_approx(1)',
  ],
  f: [
    'avg({i})',
    'avg({n})',
    'avg({f})',
    'sum({f})',
    'min({f})',
    'max({f})',
    'median({i})',
    'p90({i})',
    'quantile({n}, 0.25)',
    'stddev({i2})',
    'stddev_pop({i2})',
    'var({i2})',
    'var_pop({i2})',
    'corr({i2}, {n2})',
  ],
  n: ['sum({i})', 'sum({n})', 'min({n})', 'max({n})', 'sum({i2}) + 1'],
  s: [
    'min({s})',
    'max({s})',
    '*first({s})',
    '*last({s})',
    'arg_max({s}, id)',
    'earliest({s}, {t}) where id = 1',
    'latest({s}, {t}) where id = 2',
  ],
  d: ['min({d})', 'max({d})'],
  t: ['min({t})', 'max({t})', '*last({t})'],
  z: ['max({z})'],
  b: ['min({b})', 'max({b})'],
  v: ['max({v})'],
  l: ['*list({s})', 'values({s})'],
  k: ['values({i})', '*list({i})'],
};

/** Values that come from a row's place; only where the order of the rows is total. */
export const WINDOWS: readonly string[] = [
  'row_number()',
  'rank()',
  'dense_rank()',
  'ntile(3)',
  'lag({i})',
  'lead({s}, 2)',
  "lag({s}, 1, '-')",
  'first_value({i})',
  'last_value({s})',
  'sum({i})',
  'count()',
  'avg({i})',
  'min({s})',
  'max({d})',
  'first({i})',
  'last({s})',
  'list({i})',
  'count({s}) ',
];

export class Expressions {
  readonly #draw: Draw;
  readonly #columns: readonly Column[];

  constructor(draw: Draw, columns: readonly Column[]) {
    this.#draw = draw;
    this.#columns = columns;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.#draw(items.length)]!;
  }

  value(kind: Kind, depth: number): string {
    const own = this.#columns.filter((column) => kindOf(column) === kind);
    const templates = TEMPLATES[kind] ?? [];
    const choice = this.#draw(10);
    if (depth > 0 && templates.length > 0 && choice < 6)
      return `(${this.fill(this.pick(templates), depth - 1)})`;
    if (own.length > 0 && choice < 9) return this.pick(own).name;
    return LITERALS[kind].length === 0 ? 'cast(null as int64)' : this.pick(LITERALS[kind]);
  }

  /** A text with its holes filled. */
  fill(template: string, depth: number): string {
    return template.replace(/\{(.)(\d?)\}/g, (_, hole: string) => this.#hole(hole, depth));
  }

  condition(depth: number): string {
    return this.value('b', depth);
  }

  #hole(hole: string, depth: number): string {
    if (hole === '#') return String(this.#draw(6) - 1);
    if (hole !== 'x') return this.value(hole as Kind, depth); // holes are kinds
    const kind = this.pick(COMPARABLE);
    return this.comparison(kind, depth);
  }

  comparison(kind: Kind, depth: number): string {
    const operator = this.pick(COMPARISONS);
    const [a, b] = [this.value(kind, depth), this.value(kind, depth)];
    return operator === 'between'
      ? `${a} between ${b} and ${this.value(kind, depth)}`
      : `${a} ${operator} ${b}`;
  }
}
