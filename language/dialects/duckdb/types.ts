/**
 * Types of columns that the stage engine describes itself, as ours: those of a user's own SQL. A narrower or unsigned
 * number becomes the type that holds it, and what only the engine has (STRUCT, MAP, UNION, BIT) has none.
 */
import type { ColumnType, ScalarKind } from '../../../core/protocol/types.ts';
import { BIG_INTEGER, decimal } from '../../types/rules.ts';

const KINDS: Readonly<Record<string, ScalarKind>> = {
  BOOLEAN: 'bool',
  TINYINT: 'int64',
  SMALLINT: 'int64',
  INTEGER: 'int64',
  BIGINT: 'int64',
  UTINYINT: 'int64',
  USMALLINT: 'int64',
  UINTEGER: 'int64',
  FLOAT: 'float64',
  DOUBLE: 'float64',
  VARCHAR: 'string',
  BLOB: 'bytes',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  INTERVAL: 'interval',
  UUID: 'uuid',
};

const BIG = new Set(['UBIGINT', 'HUGEINT', 'UHUGEINT']);

/** The type of a column whose engine type has this name; null when we have none. */
export function typeOfEngine(name: string): ColumnType | null {
  if (name.endsWith('[]')) {
    const of = typeOfEngine(name.slice(0, -2));
    return of === null ? null : { kind: 'list', of };
  }
  const kind = KINDS[name];
  if (kind !== undefined) return { kind };
  if (BIG.has(name)) return BIG_INTEGER;
  if (name.startsWith('ENUM(')) return { kind: 'string' };
  const size = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(name);
  return size === null ? null : decimal(Number(size[1]), Number(size[2]));
}
