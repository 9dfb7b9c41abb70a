/**
 * Lists, as `list`, `values` and `split` make them and as arrays of the database come. Places count from 1, and from the end with
 * negative numbers. A null list gives null.
 */
import type { ColumnType } from '../../core/protocol/types.ts';
import { castExists, hintWithoutCast } from '../types/cast-types.ts';
import { BOOL, commonType, type ExprType, INT64, STRING } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { coerce } from './kit/coerce.ts';
import {
  type CallSite,
  callError,
  castHint,
  describeArgument,
  type FunctionDefinition,
  mixedTypes,
  typedCall,
} from './kit/function.ts';

type ListType = Extract<ColumnType, { kind: 'list' }>;

interface ListCall {
  readonly list: Typed;
  readonly type: ListType;
  readonly rest: readonly Typed[];
}

function checkedList(call: CallSite, ...counts: readonly number[]): ListCall {
  if (!counts.includes(call.args.length))
    throw callError(
      call,
      'wrong-arguments',
      `\`${call.name}\` takes ${counts.join(' or ')} argument${counts.join() === '1' ? '' : 's'}, not ${call.args.length}`,
      `write \`${call.syntax}\``,
    );
  const [list, ...rest] = call.args;
  if (list!.type.kind === 'list') return { list: list!, type: list!.type, rest };
  throw callError(
    call,
    'wrong-type',
    `\`${call.name}\` wants a list, but ${describeArgument(call, list!)}`,
    list!.type.kind === 'string'
      ? "make one of text: `split(text, ',')`"
      : 'lists come from `list(x)`, `values(x)` and `split(text, sep)`',
    list!.span,
  );
}

function checkedInteger(call: CallSite, arg: Typed): Typed {
  if (arg.type.kind === 'int64' || arg.type.kind === 'null') return coerce(arg, INT64);
  throw callError(
    call,
    'wrong-type',
    `\`${call.name}\` wants int64, but ${describeArgument(call, arg)}`,
    castHint(call, arg, INT64),
    arg.span,
  );
}

function refuseUnordered(call: CallSite, { list, type }: ListCall): void {
  if (type.of.kind !== 'json' && type.of.kind !== 'list') return;
  const message = `\`${call.name}\` wants elements that have an order, but ${describeArgument(call, list)}`;
  throw callError(call, 'wrong-type', message, 'explode the list, and cast its elements', list.span);
}

function contains(call: CallSite): Typed {
  const { list, type, rest } = checkedList(call, 2);
  const common = commonType(type.of, rest[0]!.type);
  if (common === null || common.kind === 'null') return mixedTypes(call, rest[0]!, type.of);
  const lists: ColumnType = { kind: 'list', of: common };
  return typedCall(call, 'list_contains', BOOL, [coerce(list, lists), coerce(rest[0]!, common)]);
}

function length(call: CallSite): Typed {
  return typedCall(call, 'list_length', INT64, [checkedList(call, 1).list]);
}

function element(call: CallSite): Typed {
  const { list, type, rest } = checkedList(call, 2);
  return typedCall(call, 'list_get', type.of, [list, checkedInteger(call, rest[0]!)]);
}

function slice(call: CallSite): Typed {
  const { list, type, rest } = checkedList(call, 3);
  const places = rest.map((arg) => checkedInteger(call, arg));
  return typedCall(call, 'list_slice', type, [list, ...places]);
}

function sorted(key: 'list_sort' | 'list_reverse_sort' | 'list_distinct'): FunctionDefinition['resolve'] {
  return (call) => {
    const found = checkedList(call, 1);
    refuseUnordered(call, found);
    return typedCall(call, key, found.type, [found.list]);
  };
}

function join(call: CallSite): Typed {
  const { list, type, rest } = checkedList(call, 2);
  if (type.of.kind !== 'string')
    throw callError(
      call,
      'wrong-type',
      `\`${call.name}\` joins text, but ${describeArgument(call, list)}`,
      castExists(type.of, STRING)
        ? 'cast the values before they become a list: `list(cast(x as string))`'
        : hintWithoutCast(type.of, STRING, 'x'),
      list.span,
    );
  const separator = rest[0]!;
  if (separator.type.kind !== 'string') return mixedTypes(call, separator, STRING);
  const constant = separator.kind === 'literal' && separator.value !== null;
  if (!constant)
    throw callError(
      call,
      'wrong-arguments',
      `the separator of \`${call.name}\` must be written out`,
      "put a constant text here: `list_join(l, ', ')`",
      separator.span,
    );
  return typedCall(call, 'list_join', STRING, [list, separator]);
}

function concatenated(call: CallSite): Typed {
  const { list, type, rest } = checkedList(call, 2);
  const common: ExprType | null = commonType(type, rest[0]!.type);
  if (common === null) return mixedTypes(call, rest[0]!, type);
  const sides = [list, rest[0]!].map((side) => coerce(side, common));
  return typedCall(call, 'list_concat', common, sides);
}

function define(
  name: string,
  aliases: readonly string[],
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  resolve: FunctionDefinition['resolve'],
): FunctionDefinition {
  return { name, aliases, syntax: `${name}(${args})`, summary, example, resolve };
}

export const functions: readonly FunctionDefinition[] = [
  define(
    'list_contains',
    ['array_contains', 'has_element'],
    'list, x',
    'Is x one of its elements? Null when x is.',
    ["list_contains(split('a,b', ','), 'b')", true],
    contains,
  ),
  define(
    'list_length',
    ['array_length', 'cardinality', 'mvcount'],
    'list',
    'Number of elements, null ones too.',
    ["list_length(split('a,b', ','))", 2],
    length,
  ),
  define(
    'list_get',
    ['element_at', 'list_element'],
    'list, n',
    'The n-th element, -1 the last; null when there is none.',
    ["list_get(split('a,b', ','), 2)", 'b'],
    element,
  ),
  define(
    'list_slice',
    ['array_slice'],
    'list, from, to',
    'The elements from one place to another, both included.',
    ["list_slice(split('a,b,c', ','), 2, 3)", ['b', 'c']],
    slice,
  ),
  define(
    'list_sort',
    ['array_sort', 'mvsort'],
    'list',
    'Sorted, nulls last; text by code point.',
    ["list_sort(split('b,a', ','))", ['a', 'b']],
    sorted('list_sort'),
  ),
  define(
    'list_reverse_sort',
    [],
    'list',
    'Sorted, the greatest first, nulls last.',
    ["list_reverse_sort(split('b,c', ','))", ['c', 'b']],
    sorted('list_reverse_sort'),
  ),
  define(
    'list_distinct',
    ['array_distinct'],
    'list',
    'The different elements, sorted; null does not count.',
    ["list_distinct(split('b,a,b', ','))", ['a', 'b']],
    sorted('list_distinct'),
  ),
  define(
    'list_join',
    ['array_join', 'array_to_string', 'mvjoin'],
    'list, separator',
    'Text of its texts, with the separator between; nulls are left out.',
    ["list_join(split('a,b', ','), '-')", 'a-b'],
    join,
  ),
  define(
    'list_concat',
    ['array_concat', 'array_cat'],
    'a, b',
    'The elements of a, then those of b.',
    ["list_concat(split('a', ','), split('b', ','))", ['a', 'b']],
    concatenated,
  ),
];
