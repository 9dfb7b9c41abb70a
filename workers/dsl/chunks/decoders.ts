/**
 * The one table of decoders: how a field of each wire type becomes a value of the engine's. A type of a new source that none
 * of these fits is one more wire type and one more row here.
 *
 * What has no row of its own travels as text, and the plan says by which expression the engine reads it: lists, float4,
 * network addresses, ranges, geometry.
 */
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBType,
  INTERVAL,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  UUID,
  VARCHAR,
} from '@duckdb/node-api';
import type { WireType } from '../../../core/protocol/wire-rows.ts';
import type { ChunkColumn } from './column.ts';
import { DecimalColumn } from './decimal-column.ts';
import { DecimalTextColumn } from './decimal-text-column.ts';
import { DateColumn, IntervalColumn, MomentColumn } from './moment-columns.ts';
import {
  BoolColumn,
  EightByteColumn,
  Int64Column,
  IntegerColumn,
  TimeColumn,
  UuidColumn,
} from './number-columns.ts';
import { TextColumn } from './text-column.ts';

/** A column of the wire. */
export interface WireColumn {
  readonly name: string;
  readonly wire: WireType;
  /** The size of a `decimal` in the engine; without a size the engine gets the decimal's text. */
  readonly size?: { readonly precision: number; readonly scale: number };
}

interface Decoder {
  /** The type of the vector that the column is copied into. */
  engineType(column: WireColumn): DuckDBType;
  create(column: WireColumn): ChunkColumn;
}

function decoder(engineType: DuckDBType, create: (name: string) => ChunkColumn): Decoder {
  return { engineType: () => engineType, create: ({ name }) => create(name) };
}

const DECIMALS: Decoder = {
  engineType: ({ size }) => (size === undefined ? VARCHAR : DECIMAL(size.precision, size.scale)),
  create: ({ name, size }) =>
    size === undefined ? new DecimalTextColumn(name) : new DecimalColumn(name, size.precision, size.scale),
};

const DECODERS: Readonly<Record<WireType, Decoder>> = {
  bool: decoder(BOOLEAN, (name) => new BoolColumn(name)),
  int16: decoder(BIGINT, (name) => new IntegerColumn(name, 2)),
  int32: decoder(BIGINT, (name) => new IntegerColumn(name, 4)),
  uint32: decoder(BIGINT, (name) => new IntegerColumn(name, 4, false)),
  int64: decoder(BIGINT, (name) => new Int64Column(name)),
  float64: decoder(DOUBLE, (name) => new EightByteColumn(name)),
  date: decoder(DATE, (name) => new DateColumn(name)),
  time: decoder(TIME, (name) => new TimeColumn(name)),
  timestamp: decoder(TIMESTAMP, (name) => new MomentColumn(name, 'timestamp')),
  timestamptz: decoder(TIMESTAMPTZ, (name) => new MomentColumn(name, 'timestamptz')),
  interval: decoder(INTERVAL, (name) => new IntervalColumn(name)),
  uuid: decoder(UUID, (name) => new UuidColumn(name)),
  decimal: DECIMALS,
  text: decoder(VARCHAR, (name) => new TextColumn(name, 'text')),
  jsonb: decoder(VARCHAR, (name) => new TextColumn(name, 'jsonb')),
  bytes: decoder(BLOB, (name) => new TextColumn(name, 'bytes')),
};

export function createColumn(column: WireColumn): ChunkColumn {
  return DECODERS[column.wire].create(column);
}

export function engineTypeOf(column: WireColumn): DuckDBType {
  return DECODERS[column.wire].engineType(column);
}
