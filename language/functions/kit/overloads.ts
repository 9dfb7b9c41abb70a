/** Functions whose result follows from the types of their arguments: the signatures that they have, and what fits which. */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { FunctionKey } from '../../types/function-keys.ts';
import {
  BOOL,
  type ExprType,
  FLOAT64,
  INT64,
  INTERVAL,
  isMoment,
  isNumeric,
  STRING,
} from '../../types/rules.ts';
import type { Typed } from '../../types/typed.ts';
import { coerce, unify } from './coerce.ts';
import {
  type CallParts,
  type CallSite,
  callError,
  castHint,
  describeArgument,
  type FunctionDefinition,
  mixedTypes,
  typedCall,
  typeErrorCode,
} from './function.ts';

/** The types that an argument may have; `same` ones get their common type, `any` and `number` keep their own. */
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

export interface Overload extends Signature, CallParts {
  readonly key: FunctionKey;
  /** `same`: the common type of the `same` arguments. A function of the arguments as they came. */
  readonly returns: ExprType | 'same' | ((args: readonly Typed[]) => ExprType);
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
