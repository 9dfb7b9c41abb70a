/** Comparisons, logic and tests for null, with SQL's three values. `x = null` is refused: it is never true. */
import { BOOL, commonType, type ExprType } from '../types/rules.ts';
import { type Typed, valueType } from '../types/typed.ts';
import { coerce, takesText, unify } from './kit/coerce.ts';
import {
  type CallSite,
  callError,
  describeArgument,
  type FunctionDefinition,
  mixedTypes,
  typedCall,
} from './kit/function.ts';
import { overloads } from './kit/overloads.ts';

/** Comparisons for equality, and those that ask for an order, which lists have not. */
const EQUALITIES = ['=', '<>', 'is distinct from', 'is not distinct from', 'in', 'not in'] as const;
const ORDERINGS = ['<', '<=', '>', '>=', 'between', 'not between'] as const;
type Ordering = (typeof ORDERINGS)[number];
type Comparison = (typeof EQUALITIES)[number] | Ordering;

function comparing(call: CallSite, key: Comparison): Typed {
  return typedCall(call, key, BOOL, comparable(call, key));
}

/** All arguments as their common type, which must be comparable. */
function comparable(call: CallSite, key: Comparison): readonly Typed[] {
  const ordered = ORDERINGS.includes(key as Ordering); // a list of literals takes no others
  const { args, type } = unify(call.args, (at, sofar) => mixedTypes(call, at, sofar));
  const wrong = args.find((arg) => arg.type.kind === 'json' || (arg.type.kind === 'list' && ordered));
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
  name: Comparison,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return {
    name,
    syntax: `a ${name} b`,
    summary,
    example,
    raises: 'never',
    comparison: true,
    resolve(call) {
      refuseNull(call);
      return comparing(call, name);
    },
  };
}

/** A comparison that may have a null written in it. */
function sameTyped(
  name: Comparison,
  syntax: string,
  summary: string,
  example: FunctionDefinition['example'],
) {
  const resolve = (call: CallSite): Typed => comparing(call, name);
  return { name, syntax, summary, example, raises: 'never', resolve } satisfies FunctionDefinition;
}

function logic(name: 'and' | 'or', example: FunctionDefinition['example']): FunctionDefinition {
  return {
    name,
    syntax: `a ${name} b`,
    summary: name === 'and' ? 'True when all are.' : 'True when one is.',
    example,
    raises: 'never',
    resolve: overloads({ key: name, takes: ['bool', 'bool'], rest: 'bool', returns: BOOL }),
  };
}

function nullTest(
  name: 'is null' | 'is not null',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return {
    name,
    syntax: `a ${name}`,
    summary,
    example,
    raises: 'never',
    resolve: overloads({ key: name, takes: ['any'], returns: BOOL }),
  };
}

function among(
  name: 'in' | 'not in',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return {
    name,
    syntax: `a ${name} (b, ...)`,
    summary,
    example,
    raises: 'never',
    comparison: true,
    resolve(call) {
      const list = call.args.slice(1).find((arg) => arg.kind === 'parameter' && arg.type.kind === 'list');
      if (list === undefined) return comparing(call, name);
      if (call.args.length === 2) return membership(call, name, call.args[0]!, list);
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
function membership(call: CallSite, name: 'in' | 'not in', value: Typed, list: Typed): Typed {
  const elements = list.type.kind === 'list' ? list.type.of : list.type;
  const isEmpty = list.kind === 'parameter' && list.parameterKind === 'list<null>';
  const common = isEmpty ? value.type : commonType(listElement(value, elements), elements);
  if (common === null) return mixedTypes(call, list, value.type);
  const element = valueType(value.type.kind !== 'string' && takesText(value.type) ? value.type : common);
  if (element.kind === 'json' || element.kind === 'list') comparable({ ...call, args: [value, value] }, name);
  const args = [coerce(value, element), coerce(list, { kind: 'list', of: element })];
  return typedCall(call, `${name}/list`, BOOL, args);
}

/** Text in the list stands for a moment, a time or a uuid beside one. */
function listElement(value: Typed, elements: ExprType): ExprType {
  return elements.kind === 'string' && takesText(value.type) ? elements : value.type;
}

export const functions: readonly FunctionDefinition[] = [
  comparison('=', 'Equal.', ['1 = 1', true]),
  comparison('<>', 'Different; `!=` means the same.', ['1 <> 1', false]),
  comparison('<', 'Less; text by code point.', ["'Z' < 'a'", true]),
  comparison('<=', 'Less or equal.', ['1 <= 1', true]),
  comparison('>', 'Greater.', ['2 > 1.5', true]),
  comparison('>=', 'Greater or equal.', ["date '2020-01-02' >= '2020-01-01'", true]),
  sameTyped('is distinct from', 'a is distinct from b', 'Different, where null equals null.', [
    '1 is distinct from null',
    true,
  ]),
  sameTyped('is not distinct from', 'a is not distinct from b', 'Equal, where null equals null.', [
    '1 is not distinct from null',
    false,
  ]),
  {
    ...sameTyped('between', 'a between low and high', 'Within both, ends included.', [
      '2 between 1 and 2',
      true,
    ]),
    comparison: true,
  },
  {
    ...sameTyped('not between', 'a not between low and high', 'Outside.', ['2 not between 1 and 2', false]),
    comparison: true,
  },
  among('in', 'Equal to one of them; a parameter alone may be a list.', ["'x' in ('x', 'y')", true]),
  among('not in', 'Equal to none of them; a parameter alone may be a list.', ['3 not in (1, 2)', true]),
  logic('and', ['true and false', false]),
  logic('or', ['true or null', true]),
  {
    name: 'not',
    syntax: 'not a',
    summary: 'The opposite.',
    example: ['not false', true],
    raises: 'never',
    resolve: overloads({ key: 'not', takes: ['bool'], returns: BOOL }),
  },
  nullTest('is null', 'Has no value.', ['1 is null', false]),
  nullTest('is not null', 'Has a value.', ['1 is not null', true]),
];
