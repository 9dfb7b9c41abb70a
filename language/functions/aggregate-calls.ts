/** What definitions of aggregates are made of: overloads, and the SQL of a call with its order, filter and window. */
import type { ExprType } from '../types/rules.ts';
import type { AggregateText, Emitter, Typed } from '../types/typed.ts';
import {
  type CallSite,
  callError,
  describeArgument,
  type FunctionDefinition,
  type Overload,
  overloads,
} from './kit/function.ts';

export const UNORDERED = { ordered: false };
export const ORDERED = { ordered: true };

/** `f(inside) FILTER (...) OVER (...)` */
export function call(name: string, inside: string, { order, filter, over }: AggregateText): string {
  return `${name}(${inside}${order})${filter}${over}`;
}

export function row(
  takes: Overload['takes'],
  returns: Overload['returns'],
  name: string,
  inPostgres: Partial<Overload> = {},
  aggregate = UNORDERED,
): Overload {
  return {
    takes,
    returns,
    aggregate,
    duckdb: (args, text) => call(name, args.join(', '), text),
    ...inPostgres,
  };
}

/** The same in PostgreSQL for a group and on every row. */
export function everywhere(emit: Emitter): Pick<Overload, 'postgres' | 'postgresOver'> {
  return { postgres: emit, postgresOver: emit };
}

/** An ordered-set aggregate: it has no OVER, so it is exact for a group alone. */
export function withinGroup(name: string, q: string): Emitter {
  return ([a], { filter }) => `${name}(${q}) WITHIN GROUP (ORDER BY ${a})${filter}`;
}

export const keep = (args: readonly Typed[]): ExprType => args[0]!.type;

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

/** Like `aggregate`, for values that have an order. */
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
