/**
 * A function is documentation with an example that a test executes, what is true of it everywhere, and `resolve`,
 * which turns typed arguments into a typed call. Most are rows of `overloads`; those whose type or meaning depends on a
 * constant argument resolve by hand. Operators are functions too. The SQL stands in the tables of the dialects.
 */
import { type ErrorCode, QueryError, type Span } from '../../../core/protocol/errors.ts';
import { castExists, hintWithoutCast } from '../../types/cast-types.ts';
import type { FunctionKey } from '../../types/function-keys.ts';
import { type ExprType, exprTypeName, isNumeric, sameType } from '../../types/rules.ts';
import { type AggregateKind, type Typed, type TypedCall, valueType } from '../../types/typed.ts';
import { adaptLiterals } from './coerce.ts';

/** One call in a query, with its arguments resolved. */
export interface CallSite {
  readonly name: string;
  readonly span: Span;
  readonly args: readonly Typed[];
  readonly operator: boolean;
  /** The function's syntax, for messages. */
  readonly syntax: string;
  /** The facts about the function that hold whatever its arguments are. */
  readonly traits: FunctionTraits;
  /** The query's text under a span, for messages. */
  textOf(span: Span): string;
}

/** Facts about a function that hold in every dialect. */
export interface FunctionTraits {
  /** `never`: the function fails for no value, so that it may be computed before the filters before it. Absent: it may fail. */
  readonly raises?: 'never';
  /** The function compares its arguments: columns may stay as the database stores them, so that an index serves. */
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

/** The parts that some calls have besides arguments. */
export interface CallParts {
  readonly constants?: readonly string[];
  readonly aggregate?: AggregateKind;
}

export function typedCall(
  call: CallSite,
  key: FunctionKey,
  type: ExprType,
  args: readonly Typed[],
  { constants = [], aggregate }: CallParts = {},
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

/** Returns a hint that tells the user how to make `at` a value of the wanted type. */
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
export function typeErrorCode(arg: Typed): ErrorCode {
  return arg.kind === 'parameter' ? 'bad-parameter' : 'wrong-type';
}

/** Arguments with literals adapted to their neighbours: for functions that resolve by hand. */
export function adapted(call: CallSite): readonly Typed[] {
  return adaptLiterals(call.args);
}

/** A type as a column's type, for `list(x)` and the like. */
export function columnTypeOf(arg: Typed): ReturnType<typeof valueType> {
  return valueType(arg.type);
}
