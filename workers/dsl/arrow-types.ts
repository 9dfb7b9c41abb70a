/** The Arrow type of each of our types, the same that a reader of our Parquet files finds (docs/formats.md). */
import * as arrow from 'apache-arrow';
import type { ColumnType } from '../../core/protocol/types.ts';

/** `engineType` is the DuckDB type of the column, which has the size of a decimal that declares none. */
export function arrowField(name: string, type: ColumnType, engineType: string): arrow.Field {
  const extension = type.kind === 'uuid' ? new Map([['ARROW:extension:name', 'arrow.uuid']]) : null;
  return new arrow.Field(name, arrowType(type, engineType), true, extension);
}

function arrowType(type: ColumnType, engineType: string): arrow.DataType {
  switch (type.kind) {
    case 'bool':
      return new arrow.Bool();
    case 'int64':
      return new arrow.Int64();
    case 'float64':
      return new arrow.Float64();
    case 'date':
      return new arrow.DateDay();
    case 'time':
      return new arrow.TimeMicrosecond();
    case 'timestamp':
      return new arrow.TimestampMicrosecond();
    case 'timestamptz':
      return new arrow.TimestampMicrosecond('UTC');
    case 'decimal': {
      const { precision, scale } = sizeOf(engineType);
      return new arrow.Decimal(scale, precision, 128);
    }
    case 'bytes':
      return new arrow.Binary();
    case 'uuid':
      return new arrow.FixedSizeBinary(16);
    case 'list':
      return new arrow.List(arrowField('element', type.of, elementOf(engineType)));
    case 'string':
    case 'json':
    case 'interval':
      return new arrow.Utf8();
    default:
      throw new Error(`a column of type ${(type satisfies never as ColumnType).kind}`);
  }
}

/**
 * The DuckDB type that a column's values are brought to, so that their bytes are Arrow's; null: they are already. DuckDB
 * keeps a decimal in as few bytes as its digits need, Arrow always in 16.
 */
export function arrowStorage(type: ColumnType, engineType: string): string | null {
  if (type.kind === 'decimal') return `DECIMAL(38, ${sizeOf(engineType).scale})`;
  if (type.kind !== 'list') return null;
  const element = arrowStorage(type.of, elementOf(engineType));
  return element === null ? null : `${element}[]`;
}

function sizeOf(engineType: string): { precision: number; scale: number } {
  const match = /^DECIMAL\((\d+), *(\d+)\)$/.exec(engineType);
  if (match === null) throw new Error(`a decimal column of the engine's type ${engineType}`);
  return { precision: Number(match[1]), scale: Number(match[2]) };
}

function elementOf(engineType: string): string {
  return engineType.replace(/\[\]$/, '');
}
