/**
 * Stages as anyone would first write them: plain JavaScript, each from rows as objects to rows as objects. Only what
 * the benchmark's queries use: `where a > 1 and b < 2`, `eval n = c / 10, ...`, `rename a as b`, `fields a, b`,
 * `stats f(c) as n, ... by g, ...`, `sort -c, ...`, `head n`.
 */
export type Row = Record<string, unknown>;

export function runStage(rows: Row[], stage: string): Row[] {
  const [, name, rest] = /^(\w+)\s*([\s\S]*)$/.exec(stage.trim()) ?? [];
  switch (name) {
    case 'where':
      return rows.filter(condition(rest!));
    case 'eval':
      return evaluate(rows, rest!);
    case 'rename':
      return rename(rows, rest!);
    case 'fields': {
      const names = rest!.split(/,\s*/);
      return rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
    }
    case 'stats':
      return stats(rows, rest!);
    case 'sort':
      return sort(rows, rest!);
    case 'head':
      return rows.slice(0, Number(rest));
    default:
      throw new Error(`unknown stage ${name}`);
  }
}

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};

function condition(text: string): (row: Row) => boolean {
  const tests = text.split(/\s+and\s+/).map((part) => {
    const [, column, operator, number] = /^(\w+)\s*(>=|<=|>|<)\s*(-?[\d.]+)$/.exec(part.trim()) ?? [];
    if (column === undefined) throw new Error(`cannot read the condition ${part}`);
    const compare = COMPARE[operator!]!;
    const value = Number(number);
    return (row: Row) => row[column] !== null && compare(Number(row[column]), value);
  });
  return (row) => tests.every((test) => test(row));
}

const COMPUTE: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

function evaluate(rows: Row[], text: string): Row[] {
  const assignments = text.split(/,\s*/).map((part) => {
    const [, name, column, operator, number] =
      /^(\w+)\s*=\s*(\w+)\s*([-+*/])\s*([\d.]+)$/.exec(part.trim()) ?? [];
    if (name === undefined) throw new Error(`cannot read the assignment ${part}`);
    return { name, column: column!, compute: COMPUTE[operator!]!, value: Number(number) };
  });
  return rows.map((row) => {
    const extended = { ...row };
    for (const { name, column, compute, value } of assignments) {
      extended[name] = row[column] === null ? null : compute(Number(row[column]), value);
    }
    return extended;
  });
}

function rename(rows: Row[], text: string): Row[] {
  const [, from, to] = /^(\w+)\s+as\s+(\w+)$/.exec(text.trim()) ?? [];
  if (from === undefined || to === undefined) throw new Error(`cannot read the renaming ${text}`);
  return rows.map(({ [from]: value, ...others }) => ({ ...others, [to]: value }));
}

interface Aggregate {
  readonly name: string;
  start(): Accumulator;
}
interface Accumulator {
  add(row: Row): void;
  result(): unknown;
}

function stats(rows: Row[], text: string): Row[] {
  const [list, by] = text.split(/\s+by\s+/);
  const aggregates = list!.split(/,\s*/).map(aggregate);
  const keys = by === undefined ? [] : by.split(/,\s*/).map((key) => key.trim());
  const groups = new Map<string, { row: Row; accumulators: Accumulator[] }>();
  for (const row of rows) {
    const key = keys.map((name) => row[name]).join('\u0000');
    let group = groups.get(key);
    if (group === undefined) {
      group = { row, accumulators: aggregates.map(({ start }) => start()) };
      groups.set(key, group);
    }
    for (const accumulator of group.accumulators) accumulator.add(row);
  }
  return [...groups.values()].map(({ row, accumulators }) => ({
    ...Object.fromEntries(keys.map((name) => [name, row[name]])),
    ...Object.fromEntries(aggregates.map(({ name }, i) => [name, accumulators[i]!.result()])),
  }));
}

function aggregate(text: string): Aggregate {
  const [, kind, column, name] = /^(\w+)\((\w*)\)\s+as\s+(\w+)$/.exec(text.trim()) ?? [];
  if (name === undefined) throw new Error(`cannot read the aggregate ${text}`);
  return { name, start: () => accumulator(kind!, column!) };
}

function accumulator(kind: string, column: string): Accumulator {
  let count = 0;
  let sum = 0;
  let best: unknown = null;
  const seen = new Set<unknown>();
  switch (kind) {
    case 'count':
      return { add: () => count++, result: () => count };
    case 'avg':
      return {
        add: (row) => {
          if (row[column] === null) return;
          count++;
          sum += Number(row[column]);
        },
        result: () => (count === 0 ? null : sum / count),
      };
    case 'max':
    case 'min': {
      const better = kind === 'max' ? 1 : -1;
      return {
        add: (row) => {
          const value = row[column] as number;
          if (value !== null && (best === null || Math.sign(value - (best as number)) === better))
            best = value;
        },
        result: () => best,
      };
    }
    case 'dc':
      return { add: (row) => seen.add(row[column]), result: () => seen.size };
    default:
      throw new Error(`unknown aggregate ${kind}`);
  }
}

function sort(rows: Row[], text: string): Row[] {
  const keys = text.split(/,\s*/).map((key) => {
    const descending = key.trim().startsWith('-');
    return { column: key.trim().replace(/^[-+]/, ''), sign: descending ? -1 : 1 };
  });
  return rows.toSorted((a, b) => {
    for (const { column, sign } of keys) {
      const left = a[column] as number | string;
      const right = b[column] as number | string;
      if (left < right) return -sign;
      if (left > right) return sign;
    }
    return 0;
  });
}
