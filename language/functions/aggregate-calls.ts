/** The parts that definitions of aggregates are made of. */
import type { FunctionKey } from '../types/function-keys.ts';
import type { ExprType } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import {
  type CallSite,
  callError,
  columnTypeOf,
  describeArgument,
  type FunctionDefinition,
} from './kit/function.ts';
import { type Overload, overloads } from './kit/overloads.ts';

export const UNORDERED = { ordered: false };
export const ORDERED = { ordered: true };

export function row(
  key: FunctionKey,
  takes: Overload['takes'],
  returns: Overload['returns'],
  aggregate = UNORDERED,
): Overload {
  return { key, takes, returns, aggregate };
}

export const keep = (args: readonly Typed[]): ExprType => args[0]!.type;

export const listOf = (args: readonly Typed[]): ExprType => ({ kind: 'list', of: columnTypeOf(args[0]!) });

export function aggregate(
  name: string,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  rows: readonly Overload[],
  aliases: readonly string[] = [],
): FunctionDefinition {
  return {
    name,
    aliases,
    syntax: `${name}(${args})`,
    summary,
    example,
    aggregate: true,
    resolve: overloads(...rows),
  };
}

/** Marks an aggregate as one that never fails. */
export function never(definition: FunctionDefinition): FunctionDefinition {
  return { ...definition, raises: 'never' };
}

/** Restricts an aggregate to arguments that have an order: throws for json and lists. */
export function ordered(definition: FunctionDefinition, argument = 0): FunctionDefinition {
  const resolve = (site: CallSite): Typed => {
    const arg = site.args[argument];
    if (arg !== undefined && (arg.type.kind === 'json' || arg.type.kind === 'list'))
      throw callError(
        site,
        'wrong-type',
        `\`${site.name}\` wants values that have an order, but ${describeArgument(site, arg)}`,
        `cast it: \`cast(${site.textOf(arg.span)} as string)\``,
        arg.span,
      );
    return definition.resolve(site);
  };
  return { ...definition, resolve };
}
