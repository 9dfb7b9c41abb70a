/**
 * Casts as PostgreSQL computes them exactly. Left out: `try_cast` of what may fail (there is none); float64 to string (1e23
 * is `1e+23` in one, `9.999999999999999e+22` in the other); float64 to decimal (1.005 with two digits is 1.00 in one, by
 * its bits, and 1.01 in the other, by its text); intervals and json from text; lists.
 */
import type { ColumnType } from '../../../../core/protocol/types.ts';
import { type ExprType, isMoment, isUnsized } from '../../../types/rules.ts';
import { type TypedCall, valueType } from '../../../types/typed.ts';
import { hasForm, wholeForm } from '../../cast-forms.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { onceInPostgres } from '../once.ts';
import { postgresType, quoteText } from '../sql.ts';

/** Digits of a second after the sixth are cut off; PostgreSQL alone would round. */
const CUT_FRACTION = "'(\\.[0-9]{6})[0-9]+', '\\1'";

function isExact({ type, args }: TypedCall): boolean {
  const [from, to] = [args[0]!.type, valueType(type)];
  if (from.kind === 'null' || (from.kind === to.kind && from.kind !== 'list')) return true;
  if (from.kind === 'list' || to.kind === 'list') return false;
  if (from.kind === 'string') return hasForm(to);
  return from.kind !== 'float64' || (to.kind !== 'string' && to.kind !== 'decimal');
}

const cast: Emitter = ([a], { call }) => {
  const [from, to] = [call.args[0]!.type, valueType(call.type)];
  const plain = `CAST(${a} AS ${postgresType(to)})`;
  if (from.kind === 'null' || from.kind === to.kind) return plain;
  if (from.kind === 'string') return castText(a!, to);
  if (to.kind === 'string') return isUnsized(from) ? `CAST(trim_scale(${a}) AS text)` : plain;
  if (to.kind === 'bool') return `(${a} <> 0)`;
  return from.kind === 'bool' ? `CAST(CAST(${a} AS int4) AS ${postgresType(to)})` : plain;
};

function castText(value: string, to: ColumnType): string {
  const moment = isMoment(to) || to.kind === 'time';
  const cut = moment ? `regexp_replace(${value}, ${CUT_FRACTION})` : value;
  return onceInPostgres([cut], ([text]) => {
    const form = quoteText(
      wholeForm(to)
        .replace('(?i:', '(')
        .replace('^', to.kind === 'bool' ? '(?i)^' : '^'),
    );
    const checked = `CASE WHEN ${text} COLLATE "C" ~ ${form} THEN ${text} ELSE ${text} || chr(1) END`;
    return to.kind === 'date'
      ? `CAST(CAST(${checked} AS timestamp) AS date)`
      : `CAST(${checked} AS ${postgresType(to)})`;
  });
}

/** Casts that have a value for every value. */
const TOTAL: Partial<Record<ExprType['kind'], readonly ColumnType['kind'][]>> = {
  int64: ['float64', 'bool'],
  float64: ['bool'],
  decimal: ['float64', 'bool'],
  bool: ['int64', 'float64'],
  date: ['timestamp', 'timestamptz'],
};

function mayFail(from: ExprType, to: ColumnType): boolean {
  if (to.kind === 'string' || from.kind === 'null') return false;
  if (from.kind === to.kind) return from.kind === 'decimal';
  return TOTAL[from.kind]?.includes(to.kind) !== true;
}

export const casts = {
  cast: { emit: cast, exact: isExact },
  try_cast: {
    emit: cast,
    exact: (call) => isExact(call) && !mayFail(call.args[0]!.type, valueType(call.type)),
  },
} satisfies FunctionTable;
