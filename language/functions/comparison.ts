/** Comparisons, logic and tests for null, with SQL's three values. `x = null` is refused: it is never true. */
import { onceInDuckdb } from '../dialects/bind-once.ts';
import { byCodePoint } from '../dialects/postgres/sql.ts';
import { BOOL, commonType, type ExprType } from '../types/rules.ts';
import { type Emitter, type Typed, valueType } from '../types/typed.ts';
import { coerce, takesText, unify } from './kit/coerce.ts';
import {
  both,
  type CallSite,
  callError,
  describeArgument,
  emittersOf,
  type FunctionDefinition,
  mixedTypes,
  overloads,
  typedCall,
} from './kit/function.ts';

const ORDERED = new Set(['<', '<=', '>', '>=', 'between', 'not between']);

/** Text is ordered by code point, whatever the database's collation; equality is that of the column, so that indexes serve. */
function inPostgres(emit: Emitter, name: string, type: ExprType): Emitter {
  if (type.kind !== 'string' || !ORDERED.has(name)) return emit;
  return (args, text) => emit(args.map(byCodePoint), text);
}

function comparing(call: CallSite, emit: Emitter): Typed {
  const args = comparable(call);
  const postgres = inPostgres(emit, call.name, args[0]!.type);
  return typedCall(call, BOOL, args, emittersOf(emit, exactlyCompared(args[0]!.type) ? postgres : null));
}

/** Elements of lists are compared with their own collation and with null as a value: not the same in both. */
function exactlyCompared(type: ExprType): boolean {
  return type.kind !== 'list';
}

/** All arguments as their common type, which must be comparable. */
function comparable(call: CallSite): readonly Typed[] {
  const { args, type } = unify(call.args, (at, sofar) => mixedTypes(call, at, sofar));
  const wrong = args.find(
    (arg) => arg.type.kind === 'json' || (arg.type.kind === 'list' && ORDERED.has(call.name)),
  );
  if (wrong !== undefined)
    throw callError(
      call,
      'wrong-type',
      `${type.kind === 'json' ? 'json is not compared' : 'lists have no order'}: ${describeArgument(call, wrong)}`,
      `compare its text: \`cast(${call.textOf(wrong.span)} as string)\``,
      wrong.span,
    );
  return args;
}

function refuseNull(call: CallSite): void {
  const index = call.args.findIndex((arg) => arg.kind === 'literal' && arg.value === null);
  if (index === -1) return;
  const other = call.textOf(call.args[index === 0 ? 1 : 0]!.span);
  const test = call.name === '<>' ? 'is not null' : 'is null';
  throw callError(call, 'wrong-type', `\`${call.name} null\` is never true`, `write \`${other} ${test}\``);
}

function comparison(
  name: string,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return {
    name,
    syntax: `a ${name} b`,
    summary,
    example,
    resolve(call) {
      refuseNull(call);
      return comparing(call, ([a, b]) => `(${a} ${name} ${b})`);
    },
  };
}

function sameTyped(
  name: string,
  syntax: string,
  summary: string,
  example: FunctionDefinition['example'],
  emit: Emitter,
) {
  const resolve = (call: CallSite): Typed => comparing(call, emit);
  return { name, syntax, summary, example, resolve } satisfies FunctionDefinition;
}

function logic(name: 'and' | 'or', example: FunctionDefinition['example']): FunctionDefinition {
  return {
    name,
    syntax: `a ${name} b`,
    summary: name === 'and' ? 'True when all are.' : 'True when one is.',
    example,
    resolve: overloads({
      takes: ['bool', 'bool'],
      rest: 'bool',
      returns: BOOL,
      ...both((args) => `(${args.join(` ${name.toUpperCase()} `)})`),
    }),
  };
}

function nullTest(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const emit: Emitter = ([a]) => `(${a} ${name.toUpperCase()})`;
  return {
    name,
    syntax: `a ${name}`,
    summary,
    example,
    resolve: overloads({ takes: ['any'], returns: BOOL, ...both(emit) }),
  };
}

function among(
  name: 'in' | 'not in',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  const emit: Emitter = ([value, ...items]) => `(${value} ${name.toUpperCase()} (${items.join(', ')}))`;
  return {
    name,
    syntax: `a ${name} (b, ...)`,
    summary,
    example,
    resolve(call) {
      const list = call.args.slice(1).find((arg) => arg.kind === 'parameter' && arg.type.kind === 'list');
      if (list === undefined) return comparing(call, emit);
      if (call.args.length === 2) return membership(call, call.args[0]!, list, name === 'not in');
      throw callError(
        call,
        'bad-parameter',
        `${call.textOf(list.span)} is a list, and other values stand beside it`,
        `a list stands alone: \`${name} (${call.textOf(list.span)})\`; put the others into it`,
        list.span,
      );
    },
  };
}

/** `value in (:list)`: as with the elements written out, nulls among them too. */
function membership(call: CallSite, value: Typed, list: Typed, negated: boolean): Typed {
  const elements = list.type.kind === 'list' ? list.type.of : list.type;
  const isEmpty = list.kind === 'parameter' && list.parameterKind === 'list<null>';
  const common = isEmpty ? value.type : commonType(listElement(value, elements), elements);
  if (common === null) return mixedTypes(call, list, value.type);
  const element = valueType(value.type.kind !== 'string' && takesText(value.type) ? value.type : common);
  if (element.kind === 'json' || element.kind === 'list') comparable({ ...call, args: [value, value] });
  const args = [coerce(value, element), coerce(list, { kind: 'list', of: element })];
  const duckdb: Emitter = ([x, all]) => {
    const found = onceInDuckdb([x!], ([a]) => memberOf(a!, all!));
    return negated ? `(NOT ${found})` : found;
  };
  const postgres: Emitter = ([x, all]) => (negated ? `(${x} <> ALL (${all}))` : `(${x} = ANY (${all}))`);
  return typedCall(call, BOOL, args, emittersOf(duckdb, postgres));
}

/** Text in the list stands for a moment, a time or a uuid beside one. */
function listElement(value: Typed, elements: ExprType): ExprType {
  return elements.kind === 'string' && takesText(value.type) ? elements : value.type;
}

function memberOf(value: string, list: string): string {
  const hasNull = `len(list_filter(${list}, lambda e: e IS NULL)) > 0`;
  return `CASE WHEN len(${list}) = 0 THEN false WHEN ${value} IS NULL THEN NULL WHEN list_contains(${list}, ${value}) THEN true WHEN ${hasNull} THEN NULL ELSE false END`;
}

export const functions: readonly FunctionDefinition[] = [
  comparison('=', 'Equal.', ['1 = 1', true]),
  comparison('<>', 'Different; `!=` means the same.', ['1 <> 1', false]),
  comparison('<', 'Less; text by code point.', ["'Z' < 'a'", true]),
  comparison('<=', 'Less or equal.', ['1 <= 1', true]),
  comparison('>', 'Greater.', ['2 > 1.5', true]),
  comparison('>=', 'Greater or equal.', ["date '2020-01-02' >= '2020-01-01'", true]),
  sameTyped(
    'is distinct from',
    'a is distinct from b',
    'Different, where null equals null.',
    ['1 is distinct from null', true],
    ([a, b]) => `(${a} IS DISTINCT FROM ${b})`,
  ),
  sameTyped(
    'is not distinct from',
    'a is not distinct from b',
    'Equal, where null equals null.',
    ['1 is not distinct from null', false],
    ([a, b]) => `(${a} IS NOT DISTINCT FROM ${b})`,
  ),
  sameTyped(
    'between',
    'a between low and high',
    'Within both, ends included.',
    ['2 between 1 and 2', true],
    ([a, b, c]) => `(${a} BETWEEN ${b} AND ${c})`,
  ),
  sameTyped(
    'not between',
    'a not between low and high',
    'Outside.',
    ['2 not between 1 and 2', false],
    ([a, b, c]) => `(${a} NOT BETWEEN ${b} AND ${c})`,
  ),
  among('in', 'Equal to one of them; a parameter alone may be a list.', ["'x' in ('x', 'y')", true]),
  among('not in', 'Equal to none of them; a parameter alone may be a list.', ['3 not in (1, 2)', true]),
  logic('and', ['true and false', false]),
  logic('or', ['true or null', true]),
  {
    name: 'not',
    syntax: 'not a',
    summary: 'The opposite.',
    example: ['not false', true],
    resolve: overloads({ takes: ['bool'], returns: BOOL, ...both(([a]) => `(NOT ${a})`) }),
  },
  nullTest('is null', 'Has no value.', ['1 is null', false]),
  nullTest('is not null', 'Has a value.', ['1 is not null', true]),
];
