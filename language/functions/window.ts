/**
 * Window functions, for `streamstats`: values that come from a row's place in its group, in the order of its `sort`.
 * Rows that are equal there keep the order that they had, but `rank` and `dense_rank` count them as equal. A `window=n`
 * does not change them.
 */

import type { FunctionKey } from '../types/function-keys.ts';
import { INT64 } from '../types/rules.ts';
import type { AggregateKind, Typed, WindowKind } from '../types/typed.ts';
import { unify } from './kit/coerce.ts';
import { type CallSite, callError, type FunctionDefinition, mixedTypes, typedCall } from './kit/function.ts';
import { acceptedArgs, type Overload, overloads, type Signature } from './kit/overloads.ts';

function windowed(
  name: string,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  resolve: FunctionDefinition['resolve'],
): FunctionDefinition {
  return {
    name,
    syntax: `${name}(${args})`,
    summary,
    example,
    aggregate: true,
    window: true,
    raises: 'never',
    resolve,
  };
}

function row(
  key: FunctionKey,
  takes: Overload['takes'],
  returns: Overload['returns'],
  window: WindowKind,
): Overload {
  return { key, takes, returns, aggregate: { ordered: true, window } };
}

const PLACE: AggregateKind = { ordered: true, window: 'place' };

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
  acceptedArgs(site, { takes: ['any'] });
  const count = countAt(site, 0, 1, 'the number of parts');
  return typedCall(site, 'ntile', INT64, [], { constants: [count], aggregate: PLACE });
}

/** lag and lead: the value so many rows away; outside of the group the default, else null. */
function away(site: CallSite): Typed {
  const { args } = site;
  const takes: readonly Signature['takes'][] = [['any'], ['any', 'any'], ['any', 'any', 'any']];
  acceptedArgs(site, ...takes.map((row): Signature => ({ takes: row })));
  const count = args.length > 1 ? countAt(site, 1, 0, 'the distance') : '1';
  const values = args.length > 2 ? [args[0]!, args[2]!] : [args[0]!];
  const unified = unify(values, (at, sofar) => mixedTypes({ ...site, args: values }, at, sofar));
  const key = site.name === 'lead' ? 'lead' : 'lag';
  return typedCall(site, key, unified.type, unified.args, { constants: [count], aggregate: PLACE });
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
