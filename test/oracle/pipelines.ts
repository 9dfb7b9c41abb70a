/**
 * Random pipelines. Each stage is made from a few numbers and from the columns that reach it, as the compiler itself has
 * them, so that most of what is made is valid; what the compiler refuses is left out. The numbers are what shrinks.
 *
 * What no language could determine is not made: rows are taken by their place only where their order is total (the keys end
 * with a column that is unique), and values that may be rounded differently (sums of floats) are not compared or grouped by.
 */

import { QueryError } from '../../core/protocol/errors.ts';
import type { Ask, AskAnswer } from '../../core/protocol/plan.ts';
import type { Column, DatabaseColumn } from '../../core/protocol/types.ts';
import { planQuery } from '../../language/compile.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import { JUDGES_NOTHING } from '../../language/source/judged-functions.ts';
import { TEST_CONNECTIONS } from '../support/test-connections.ts';
import type { DataSet, Draw } from './data.ts';
import { AGGREGATES, Expressions, type Kind, kindOf, WINDOWS } from './expressions.ts';

export interface Pipeline {
  readonly text: string;
  /** Is the order of the answer's rows determined? */
  readonly ordered: boolean;
}

export type StageSeed = readonly number[];

/** Numbers one after the other; 0 when they are used up. */
function drawFrom(numbers: StageSeed): Draw {
  let at = 0;
  return (below) => (numbers[at++] ?? 0) % Math.max(1, below);
}

interface State {
  readonly text: string;
  readonly columns: readonly Column[];
  /** Columns that together are different in every row; null: there are none. */
  readonly key: readonly string[] | null;
  readonly ordered: boolean;
  /** Columns whose values may differ in their last digits. */
  readonly rounded: ReadonlySet<string>;
  /** Says that the names of its columns depend on the data, so that no stage can follow. */
  readonly closed?: boolean;
  /** Says that every column with moments has some that lie thousands of years apart. */
  readonly spansAges: boolean;
}

interface Made {
  readonly stage: string;
  readonly key: readonly string[] | null;
  readonly ordered: boolean;
  readonly rounded?: readonly string[];
  readonly closed?: boolean;
}

export function makePipeline(
  data: DataSet,
  described: readonly DatabaseColumn[],
  seeds: readonly StageSeed[],
): Pipeline {
  const first = drawFrom(seeds[0] ?? []);
  const bySql = first(2) === 1;
  const source = `select * from ${data.table}${bySql ? ' order by id' : ''}`;
  let state: State = {
    text: source,
    columns: columnsAfter(`${source} | head 1`, described)!,
    key: ['id'],
    ordered: bySql,
    rounded: new Set(),
    spansAges: data.spansAges === true,
  };
  for (const seed of seeds.slice(1)) state = withStage(state, seed, described);
  return { text: state.text, ordered: state.ordered };
}

function withStage(state: State, seed: StageSeed, described: readonly DatabaseColumn[]): State {
  const draw = drawFrom(seed);
  // Every maker may count on a column that it may look at.
  if (state.closed === true || exact(state).length === 0 || groupable(state).length === 0) return state;
  const made = MAKERS[draw(MAKERS.length)]!(state, draw);
  if (made === null) return state;
  const text = `${state.text} | ${made.stage}`;
  const columns = columnsAfter(text, described);
  if (columns === null || columns.length === 0) return state;
  const names = new Set(columns.map(({ name }) => name));
  const rounded = new Set([...state.rounded, ...(made.rounded ?? [])].filter((name) => names.has(name)));
  const key = made.key?.every((name) => names.has(name)) === true ? made.key : null;
  return { ...state, text, columns, key, ordered: made.ordered, rounded, closed: made.closed === true };
}

/** The tables that stand beside the rows in joins and unions. */
const SIDE = "select id, id % 3 as j1, 'x' as j2 from data where id > 2";
const SIDE_COLUMNS: readonly DatabaseColumn[] = [
  { name: 'id', type: nativeType(20) },
  { name: 'j1', type: nativeType(20) },
  { name: 'j2', type: nativeType(25) },
];

/** null: the compiler refuses it. */
function columnsAfter(text: string, described: readonly DatabaseColumn[]): readonly Column[] | null {
  const answers: Record<string, AskAnswer> = {};
  try {
    for (;;) {
      const request = {
        text,
        parameters: {},
        connection: 'main',
        dialects: TEST_CONNECTIONS,
        throughWorker: false,
        answers,
      };
      const step = planQuery({ ...request, pushdown: 'off' }, JUDGES_NOTHING);
      if (step.kind === 'plan') return step.plan.columns;
      for (const ask of step.asks) answers[ask.key] = answerTo(ask, described);
    }
  } catch (thrown) {
    if (thrown instanceof QueryError) return null;
    throw new Error(`the compiler fails at ${text}`, { cause: thrown });
  }
}

function answerTo(ask: Ask, described: readonly DatabaseColumn[]): AskAnswer {
  switch (ask.kind) {
    case 'source':
      return {
        kind: 'source',
        columns: ask.sql === SIDE ? SIDE_COLUMNS : described,
        parameterTypes: [],
      };
    case 'values':
      // Other values come when the query runs: nothing may follow that names them.
      return { kind: 'values', values: ['any'], complete: true };
    default:
      throw new Error('no SQL is made for the stage engine');
  }
}

type Maker = (state: State, draw: Draw) => Made | null;

const DEPTH = 2;

/** Columns that may be looked at. */
function exact({ columns, rounded }: State): readonly Column[] {
  return columns.filter(({ name }) => !rounded.has(name));
}

function expressions(state: State, draw: Draw): Expressions {
  return new Expressions(draw, exact(state));
}

/** The state as it is, with another stage behind it. */
function same({ key, ordered }: State, stage: string): Made {
  return { stage, key, ordered };
}

const SORTABLE: readonly (Kind | null)[] = ['i', 'n', 's', 'b', 'd', 't', 'z', 'u', 'm', 'f', 'v'];

function sortable(state: State): readonly Column[] {
  return exact(state).filter((column) => SORTABLE.includes(kindOf(column)));
}

/** Columns to group by; few of them have as many values as there are rows. */
function groupable(state: State): readonly Column[] {
  return exact(state).filter((column) => !['j', null].includes(kindOf(column)));
}

function sortKeys(state: State, draw: Draw, total: boolean): string {
  const columns = sortable(state);
  const keys = columns.length === 0 ? [] : [columns[draw(columns.length)]!.name];
  const all = total ? [...new Set([...keys, ...state.key!])] : keys;
  return all
    .map((name) => `${['', '-', '+'][draw(3)]}${name}${['', ' nulls first', ''][draw(3)]}`)
    .join(', ');
}

const evaluated: Maker = (state, draw) => {
  const make = expressions(state, draw);
  const kind = make.pick<Kind>(['i', 'f', 'n', 's', 'b', 'd', 't', 'z', 'v', 'm', 'l', 's', 'i']);
  const name = draw(3) === 0 ? make.pick(state.columns).name : `e${draw(4)}`;
  const stage = `eval ${name} = ${make.value(kind, DEPTH)}`;
  return without(state, name, stage, kind === 'f');
};

/** Sets a column; float arithmetic may differ in the last digit. */
function without(state: State, name: string, stage: string, isRounded: boolean): Made {
  const key = state.key?.includes(name) === true ? null : state.key;
  return { stage, key, ordered: state.ordered, ...(isRounded && { rounded: [name] }) };
}

function aggregates(state: State, draw: Draw, count: number): { texts: string[]; rounded: string[] } | null {
  const make = expressions(state, draw);
  const texts: string[] = [];
  const rounded: string[] = [];
  for (let index = 0; index < count; index++) {
    const kind = make.pick(Object.keys(AGGREGATES) as Kind[]);
    const template = make.pick(AGGREGATES[kind]!);
    if (template.startsWith('*') && !state.ordered) continue;
    if (/\bid\b/.test(template) && state.key?.[0] !== 'id') continue;
    const where = template.includes(' where ') || draw(4) > 0 ? '' : ` where ${make.condition(1)}`;
    const text = template.replace(/^\*/, '').replace('{x1}', () => make.pick(groupable(state)).name);
    // Small values where they are added up: else most sums overflow.
    const filled = make.fill(text.replaceAll('{i2}', '({i} % 1000)').replaceAll('{n2}', '({n} % 1000)'), 1);
    texts.push(`${filled}${where} as a${index}`.replace(/( where .*)( where .*)/, '$1$2'));
    if (kind === 'f') rounded.push(`a${index}`);
  }
  return texts.length === 0 ? null : { texts, rounded };
}

const stats: Maker = (state, draw) => {
  const found = aggregates(state, draw, 1 + draw(3));
  if (found === null) return null;
  const columns = groupable(state);
  const by = [...new Set(Array.from({ length: draw(3) }, () => columns[draw(columns.length)]!.name))];
  const stage = `stats ${found.texts.join(', ')}${by.length === 0 ? '' : ` by ${by.join(', ')}`}`;
  return { stage, key: by.length === 0 ? null : by, ordered: by.length === 0, rounded: found.rounded };
};

const eventstats: Maker = (state, draw) => {
  const found = aggregates(state, draw, 1);
  if (found === null) return null;
  const columns = groupable(state);
  const by = draw(2) === 0 ? '' : ` by ${columns[draw(columns.length)]!.name}`;
  return { ...same(state, `eventstats ${found.texts[0]}${by}`), rounded: found.rounded };
};

const streamstats: Maker = (state, draw) => {
  if (state.key === null) return null;
  const make = expressions(state, draw);
  const template = make.pick(WINDOWS);
  const filled = make.fill(template, 0);
  const columns = groupable(state);
  const window = draw(3) === 0 ? ` window=${1 + draw(3)}` : '';
  const by = draw(2) === 0 ? '' : ` by ${columns[draw(columns.length)]!.name}`;
  const stage = `streamstats ${filled} as w${window}${by} sort ${sortKeys(state, draw, true)}`;
  return { stage, key: state.key, ordered: true, ...(template.startsWith('avg') && { rounded: ['w'] }) };
};

const sort: Maker = (state, draw) => {
  const total = state.key !== null;
  const keys = sortKeys(state, draw, total);
  if (keys === '') return null;
  const count = total && draw(4) === 0 ? `${draw(6)} ` : '';
  const columns = groupable(state);
  const by = count !== '' && draw(2) === 0 ? ` by ${columns[draw(columns.length)]!.name}` : '';
  return { stage: `sort ${count}${keys}${by}`, key: state.key, ordered: total };
};

const byPlace =
  (make: (draw: Draw) => string): Maker =>
  (state, draw) =>
    state.ordered ? same(state, make(draw)) : null;

const dedup: Maker = (state, draw) => {
  const columns = groupable(state);
  const name = columns[draw(columns.length)]?.name;
  if (name === undefined || (!state.ordered && state.key === null)) return null;
  const sorted = state.key !== null && (draw(2) === 0 || !state.ordered);
  const stage = `dedup ${1 + draw(2)} ${name}${sorted ? ` sort ${sortKeys(state, draw, true)}` : ''}`;
  return { stage, key: state.key, ordered: state.ordered || sorted };
};

const frequency: Maker = (state, draw) => {
  const columns = groupable(state).filter((column) => SORTABLE.includes(kindOf(column)));
  if (columns.length < 2) return null;
  const [a, b] = [columns[draw(columns.length)]!.name, columns[draw(columns.length)]!.name];
  const by = draw(2) === 0 || a === b ? '' : ` by ${b}`;
  const stage = `${['top', 'rare'][draw(2)]} ${1 + draw(3)} ${a}${by}`;
  return { stage, key: by === '' ? [a] : [b, a], ordered: true };
};

const unpivot: Maker = (state, draw) => {
  const columns = exact(state);
  const first = columns[draw(columns.length)]!;
  const alike = columns.filter((column) => kindOf(column) === kindOf(first) && column !== first);
  const second = alike[draw(alike.length)];
  const names = [first.name, ...(second === undefined ? [] : [second.name])];
  return { stage: `unpivot ${names.join(', ')} as (what, val)`, key: null, ordered: state.ordered };
};

const explode: Maker = (state, draw) => {
  const columns = exact(state).filter((column) => ['l', 'k', 's'].includes(kindOf(column) ?? ''));
  const column = columns[draw(columns.length)];
  if (column === undefined) return null;
  const separator = kindOf(column) === 's' ? ` sep '${[',', 'a', ' '][draw(3)]}'` : '';
  return { stage: `explode ${column.name}${separator}`, key: null, ordered: state.ordered };
};

const pivot: Maker = (state, draw) => {
  const found = aggregates(state, draw, 1);
  const columns = exact(state).filter((column) => kindOf(column) === 's' || kindOf(column) === 'i');
  if (found === null || columns.length === 0) return null;
  const column = columns[draw(columns.length)]!;
  const values =
    kindOf(column) === 's' ? "'a' as p1, '한글' as p2, null as p3" : '1 as p1, 0 as p2, null as p3';
  const rows = groupable(state);
  const by = rows[draw(rows.length)]!.name;
  const suffixed = ['p1_a0', 'p2_a0', 'p3_a0'];
  return {
    stage: `pivot ${found.texts[0]} splitrow ${by} splitcol ${column.name} in (${values})`,
    key: [by],
    ordered: false,
    rounded: found.rounded.length === 0 ? [] : suffixed,
  };
};

/** A column whose values become columns; of texts, what is the same in upper and lower case would be two columns of one name. */
const pivotFound: Maker = (state, draw) => {
  const found = aggregates(state, draw, 1);
  const columns = exact(state).filter((column) => 'isbndtzmuf'.includes(kindOf(column) ?? '-'));
  if (found === null || columns.length === 0) return null;
  const column = columns[draw(columns.length)]!;
  const value = kindOf(column) === 's' && draw(2) === 0 ? `lower(${column.name})` : column.name;
  const rows = groupable(state);
  const by = draw(3) === 0 ? '' : ` splitrow ${rows[draw(rows.length)]!.name}`;
  const text = found.texts[0]!.replace(/ as a0$/, '');
  // The rows of floats that may differ in their last digits are told apart by their types.
  return { stage: `pivot ${text}${by} splitcol ${value}`, key: null, ordered: by === '', closed: true };
};

/** Aggregates that every engine has, so that stages around them are what is tried. */
function plainAggregates(state: State, draw: Draw): { texts: string[]; rounded: string[] } {
  const columns = exact(state).filter((column) => 'isdtzn'.includes(kindOf(column) ?? '-'));
  const texts = ['count() as a0'];
  if (columns.length > 0) {
    const column = columns[draw(columns.length)]!;
    texts.push(`${['max', 'min', 'dc', 'count'][draw(4)]}(${column.name}) as a1`);
  }
  return { texts, rounded: [] };
}

const SPANS = '1d 1w 1mon 6h 90m 2d 1q 1y 2mon 5y 40y'.split(' ');

/** Moments in and around that winter, and far from it, with and without a time of day. */
const BOUNDS =
  "'2001-01-01' '2000-11-15' '2001-02-28' '2001-03-25' '1999-12-31' '2000-12-31' '2030-06-01' '0001-01-01' '9999-12-31'".split(
    ' ',
  );

/** Buckets over thousands of years must be long, or lie between two bounds: a hundred thousand of them are no answer to compare. */
const AGE_SPANS = '40y 100y 250y 400y'.split(' ');
const YEAR_SPANS = '1d 1w 1mon 6h 2d 1q 1y 2mon 5y'.split(' ');
const YEAR_ENDS = "'2020-02-29' '2020-12-31' '2021-01-01' '2021-06-16'".split(' ');

function boundedBuckets(draw: Draw): string {
  if (draw(2) === 0)
    return `${YEAR_SPANS[draw(YEAR_SPANS.length)]} from='2019-12-31' to=${YEAR_ENDS[draw(YEAR_ENDS.length)]}`;
  return `${AGE_SPANS[draw(AGE_SPANS.length)]}${someBounds(draw)}`;
}

function someBounds(draw: Draw): string {
  return ['from', 'to']
    .map((option) => (draw(3) === 0 ? ` ${option}=${BOUNDS[draw(BOUNDS.length)]}` : ''))
    .join('');
}

const timechart: Maker = (state, draw) => {
  const moments = exact(state).filter((column) => 'dtz'.includes(kindOf(column) ?? '-'));
  // Spans that suit one winter, rather than ten thousand years.
  const near = moments.filter(({ name }) => name.endsWith('n'));
  const from = near.length > 0 && draw(4) > 0 ? near : moments;
  const found = draw(3) === 0 ? aggregates(state, draw, 1 + draw(2)) : plainAggregates(state, draw);
  if (found === null || from.length === 0) return null;
  const time = from[draw(from.length)]!;
  const groups = groupable(state).filter(({ name }) => name !== time.name);
  const by = draw(3) > 0 && groups.length > 0 ? groups[draw(groups.length)]!.name : null;
  const span = SPANS[draw(SPANS.length)];
  const limit = by !== null && draw(2) === 0 ? ` limit=${draw(4)}` : '';
  const fill = draw(4) === 0 ? ` fill=${draw(2)}` : '';
  const buckets = state.spansAges ? boundedBuckets(draw) : `${span}${someBounds(draw)}`;
  const [spanned, ...bounds] = buckets.split(' ');
  return {
    stage:
      [
        `timechart ${time.name} span=${spanned} ${found.texts.join(', ')}${by === null ? '' : ` by ${by}`}`,
        ...bounds,
      ].join(' ') +
      limit +
      fill,
    key: [time.name, ...(by === null ? [] : [by])],
    ordered: true,
    rounded: found.rounded,
  };
};

/** Other columns of the same rows, found by any column; without `dedup`, most keys are there twice. */
const lookup: Maker = (state, draw) => {
  const key = groupable(state)[draw(groupable(state).length)]!;
  if (draw(3) === 0) {
    const stage = `lookup (${SIDE}) id${key.name === 'id' ? '' : ` as ${key.name}`} output j1 as l${draw(3)}, j2 as l3`;
    return same(state, stage);
  }
  const dedup = draw(6) === 0 ? '' : `dropna ${key.name} | dedup ${key.name} sort id | `;
  const source = `select * from data | ${dedup}fields ${key.name}, id, ${['t', 'i8', 'n', 'd', 'a', 'f8'][draw(6)]} as other | rename id as found`;
  return same(
    state,
    `lookup (${source.replace(/, (\w+) as other \| rename/, ', $1 | rename $1 as other,')}) ${key.name}`,
  );
};

const join: Maker = (state, draw) => {
  if (state.key?.join() !== 'id') return null;
  const kind = ['inner', 'left', 'right', 'full', 'semi', 'anti'][draw(6)]!;
  const on = draw(3) === 0 ? `as s on id = s.id and ${expressions(state, draw).condition(1)}` : 'on id';
  const keeps = kind !== 'right' && kind !== 'full';
  const key = keeps && on === 'on id' ? state.key : null;
  return { stage: `join ${kind} (${SIDE}) ${on}`, key, ordered: keeps && state.ordered };
};

const union: Maker = (state, draw) => {
  if (state.rounded.size > 0) return null;
  const stages = draw(2) === 0 ? '' : ' | where j1 > 0';
  return { stage: `union ${draw(3) === 0 ? 'distinct ' : ''}(${SIDE}${stages})`, key: null, ordered: false };
};

const MAKERS: readonly Maker[] = [
  join,
  join,
  union,
  (state, draw) => same(state, `where ${expressions(state, draw).condition(DEPTH)}`),
  (state, draw) =>
    same(
      state,
      `where ${expressions(state, draw).condition(1)} and ${expressions(state, draw).condition(1)}`,
    ),
  (state, draw) =>
    same(
      state,
      `where ${new Expressions(draw, exact(state)).comparison((['i', 's', 'f', 'n', 'd', 't'] as const)[draw(6)]!, 0)}`,
    ),
  evaluated,
  evaluated,
  evaluated,
  (state, draw) => {
    const make = expressions(state, draw);
    const kind = make.pick<Kind>(['i', 's', 'n', 'd']);
    return without(
      state,
      'e1',
      `case when ${make.condition(1)} then ${make.value(kind, 1)} otherwise ${make.value(kind, 1)} as e1`,
      false,
    );
  },
  (state, draw) => {
    const count = 1 + draw(state.columns.length);
    const names = [
      ...new Set(Array.from({ length: count }, () => state.columns[draw(state.columns.length)]!.name)),
    ];
    return same(state, draw(3) === 0 ? `fields - ${names[0]}` : `fields ${names.join(', ')}`);
  },
  (state, draw) => {
    const { name } = state.columns[draw(state.columns.length)]!;
    const to = `r${draw(3)}`;
    if (state.columns.some((column) => column.name === to)) return null;
    const key = state.key?.map((part) => (part === name ? to : part)) ?? null;
    return {
      stage: `rename ${name} as ${to}`,
      key,
      ordered: state.ordered,
      rounded: state.rounded.has(name) ? [to] : [],
    };
  },
  (state, draw) => {
    const columns = exact(state);
    const { name } = columns[draw(columns.length)]!;
    const type = ['string', 'int64', 'float64', 'date', 'timestamp', 'bool', 'decimal(20,4)'][draw(7)]!;
    return without(state, name, `cast ${name} as ${type}`, type === 'float64');
  },
  stats,
  stats,
  stats,
  eventstats,
  streamstats,
  streamstats,
  sort,
  sort,
  byPlace((draw) => `head ${draw(12)}`),
  byPlace((draw) => `tail ${draw(6)}`),
  dedup,
  (state) =>
    state.columns.some((column) => ['j', null].includes(kindOf(column)) || state.rounded.has(column.name))
      ? null
      : same(state, 'distinct'),
  frequency,
  (state, draw) =>
    state.key?.length === 1
      ? { ...same(state, `top ${1 + draw(4)} by ${state.key[0]}`), ordered: true }
      : null,
  (state, draw) => same(state, `dropna ${state.columns[draw(state.columns.length)]!.name}`),
  (state, draw) => {
    const columns = exact(state);
    const column = columns[draw(columns.length)]!;
    const kind = kindOf(column);
    if (kind === null) return null;
    return without(
      state,
      column.name,
      `fillna ${column.name} = ${expressions(state, draw).value(kind, 1)}`,
      kind === 'f',
    );
  },
  (state, draw) => {
    if (state.key === null) return null;
    const filled = Array.from({ length: 1 + draw(2) }, () => state.columns[draw(state.columns.length)]!.name);
    const columns = groupable(state);
    const by = draw(2) === 0 ? '' : ` by ${columns[draw(columns.length)]!.name}`;
    const names = [...new Set(filled)];
    const stage = `filldown ${names.join(', ')}${by} sort ${sortKeys(state, draw, true)}`;
    const kept = names.every((name) => !state.key!.includes(name));
    return { stage, key: kept ? state.key : null, ordered: true };
  },
  unpivot,
  explode,
  pivot,
  pivotFound,
  timechart,
  timechart,
  lookup,
  (state) => ({ stage: 'describe', key: ['column'], ordered: state.columns.length > 0 }),
  (state, draw) => same(state, `assert ${expressions(state, draw).condition(1)} or true`),
  (state, draw) => (draw(3) === 0 ? same(state, `assert ${expressions(state, draw).condition(1)}`) : null),
  (state) =>
    state.rounded.size === 0 ? { stage: 'summary', key: ['column'], ordered: true, rounded: ['mean'] } : null,
];
