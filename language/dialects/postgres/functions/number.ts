/** Functions of numbers as PostgreSQL computes them exactly. */
import { isOrdinary } from '../../../types/float-range.ts';
import type { FunctionTable, Row } from '../../function-table.ts';
import { infix, named } from '../../standard-sql.ts';
import { onceInPostgres } from '../once.ts';

/**
 * PostgreSQL rounds floats half to even, and to whole numbers only: 2.675 with two digits is 2.68 by 267.5 and 2.67 by its
 * bits, so what is shifted first differs.
 */
const roundFloat: Row = {
  emit: (args) =>
    onceInPostgres(
      args,
      ([a]) => `CASE WHEN abs(${a} - trunc(${a})) >= 0.5 THEN trunc(${a}) + sign(${a}) ELSE trunc(${a}) END`,
    ),
  exact: ({ constants }) => constants[0] === '0',
};

/** Numbers near the ends of float64 fail in PostgreSQL and become infinite or 0 in the engine. */
const binOfFloats: Row = {
  emit([a], { call }) {
    const width = `CAST('${call.constants[0]}' AS float8)`;
    return `(floor(${a} / ${width}) * ${width})`;
  },
  exact: ({ args }) => isOrdinary(args[0]!),
};

export const number = {
  abs: named('abs'),
  ceil: named('ceil'),
  floor: named('floor'),
  'round/int64': ([a], { call }) => `CAST(round(CAST(${a} AS numeric), ${call.constants[0]}) AS int8)`,
  'round/decimal': ([a], { call }) => `round(${a}, ${call.constants[0]})`,
  'round/float64': roundFloat,
  sign: ([a]) => `CAST(sign(${a}) AS int8)`,
  pow: named('power'),
  sqrt: named('sqrt'),
  // Below, PostgreSQL fails instead of giving 0.
  exp: (args) => onceInPostgres(args, ([a]) => `CASE WHEN ${a} < -745.133 THEN 0 ELSE exp(${a}) END`),
  ln: named('ln'),
  log: named('log'),
  bitand: infix('&'),
  bitor: infix('|'),
  bitxor: infix('#'),
  'bin/int64'([a], { call }) {
    const [width, shift] = call.constants;
    return `CAST(div(CAST(${a} AS numeric) + ${shift}, ${width}) * ${width} - ${shift} AS int8)`;
  },
  'bin/float64': binOfFloats,
} satisfies FunctionTable;
