/**
 * Compares what a statement gives with what its plan was made for. MariaDB has no type of its own for truth values, and forgets in
 * a statement around others which texts are JSON and which moments are in UTC: there the plan knows more.
 */
import { type DatabaseColumn, typeName } from '../../core/protocol/types.ts';
import { columnType, FIELD, mariadbTypeOf, nativeType } from '../../language/dialects/mariadb/types.ts';
import { stalePlan } from '../kit/stale-plan.ts';

const INTEGERS: readonly number[] = [FIELD.tiny, FIELD.short, FIELD.long, FIELD.int24, FIELD.longlong];

/** Returns the column that was found as one of the type that is expected. Throws stale-plan when it is another. */
export function asExpected(found: DatabaseColumn, expected: DatabaseColumn): DatabaseColumn {
  const [is, wanted] = [found, expected].map(({ type }) => columnType(type)) as [
    ReturnType<typeof columnType>,
    ReturnType<typeof columnType>,
  ];
  if (typeName(is) === typeName(wanted)) return found;
  const native = mariadbTypeOf(found.type);
  const { name } = found;
  if (native.field === FIELD.null) return { name, type: expected.type };
  if (wanted.kind === 'bool' && INTEGERS.includes(native.field))
    return { name, type: nativeType({ ...native, format: 'bool' }) };
  if (wanted.kind === 'timestamptz' && native.field === FIELD.datetime)
    return { name, type: nativeType({ ...native, field: FIELD.timestamp }) };
  if ((wanted.kind === 'json' || wanted.kind === 'uuid') && is.kind === 'string')
    return { name, type: nativeType({ ...native, format: wanted.kind }) };
  throw stalePlan(`the type of the column ${name} (${typeName(wanted)}, now ${typeName(is)})`);
}

/** Returns the columns by their place. Throws stale-plan unless all are there, by name and number. */
export function allAsExpected(
  found: readonly DatabaseColumn[],
  expected: readonly DatabaseColumn[],
): readonly DatabaseColumn[] {
  if (found.length !== expected.length || found.some(({ name }, index) => name !== expected[index]!.name))
    throw stalePlan('the columns');
  return found.map((column, index) => asExpected(column, expected[index]!));
}
