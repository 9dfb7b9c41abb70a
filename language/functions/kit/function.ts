/**
 * What a function is: documentation with an example that a test executes, what is true of it everywhere, and `resolve`,
 * which turns typed arguments into a typed call. Most are rows of `overloads`; those whose type or meaning depends on a
 * constant argument resolve by hand. Operators are functions too. The SQL stands in the tables of the dialects.
 */
import { type ErrorCode, QueryError, type Span } from '../../../core/protocol/errors.ts';
import { castExists, hintWithoutCast } from '../../types/cast-types.ts';
import type { FunctionKey } from '../../types/function-keys.ts';
import {
  BOOL,
  type ExprType,
  exprTypeName,
  FLOAT64,
  INT64,
  INTERVAL,
  isMoment,
  isNumeric,
  STRING,
  sameType,
} from '../../types/rules.ts';
import { type AggregateKind, type Typed, type TypedCall, valueType } from '../../types/typed.ts';
import { adaptLiterals, coerce, unify } from './coerce.ts';

/** One call in a query, with its arguments resolved. */
export interface CallSite {
  readonly name: string;
  readonly span: Span;
  readonly args: readonly Typed[];
  readonly operator: boolean;
  /** How the function is written. */
  readonly syntax: string;
  /** What is true of the function, whatever its arguments. */
  readonly traits: FunctionTraits;
  /** The query's text under a span, for messages. */
  textOf(span: Span): string;
}

/** What is true of a function in every dialect. */
export interface FunctionTraits {
  /** `never`: it fails for no value, so that it may be computed before the filters before it. Absent: it may. */
  readonly raises?: 'never';
  /** It compares its arguments: columns may stay as the database stores them, so that an index serves. */
  readonly comparison?: true;
}

export interface FunctionDefinition extends FunctionTraits {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly syntax: string;
  readonly summary: string;
  /** An expression and its value as JSON. Aggregates run over x = 1, 2, 3, 4 and s = 'a', 'b', 'b', null. */
  readonly example: readonly [expression: string, value: unknown];
  readonly aggregate?: boolean;
  /** An aggregate that only has a meaning row by row, in `streamstats`. */
  readonly window?: boolean;
  resolve(call: CallSite): Typed;
}

/** What an argument may be; `same` ones get their common type, `any` and `number` keep their own. */
export type Parameter =
  | 'string'
  | 'int64'
  | 'float64'
  | 'number'
  | 'bool'
  | 'moment'
  | 'interval'
  | 'any'
  | 'same';

/** The arguments that a call may have. */
export interface Signature {
  readonly takes: readonly Parameter[];
  /** Further arguments, any number of them. */
  readonly rest?: Parameter;
}

export interface Overload extends Signature {
  readonly key: FunctionKey;
  /** `same`: the common type of the `same` arguments. A function of the arguments as they came. */
  readonly returns: ExprType | 'same' | ((args: readonly Typed[]) => ExprType);
  readonly constants?: readonly string[];
  readonly aggregate?: AggregateKind;
}

/** A `resolve` that takes the first overload that fits. */
export function overloads(...rows: readonly Overload[]): FunctionDefinition['resolve'] {
  return (call) => {
    const row = fitting(call, rows);
    const { args, common } = coerced(call, row);
    const type =
      row.returns === 'same'
        ? common
        : typeof row.returns === 'function'
          ? row.returns(call.args)
          : row.returns;
    return typedCall(call, row.key, type, args, row);
  };
}

/** The call's arguments, as the first signature that fits wants them; throws when none does. */
export function acceptedArgs(call: CallSite, ...rows: readonly Signature[]): readonly Typed[] {
  return coerced(call, fitting(call, rows)).args;
}

export function typedCall(
  call: CallSite,
  key: FunctionKey,
  type: ExprType,
  args: readonly Typed[],
  { constants = [], aggregate }: Pick<Overload, 'constants' | 'aggregate'> = {},
): TypedCall {
  const { name, span, traits } = call;
  return {
    kind: 'call',
    name,
    key,
    constants,
    type,
    span,
    args,
    safe: traits.raises === 'never',
    comparison: traits.comparison === true,
    aggregate: aggregate === undefined ? null : { ...aggregate, filter: null },
  };
}

export function callError(
  call: CallSite,
  code: ErrorCode,
  message: string,
  hint: string,
  span?: Span,
): QueryError {
  return new QueryError(code, message, { span: span ?? call.span, hint });
}

/** Names the argument and its type: "`delay` is int64". */
export function describeArgument(call: CallSite, arg: Typed): string {
  const text = call.textOf(arg.span);
  const shown = text.length <= 40 ? text : `${text.slice(0, 39)}…`;
  return `\`${shown}\` is ${exprTypeName(arg.type)}`;
}

/** The text of an argument that must be written out in the query, because the plan depends on it. */
export function constantText(call: CallSite, index: number, what: string): string {
  const arg = call.args[index];
  if (arg?.kind === 'literal' && typeof arg.value === 'string') return arg.value;
  throw callError(
    call,
    'wrong-arguments',
    `${what} of \`${call.name}\` must be written out: the plan depends on it`,
    'put a constant here, not a column or a parameter',
    arg?.span,
  );
}

function fitting<R extends Signature>(call: CallSite, rows: readonly R[]): R {
  const byCount = rows.filter((row) => countFits(row, call.args.length));
  if (byCount.length === 0) throw wrongCount(call, rows);
  const row = byCount.find((candidate) => mismatchAt(candidate, call.args) === -1);
  if (row === undefined) throw wrongArgument(call, byCount);
  return row;
}

/** The arguments as the signature wants them, and the common type of its `same` ones. */
function coerced(
  call: CallSite,
  row: Signature,
): { readonly args: readonly Typed[]; readonly common: ExprType } {
  const parameters = call.args.map((_, index) => parameterAt(row, index));
  const same = call.args.filter((_, index) => parameters[index] === 'same');
  const unified = unify(same, (at, sofar) => mixedTypes(call, at, sofar));
  let nextSame = 0;
  const args = call.args.map((arg, index) => {
    const parameter = parameters[index];
    return parameter === 'same' ? unified.args[nextSame++]! : coerceTo(arg, parameter!);
  });
  return { args, common: unified.type };
}

export function mixedTypes(call: CallSite, at: Typed, sofar: ExprType): never {
  const parameter = call.args.find((arg) => arg.kind === 'parameter' && sameType(arg.type, sofar));
  const [wrong, beside] = parameter === undefined ? [at, sofar] : [parameter, at.type];
  const what = call.operator && call.args.length === 2 ? 'both sides' : 'its values';
  throw callError(
    call,
    typeErrorCode(wrong),
    `\`${call.name}\` needs ${what} of one type: ${describeArgument(call, wrong)}, beside ${exprTypeName(beside)}`,
    castHint(call, wrong, beside),
    wrong.span,
  );
}

/** How to make `at` what is wanted. */
export function castHint(call: CallSite, at: Typed, wanted: ExprType): string {
  const text = call.textOf(at.span);
  if (/^\d{4}-\d\d?-\d\d?$/.test(text)) return `this is a subtraction; write '${text}' for a date`;
  if (at.kind === 'parameter') return `send ${text} as ${exprTypeName(wanted)}`;
  if (at.kind === 'literal') return literalHint(text, at, wanted);
  const type = valueType(wanted);
  if (!castExists(at.type, type))
    return `nothing is converted silently; ${hintWithoutCast(at.type, type, text)}`;
  return `nothing is converted silently; write \`cast(${text.length <= 40 ? text : '...'} as ${exprTypeName(wanted)})\``;
}

function literalHint(text: string, at: Typed, wanted: ExprType): string {
  if (at.type.kind === 'string' && wanted.kind === 'interval' && /^'\d+[a-z]+'$/i.test(text))
    return `write ${text.slice(1, -1)} without quotes for a duration`;
  if (at.type.kind === 'string' && isNumeric(wanted) && /^'-?\d+(\.\d+)?'$/.test(text))
    return `write ${text.slice(1, -1)} without quotes for a number`;
  if (wanted.kind === 'string' && isNumeric(at.type)) return `write '${text}' for text`;
  return 'nothing is converted silently';
}

/** A parameter of the wrong type is the sender's mistake, not the query's. */
function typeErrorCode(arg: Typed): ErrorCode {
  return arg.kind === 'parameter' ? 'bad-parameter' : 'wrong-type';
}

function parameterAt(row: Signature, index: number): Parameter {
  return row.takes[index] ?? row.rest ?? 'any';
}

function countFits(row: Signature, count: number): boolean {
  return count === row.takes.length || (row.rest !== undefined && count >= row.takes.length);
}

/** Index of the first argument that does not fit, or -1. */
function mismatchAt(row: Signature, args: readonly Typed[]): number {
  return args.findIndex((arg, index) => !accepts(parameterAt(row, index), arg.type));
}

function accepts(parameter: Parameter, type: ExprType): boolean {
  if (type.kind === 'null') return true;
  switch (parameter) {
    case 'any':
    case 'same':
      return true;
    case 'number':
    case 'float64':
      return isNumeric(type);
    case 'moment':
      return isMoment(type);
    default:
      return type.kind === parameter;
  }
}

function coerceTo(arg: Typed, parameter: Parameter): Typed {
  return parameter === 'float64' ? coerce(arg, FLOAT64) : arg;
}

const PARAMETER_TYPES: Partial<Record<Parameter, ExprType>> = {
  string: STRING,
  int64: INT64,
  float64: FLOAT64,
  number: FLOAT64,
  bool: BOOL,
  interval: INTERVAL,
};

function wrongArgument(call: CallSite, rows: readonly Signature[]): QueryError {
  // The overload that understood most of the arguments says best what is wrong.
  const best = rows.reduce((a, b) => (mismatchAt(b, call.args) > mismatchAt(a, call.args) ? b : a));
  const index = mismatchAt(best, call.args);
  const arg = call.args[index]!;
  const parameter = parameterAt(best, index);
  const wanted =
    parameter === 'moment' ? 'a date or timestamp' : parameter === 'number' ? 'a number' : parameter;
  const type = PARAMETER_TYPES[parameter];
  const hint =
    type === undefined
      ? "a moment is a column of such a type, or `timestamp '2020-01-31 12:00'`"
      : castHint(call, arg, type);
  return callError(
    call,
    typeErrorCode(arg),
    `\`${call.name}\` wants ${wanted}, but ${describeArgument(call, arg)}`,
    hint,
    arg.span,
  );
}

function wrongCount(call: CallSite, rows: readonly Signature[]): QueryError {
  const counts = [
    ...new Set(rows.map((row) => `${row.takes.length}${row.rest === undefined ? '' : ' or more'}`)),
  ];
  const message = `\`${call.name}\` takes ${counts.join(' or ')} argument${counts.join() === '1' ? '' : 's'}, not ${call.args.length}`;
  return new QueryError('wrong-arguments', message, {
    span: call.span,
    hint: `write \`${call.syntax}\``,
  });
}

/** Arguments with literals adapted to their neighbours: for functions that resolve by hand. */
export function adapted(call: CallSite): readonly Typed[] {
  return adaptLiterals(call.args);
}

/** A type as a column's type, for `list(x)` and the like. */
export function columnTypeOf(arg: Typed): ReturnType<typeof valueType> {
  return valueType(arg.type);
}
