/** The work of a DSL worker on each row of an input: binary rows of the wire to vectors of the engine's. */
import { DuckDBDataChunk } from '@duckdb/node-api';
import { WIRE_END, WIRE_HEADER } from '../../../core/protocol/wire-rows.ts';
import { engineTypeOf, type WireColumn } from '../../../workers/dsl/chunks/decoders.ts';
import { RowSource } from '../../../workers/dsl/chunks/row-source.ts';
import { type BenchCase, timeOf } from '../case.ts';

const ROWS = 50_000;
const PIECE_BYTES = 64 * 1024;
const COLUMNS: readonly WireColumn[] = [
  { name: 'id', wire: 'int32' },
  { name: 'time', wire: 'timestamp' },
  { name: 'host', wire: 'text' },
  { name: 'path', wire: 'text' },
  { name: 'status', wire: 'int32' },
  { name: 'amount', wire: 'decimal', size: { precision: 12, scale: 2 } },
  { name: 'duration', wire: 'float64' },
];

export async function open(): Promise<BenchCase> {
  const pieces = wirePieces();
  const target = DuckDBDataChunk.create(COLUMNS.map((column) => engineTypeOf(column)));
  const places = COLUMNS.map((_, index) => index);
  return {
    async measure() {
      const source = new RowSource({ columns: COLUMNS, maxRowBytes: 4096, onRoom: () => {} });
      source.open(places);
      let rows = 0;
      const takeAll = (): void => {
        for (let chunk = source.take(); chunk !== null && chunk !== 'ended'; chunk = source.take()) {
          target.reset();
          chunk.copyTo(target.chunk, places);
          rows += chunk.rows;
          source.giveBack(chunk);
        }
      };
      const ms = timeOf(() => {
        for (const piece of pieces) {
          source.push(piece);
          if (source.isFull) takeAll();
        }
        takeAll();
      });
      if (rows !== ROWS) throw new Error(`${rows} rows were decoded instead of ${ROWS}`);
      return (ms * 1e6) / ROWS;
    },
  };
}

function wirePieces(): Buffer[] {
  const rows = Array.from({ length: 8 }, (_, index) => wireRow(index));
  const parts: Buffer[] = [WIRE_HEADER];
  for (let index = 0; index < ROWS; index++) parts.push(rows[index % 8]!);
  const stream = Buffer.concat([...parts, WIRE_END]);
  const count = Math.ceil(stream.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, index) =>
    stream.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
}

function wireRow(index: number): Buffer {
  const int32 = Buffer.alloc(4);
  int32.writeInt32BE(1_048_576 + index);
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(821_500_000_000_000n + BigInt(index));
  const amount = Buffer.from([0, 3, 0, 1, 0, 0, 0, 2, 0, index, 16, 1, 31, 64]);
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(31.07);
  const host = index === 0 ? null : Buffer.from(`host-${index}`);
  const path = Buffer.from(`/products/${2944 + index}/details`);
  const fields = [int32, time, host, path, int32, amount, duration];
  const head = Buffer.from([0, fields.length]);
  return Buffer.concat([head, ...fields.flatMap(fieldParts)]);
}

function fieldParts(field: Buffer | null): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeInt32BE(field === null ? -1 : field.length);
  return field === null ? [length] : [length, field];
}
