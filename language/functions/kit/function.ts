/**
 * What a function is: documentation with an example that a test executes, and `resolve`, which turns typed
 * arguments into a typed call. Most are rows of `overloads`; those whose type or text depends on a constant
 * argument resolve by hand. Operators are functions too.
 */
import { type ErrorCode, QueryError, type Span } from '../../../core/protocol/errors.ts';
import { castExists, hintWithoutCast } from '../../types/cast-types.ts';
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
import {
  type AggregateKind,
  type Emitter,
  type Emitters,
  type Typed,
  type TypedCall,
  valueType,
} from '../../types/typed.ts';
import { adaptLiterals, coerce, unify } from './coerce.ts';

/** One call in a query, with its arguments resolved. */
export interface CallSite {
  readonly name: string;
  readonly span: Span;
  readonly args: readonly Typed[];
  readonly operator: boolean;
  /** How the function is written. */
  readonly syntax: string;
  /** The query's text under a span, for messages. */
  textOf(span: Span): string;
}

export interface FunctionDefinition {
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

export interface Overload {
  readonly takes: readonly Parameter[];
  /** Further arguments, any number of them. */
  readonly rest?: Parameter;
  /** `same`: the common type of the `same` arguments. A function of the arguments as they came. */
  readonly returns: ExprType | 'same' | ((args: readonly Typed[]) => ExprType);
  readonly duckdb: Emitter;
  /** Only where PostgreSQL computes exactly the same from every input. */
  readonly postgres?: Emitter;
  /** The same where it depends on the arguments, as they are after coercion; null: not with these. */
  postgresFor?(args: readonly Typed[]): Emitter | null;
  /** Of an aggregate or a window function, with an OVER. */
  readonly postgresOver?: Emitter;
  postgresOverFor?(args: readonly Typed[]): Emitter | null;
  readonly aggregate?: AggregateKind;
}

/** A `resolve` that takes the first overload that fits. */
export function overloads(...rows: readonly Overload[]): FunctionDefinition['resolve'] {
  return (call) => {
    const byCount = rows.filter((row) => countFits(row, call.args.length));
    if (byCount.length === 0) throw wrongCount(call, rows);
    const row = byCount.find((candidate) => mismatchAt(candidate, call.args) === -1);
    if (row === undefined) throw wrongArgument(call, byCount);
    return applyOverload(call, row);
  };
}

export function typedCall(
  call: CallSite,
  type: ExprType,
  args: readonly Typed[],
  emitters: Emitter | Emitters,
  aggregate: AggregateKind | null = null,
): TypedCall {
  const { name, span } = call;
  return {
    kind: 'call',
    name,
    type,
    span,
    args,
    emitters: typeof emitters === 'function' ? { duckdb: emitters } : emitters,
    aggregate: aggregate === null ? null : { ...aggregate, filter: null },
  };
}

/** For SQL that both dialects read alike. */
export function both(emitter: Emitter): Emitters {
  return { duckdb: emitter, postgres: emitter };
}

/** Leaves PostgreSQL out where it is null. */
export function emittersOf(
  duckdb: Emitter,
  postgres: Emitter | null,
  postgresOver: Emitter | null = null,
): Emitters {
  return {
    duckdb,
    ...(postgres === null ? {} : { postgres }),
    ...(postgresOver === null ? {} : { postgresOver }),
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

function applyOverload(call: CallSite, row: Overload): Typed {
  const parameters = call.args.map((_, index) => parameterAt(row, index));
  const same = call.args.filter((_, index) => parameters[index] === 'same');
  const unified = unify(same, (at, sofar) => mixedTypes(call, at, sofar));
  let nextSame = 0;
  const args = call.args.map((arg, index) => {
    const parameter = parameters[index];
    return parameter === 'same' ? unified.args[nextSame++]! : coerceTo(arg, parameter!);
  });
  const type =
    row.returns === 'same'
      ? unified.type
      : typeof row.returns === 'function'
        ? row.returns(call.args)
        : row.returns;
  const postgres = row.postgres ?? row.postgresFor?.(args) ?? null;
  const over = row.postgresOver ?? row.postgresOverFor?.(args) ?? null;
  const emitters = emittersOf(row.duckdb, postgres, over);
  return typedCall(call, type, args, emitters, row.aggregate ?? null);
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

function parameterAt(row: Overload, index: number): Parameter {
  return row.takes[index] ?? row.rest ?? 'any';
}

function countFits(row: Overload, count: number): boolean {
  return count === row.takes.length || (row.rest !== undefined && count >= row.takes.length);
}

/** Index of the first argument that does not fit, or -1. */
function mismatchAt(row: Overload, args: readonly Typed[]): number {
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

function wrongArgument(call: CallSite, rows: readonly Overload[]): QueryError {
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

function wrongCount(call: CallSite, rows: readonly Overload[]): QueryError {
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
