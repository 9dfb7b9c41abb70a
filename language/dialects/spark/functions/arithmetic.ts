/**
 * Arithmetic as Spark computes it exactly. Sessions raise errors where an int64 overflows (connectors/spark/settings.ts). Left out: results of
 * floats that leave their range, which Spark makes infinite or 0; whole numbers of floats, which Spark makes bigints of.
 */
import { staysInRange } from '../../../types/float-range.ts';
import type { ExprType } from '../../../types/rules.ts';
import { type TypedCall, valueType } from '../../../types/typed.ts';
import { ofFloats } from '../../exact-calls.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { infix, named } from '../../standard-sql.ts';
import { castTo } from '../sql.ts';
import { keepsDigits } from './decimals.ts';

const isInt64 = ({ type }: TypedCall): boolean => type.kind === 'int64';
const isExactNumber = ({ kind }: ExprType): boolean => kind === 'int64' || kind === 'decimal';

const ofDecimals = (operator: '+' | '-' | '*'): Row => ({
  emit: (args, site) => castTo(infix(operator)(args, site), valueType(site.call.type)),
  exact: ({ args }) =>
    keepsDigits(
      operator,
      args.map(({ type }) => type),
    ),
});

const cast =
  (emit: Emitter): Emitter =>
  (args, site) =>
    castTo(emit(args, site), valueType(site.call.type));

/** Floor and ceiling of a float are bigints in Spark. */
const whole = (name: string): Row => ({ emit: cast(named(name)), exact: ({ type }) => isExactNumber(type) });

const rounded: Emitter = ([a], { call }) => castTo(`round(${a}, ${call.constants[0]})`, valueType(call.type));

const quotient: Row = {
  emit: ([a, b]) => `(${a} / nullif(${b}, 0.0D))`,
  exact: ({ args }) => staysInRange('/', args),
};

export const arithmetic = {
  '+/int64': infix('+'),
  '-/int64': infix('-'),
  '*/int64': infix('*'),
  '+/decimal': ofDecimals('+'),
  '-/decimal': ofDecimals('-'),
  '*/decimal': ofDecimals('*'),
  '+/float64': ofFloats('+'),
  '-/float64': ofFloats('-'),
  '*/float64': ofFloats('*'),
  '/': quotient,
  '%': { emit: ([a, b]) => `(${a} % nullif(${b}, 0))`, exact: isInt64 },
  'div/int64': ([a, b]) => `(${a} div nullif(${b}, 0))`,
  negate: ([a]) => `(- ${a})`,
  abs: named('abs'),
  ceil: whole('ceil'),
  floor: whole('floor'),
  'round/int64': rounded,
  'round/decimal': rounded,
  sign: { emit: ([a]) => `CAST(sign(${a}) AS bigint)`, exact: ({ args }) => isExactNumber(args[0]!.type) },
  bitand: infix('&'),
  bitor: infix('|'),
  bitxor: infix('^'),
  'bin/int64'([a], { call }) {
    const [width, shift] = call.constants;
    return `CAST(CAST((CAST(${a} AS decimal(20,0)) + ${shift}) div ${width} AS decimal(20,0)) * ${width} - ${shift} AS bigint)`;
  },
} satisfies FunctionTable;
