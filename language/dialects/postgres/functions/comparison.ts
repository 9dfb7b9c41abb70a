/**
 * Comparisons, logic and choices as PostgreSQL computes them exactly. Text is ordered by code point, whatever the database's
 * collation; equality is that of the column, so that indexes serve.
 */
import type { TypedCall } from '../../../types/typed.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { EQUALITY, LOGIC, named, ORDER } from '../../standard-sql.ts';
import { byCodePoint, withUsualCollation } from '../sql.ts';

/** Elements of lists are compared with their own collation and with null as a value: not the same in both. */
function isNoList({ args: [first] }: TypedCall): boolean {
  return first!.type.kind !== 'list';
}

function equality(emit: Emitter): Row {
  return { emit, exact: isNoList };
}

function ordering(emit: Emitter): Row {
  return {
    emit: (args, site) =>
      emit(site.call.args[0]!.type.kind === 'string' ? args.map(byCodePoint) : args, site),
    exact: isNoList,
  };
}

/** 1 day and 24 hours are equal: which of them it is differs. */
function extreme(name: string): Row {
  const plain = named(name);
  return {
    emit: (args, site) =>
      site.call.args[0]!.type.kind === 'string'
        ? withUsualCollation(plain(args.map(byCodePoint), site))
        : plain(args, site),
    exact: (call) => isNoList(call) && call.args[0]!.type.kind !== 'interval',
  };
}

export const comparison = {
  '=': equality(EQUALITY['=']),
  '<>': equality(EQUALITY['<>']),
  'is distinct from': equality(EQUALITY['is distinct from']),
  'is not distinct from': equality(EQUALITY['is not distinct from']),
  in: equality(EQUALITY.in),
  'not in': equality(EQUALITY['not in']),
  'in/list': ([value, list]) => `(${value} = ANY (${list}))`,
  'not in/list': ([value, list]) => `(${value} <> ALL (${list}))`,
  '<': ordering(ORDER['<']),
  '<=': ordering(ORDER['<=']),
  '>': ordering(ORDER['>']),
  '>=': ordering(ORDER['>=']),
  between: ordering(ORDER.between),
  'not between': ordering(ORDER['not between']),
  ...LOGIC,
  greatest: extreme('greatest'),
  least: extreme('least'),
} satisfies FunctionTable;
