/** Aggregates that count values or pick one of them. */
import { byCodePoint, withUsualCollation } from '../dialects/postgres/sql.ts';
import { type ExprType, INT64 } from '../types/rules.ts';
import type { AggregateText, Emitter, Typed } from '../types/typed.ts';
import { aggregate, call, everywhere, keep, ORDERED, ordered, UNORDERED } from './aggregate-calls.ts';
import { unsignedZero } from './aggregate-numbers.ts';
import {
  columnTypeOf,
  emittersOf,
  type FunctionDefinition,
  type Overload,
  overloads,
} from './kit/function.ts';

/**
 * first and last. As window functions they take no FILTER: there the rows that count carry their value in a struct,
 * so that a null that counts differs from a row that does not.
 */
export function edge(name: 'first' | 'last'): Overload {
  return {
    takes: ['any'],
    returns: keep,
    aggregate: ORDERED,
    duckdb: ([a], text) =>
      text.over === '' || text.condition === null
        ? call(name, a!, text)
        : `struct_extract(${name}(CASE WHEN ${text.condition} THEN struct_pack(v := ${a}) END IGNORE NULLS)${text.over}, 'v')`,
    postgresFor: ([a]) => (a!.type.kind === 'list' ? null : edgeOfArray(name)),
    postgresOver: ([a], text) =>
      text.condition === null ? `${name}_value(${a})${text.over}` : edgeOfArray(name)([a!], text),
  };
}

/** min and max; text by code point. */
export function extreme(name: 'min' | 'max', summary: string, example: FunctionDefinition['example']) {
  const plain: Emitter = ([a], text) => call(name, a!, text);
  const resolve = overloads({ takes: ['any'], returns: keep, aggregate: UNORDERED, duckdb: plain });
  return ordered({
    ...aggregate(name, 'x', summary, example, []),
    resolve(site) {
      const typed = resolve(site);
      if (typed.kind !== 'call') return typed;
      const postgres = extremeInPostgres(name, plain, typed.type);
      const duckdb = typed.type.kind === 'float64' ? unsignedZero(plain) : plain;
      return { ...typed, emitters: emittersOf(duckdb, postgres, postgres) };
    },
  });
}

/** It has none of bytes and uuids; of equal intervals (1 day, 24 hours) each takes another. */
export function extremeInPostgres(name: 'min' | 'max', plain: Emitter, type: ExprType): Emitter | null {
  switch (type.kind) {
    case 'float64':
      return unsignedZero(plain);
    case 'string':
      return ([a], text) => withUsualCollation(`(${call(name, byCodePoint(a!), text)})`);
    case 'bool':
      return ([a], text) => call(name === 'min' ? 'bool_and' : 'bool_or', a!, text);
    case 'int64':
    case 'decimal':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return plain;
    default:
      return null;
  }
}

export const listOf = (args: readonly Typed[]): ExprType => ({ kind: 'list', of: columnTypeOf(args[0]!) });

export const countRows: Overload = {
  takes: [],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: (_, text) => countInEngine(text),
  ...everywhere((_, text) => call('count', '*', text)),
};

/** The engine's `count(*) FILTER (...) OVER (...)` takes time with the square of the rows: 1.5.5, minutes for 500,000. */
function countInEngine(text: AggregateText): string {
  if (text.condition === null || text.over === '') return call('count', '*', text);
  return `count(CASE WHEN ${text.condition} THEN 1 END)${text.over}`;
}

export function countWhere([a]: readonly string[], text: AggregateText): string {
  return call('count', `CASE WHEN ${a} THEN 1 END`, text);
}

export const countTrue: Overload = {
  takes: ['bool'],
  returns: INT64,
  aggregate: UNORDERED,
  // The engine's own count_if is null where all are null.
  ...everywhere(countWhere),
  duckdb: countWhere,
};
export const countDistinct: Overload = {
  takes: ['any'],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: ([a], text) => call('count', `DISTINCT ${a}`, text),
  // PostgreSQL has no DISTINCT with an OVER.
  postgresFor: ([a]) => (hasEquality(a!) ? ([x], text) => call('count', `DISTINCT ${x}`, text) : null),
};

/** json has none in PostgreSQL. */
export function hasEquality({ type }: Typed): boolean {
  return type.kind !== 'json' && type.kind !== 'list';
}

/** An array of all values: PostgreSQL has no aggregate for the first, and skips no rows in `first_value`. */
export function edgeOfArray(name: 'first' | 'last'): Emitter {
  return ([a], text) => {
    const all = call('array_agg', a!, text);
    return name === 'first' ? `(${all})[1]` : `(${all})[count(*)${text.filter}${text.over}]`;
  };
}

export const distinctValues: Overload = {
  takes: ['any'],
  returns: listOf,
  aggregate: UNORDERED,
  duckdb: ([a], text) => `list_sort(list_distinct(${call('list', `DISTINCT ${a}`, text)}))`,
};
