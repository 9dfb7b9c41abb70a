/** Compares a database's description of a statement with the one from the time of planning. */
import { QueryError } from '../../core/protocol/errors.ts';
import { type DatabaseColumn, type NativeType, sameNativeType } from '../../core/protocol/types.ts';

/** Throws stale-plan when names, types or the number of columns changed. */
export function expectColumns(expected: readonly DatabaseColumn[], found: readonly DatabaseColumn[]): void {
  const isSame = (column: DatabaseColumn, other: DatabaseColumn | undefined): boolean =>
    other !== undefined && column.name === other.name && sameNativeType(column.type, other.type);
  if (found.length !== expected.length || !found.every((column, index) => isSame(column, expected[index])))
    throw stalePlan('the columns');
}

/** Throws stale-plan when the parameters' types or their number changed. */
export function expectParameters(expected: readonly NativeType[], found: readonly NativeType[]): void {
  if (
    found.length !== expected.length ||
    !found.every((type, index) => sameNativeType(type, expected[index]!))
  )
    throw stalePlan('the types of the parameters');
}

export function stalePlan(what: string): QueryError {
  return new QueryError('stale-plan', `${what} of the query changed after it was planned`);
}
