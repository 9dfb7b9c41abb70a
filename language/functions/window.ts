/**
 * Window functions, for `streamstats`: values that come from a row's place in its group, in the order of its `sort`.
 * Rows that are equal there keep the order that they had, but `rank` and `dense_rank` count them as equal. A `window=n`
 * does not change them.
 */

import { INT64 } from '../types/rules.ts';
import type { Emitter, Typed, WindowKind } from '../types/typed.ts';
import { unify } from './kit/coerce.ts';
import {
  type CallSite,
  callError,
  emittersOf,
  type FunctionDefinition,
  mixedTypes,
  type Overload,
  overloads,
  typedCall,
} from './kit/function.ts';

function windowed(
  name: string,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  resolve: FunctionDefinition['resolve'],
): FunctionDefinition {
  return { name, syntax: `${name}(${args})`, summary, example, aggregate: true, window: true, resolve };
}

function row(
  name: string,
  takes: Overload['takes'],
  returns: Overload['returns'],
  window: WindowKind,
): Overload {
  return {
    takes,
    returns,
    aggregate: { ordered: true, window },
    ...overBoth(name, returns === INT64),
  };
}

/** There is always an OVER. PostgreSQL counts in int8, but in int4 for ntile. */
function overBoth(name: string, whole: boolean): Pick<Overload, 'duckdb' | 'postgres' | 'postgresOver'> {
  const emit: Emitter = (args, { over }) => `${name}(${args.join(', ')})${over}`;
  const postgres: Emitter = whole ? (args, text) => `CAST(${emit(args, text)} AS int8)` : emit;
  return { duckdb: emit, postgres, postgresOver: postgres };
}

const keep: Overload['returns'] = (args) => args[0]!.type;

/** The whole number written as argument `index`. */
function countAt(site: CallSite, index: number, least: number, what: string): string {
  const arg = site.args[index]!;
  if (arg.kind === 'literal' && arg.type.kind === 'int64' && Number(arg.value) >= least)
    return String(arg.value);
  throw callError(
    site,
    'wrong-arguments',
    `${what} of \`${site.name}\` is a whole number, ${least} or more, written out`,
    `write \`${site.syntax}\` with a number like ${least + 1}`,
    arg.span,
  );
}

function ntile(site: CallSite): Typed {
  overloads({ takes: ['any'], returns: INT64, duckdb: ([a]) => a! })(site);
  const count = countAt(site, 0, 1, 'the number of parts');
  const emit: Emitter = (_, { over }) => `ntile(${count})${over}`;
  const counted: Emitter = (args, text) => `CAST(${emit(args, text)} AS int8)`;
  const emitters = emittersOf(emit, counted, counted);
  return typedCall(site, INT64, [], emitters, { ordered: true, window: 'place' });
}

/** lag and lead: the value so many rows away; outside of the group the default, else null. */
function away(site: CallSite): Typed {
  const { args } = site;
  const takes: readonly Overload['takes'][] = [['any'], ['any', 'any'], ['any', 'any', 'any']];
  overloads(...takes.map((row): Overload => ({ takes: row, returns: INT64, duckdb: ([a]) => a! })))(site);
  const count = args.length > 1 ? countAt(site, 1, 0, 'the distance') : '1';
  const values = args.length > 2 ? [args[0]!, args[2]!] : [args[0]!];
  const unified = unify(values, (at, sofar) => mixedTypes({ ...site, args: values }, at, sofar));
  const emit: Emitter = ([value, otherwise], { over }) =>
    `${site.name}(${value}, ${count}${otherwise === undefined ? '' : `, ${otherwise}`})${over}`;
  const emitters = emittersOf(emit, emit, emit);
  return typedCall(site, unified.type, unified.args, emitters, { ordered: true, window: 'place' });
}

export const functions: readonly FunctionDefinition[] = [
  windowed(
    'row_number',
    '',
    'Number of the row in its group, from 1.',
    ['row_number()', 1],
    overloads(row('row_number', [], INT64, 'place')),
  ),
  windowed(
    'rank',
    '',
    'Place of the row in its group, from 1; equal rows have the same, and the next ones are left out.',
    ['rank()', 1],
    overloads(row('rank', [], INT64, 'peers')),
  ),
  windowed(
    'dense_rank',
    '',
    'The same without leaving any out.',
    ['dense_rank()', 1],
    overloads(row('dense_rank', [], INT64, 'peers')),
  ),
  windowed('ntile', 'n', 'Which of n parts of nearly the same size the row is in.', ['ntile(2)', 1], ntile),
  windowed(
    'lag',
    'x[, n = 1[, default]]',
    'x of the row n before it; default or null where the group has none.',
    ['lag(x, 1, 0)', 0],
    away,
  ),
  windowed('lead', 'x[, n = 1[, default]]', 'x of the row n after it.', ['lead(x)', 2], away),
  windowed(
    'first_value',
    'x',
    'x of the first row of the whole group, null or not.',
    ['first_value(x)', 1],
    overloads(row('first_value', ['any'], keep, 'group')),
  ),
  windowed(
    'last_value',
    'x',
    'x of the last row of the whole group, null or not.',
    ['last_value(x)', 4],
    overloads(row('last_value', ['any'], keep, 'group')),
  ),
];
