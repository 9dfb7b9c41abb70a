/**
 * Gives arguments the types that a function wants. Only what loses nothing happens by itself: int64 and decimal
 * to wider numbers, date to timestamp to timestamptz (UTC), and literals to the type of what they stand beside: a
 * text literal beside a date must be one, a number literal beside a decimal is exact.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { isUuid, momentKind, normalMoment } from '../../types/moments.ts';
import {
  commonType,
  DATE,
  decimal,
  decimalSize,
  type ExprType,
  exprTypeName,
  isMoment,
  isNumeric,
  sameType,
  TIMESTAMP,
  TIMESTAMPTZ,
} from '../../types/rules.ts';
import { type Typed, type TypedLiteral, type TypedParameter, valueType } from '../../types/typed.ts';
import { asWritten, isUntyped } from '../../types/untyped.ts';

/** `typed` as `type`; the caller has checked that this loses nothing. */
export function coerce(typed: Typed, type: ExprType): Typed {
  if (sameType(typed.type, type) || type.kind === 'null') return typed;
  if (isUntyped(typed)) {
    const read = readBeside(typed, type);
    if (read !== typed) return coerce(read, type);
  }
  if (isNumberList(typed, type)) return { ...typed, type };
  if (typed.kind === 'literal') {
    if (typed.value === null) return { ...typed, type };
    if (type.kind === 'float64' || isMoment(type) || fitsAsWritten(typed, type)) return { ...typed, type };
  }
  return castTo(typed, valueType(type));
}

/** Says whether a number that is written out is one of this decimal type digit by digit, so that no cast can fail. */
function fitsAsWritten({ value, type: from }: TypedLiteral, to: ExprType): boolean {
  if (to.kind !== 'decimal' || (from.kind !== 'int64' && from.kind !== 'decimal')) return false;
  const digits = /^-?0*(\d*)(?:\.(\d+))?$/.exec(String(value));
  if (digits === null) return false;
  const { precision, scale } = decimalSize(to);
  return digits[1]!.length <= precision - scale && (digits[2] ?? '').length <= scale;
}

/** An explicit cast, whatever the types. */
export function castTo(typed: Typed, type: ColumnType, orNull = false): Typed {
  return {
    kind: 'call',
    name: 'cast',
    key: orNull ? 'try_cast' : 'cast',
    constants: [],
    type,
    span: typed.span,
    args: [typed],
    safe: castIsSafe(typed.type, type),
    comparison: false,
    aggregate: null,
  };
}

/** Says whether the cast never fails: everything can be cast to text, and whole numbers fit into floats. */
function castIsSafe(from: ExprType, to: ColumnType): boolean {
  if (to.kind === 'string' || from.kind === 'null' || sameType(from, to)) return true;
  return from.kind === 'int64' && to.kind === 'float64';
}

export interface Unified {
  readonly type: ExprType;
  readonly args: readonly Typed[];
}

/** All of `args` as their common type; the first that does not fit is given to `mismatch`, which throws. */
export function unify(args: readonly Typed[], mismatch: (at: Typed, sofar: ExprType) => never): Unified {
  const adapted = adaptLiterals(args);
  let type: ExprType = { kind: 'null' };
  for (const arg of adapted) type = commonType(type, arg.type) ?? mismatch(arg, type);
  return { type, args: adapted.map((arg) => coerce(arg, type)) };
}

/** An untyped parameter beside a value of `type`; itself when it stays text. */
function readBeside(parameter: TypedParameter, type: ExprType): Typed {
  const written = asWritten(parameter);
  if (isNumeric(type)) return written !== null && isNumeric(written.type) ? written : parameter;
  return type.kind === 'bool' || type.kind === 'interval' ? castTo(parameter, type) : parameter;
}

/** A parameter's list of numbers is bound as texts, so that it is one of wider numbers, too. */
function isNumberList(typed: Typed, type: ExprType): typed is TypedParameter {
  if (typed.kind !== 'parameter' || typed.type.kind !== 'list' || type.kind !== 'list') return false;
  return typed.parameterKind === 'list<null>' || (isNumeric(typed.type.of) && isNumeric(type.of));
}

function adaptUntyped(args: readonly Typed[]): readonly Typed[] {
  if (!args.some(isUntyped)) return args;
  const known = args.find((arg) => !isUntyped(arg) && arg.type.kind !== 'null');
  return known === undefined ? args : args.map((arg) => (isUntyped(arg) ? readBeside(arg, known.type) : arg));
}

/** Literals, and parameters without a type, take the type of the columns beside them. */
export function adaptLiterals(given: readonly Typed[]): readonly Typed[] {
  const args = adaptUntyped(given);
  const moment = args.find((arg) => takesText(arg.type));
  const exact = args.some((arg) => arg.type.kind === 'decimal');
  if (moment === undefined && !exact) return args;
  return args.map((arg) => {
    if (moment !== undefined && arg.type.kind === 'string') return adaptText(arg, moment.type);
    return exact && arg.kind === 'literal' ? exactLiteral(arg) : arg;
  });
}

/** Types that have no literal of their own kind beside them: text stands for them. */
export function takesText(type: ExprType): boolean {
  return isMoment(type) || type.kind === 'time' || type.kind === 'uuid';
}

function adaptText(arg: Typed, beside: ExprType): Typed {
  // A parameter's text is only known when the query runs; the engine reports what does not parse.
  if (arg.kind === 'parameter') return castTo(arg, valueType(beside));
  if (arg.kind !== 'literal' || typeof arg.value !== 'string') return arg;
  return textAs(arg, arg.value, beside);
}

function textAs(arg: TypedLiteral, text: string, beside: ExprType): Typed {
  const written = momentKind(text);
  if (beside.kind === 'uuid' && isUuid(text)) return castTo(arg, beside);
  if (beside.kind === 'time' && written === 'time') return { ...arg, type: beside };
  if (isMoment(beside) && written !== null && written !== 'time') {
    const type = written === 'date' ? DATE : written === 'timestamp' ? TIMESTAMP : TIMESTAMPTZ;
    return { ...arg, type, value: normalMoment(text) };
  }
  const name = exprTypeName(beside);
  throw new QueryError('wrong-type', `'${text}' is not a ${name}`, {
    span: arg.span,
    hint: `write it like ${SAMPLES[name]}`,
  });
}

const SAMPLES: Readonly<Record<string, string>> = {
  date: "'2020-01-31'",
  time: "'23:59:59'",
  timestamp: "'2020-01-31 23:59:59'",
  timestamptz: "'2020-01-31 23:59:59+00'",
  uuid: "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
};

/** `1.50` beside a decimal is decimal(3,2), `7` is decimal(1,0); exponents stay floats. */
function exactLiteral(literal: TypedLiteral): Typed {
  if (!isNumeric(literal.type) || typeof literal.value !== 'string') return literal;
  const parts = /^-?0*(\d*)(?:\.(\d*))?$/.exec(literal.value);
  if (parts === null) return literal;
  const [whole, fraction] = [parts[1]!.length, (parts[2] ?? '').length];
  if (whole + fraction > 38) return literal;
  return { ...literal, type: decimal(Math.max(1, whole + fraction), fraction) };
}
