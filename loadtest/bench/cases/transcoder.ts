/** The work of a SQL worker on each row of a SQL-only answer: DataRow bytes to JSON bytes. */
import { ByteWriter } from '../../../connectors/kit/encode/byte-writer.ts';
import { createRowEncoder, rowLayout } from '../../../connectors/kit/encode/row-encoder.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { type BenchCase, timeOf } from '../case.ts';

const ROWS = 50_000;
const COLUMNS: readonly Column[] = [
  { name: 'id', type: { kind: 'int64' } },
  { name: 'time', type: { kind: 'timestamp' } },
  { name: 'host', type: { kind: 'string' } },
  { name: 'path', type: { kind: 'string' } },
  { name: 'status', type: { kind: 'int64' } },
  { name: 'bytes', type: { kind: 'int64' } },
  { name: 'duration', type: { kind: 'float64' } },
];
const CELLS = [
  '1048576',
  '2026-01-13 03:16:16',
  'host-16',
  '/products/2944/details',
  '200',
  '104729',
  '31.07',
];
const ANSWER = { format: 'json', rows: 'objects', numbers: 'number' } as const;

export async function open(): Promise<BenchCase> {
  const row = dataRow([...CELLS.slice(0, 3), null, ...CELLS.slice(4)]);
  const full = dataRow(CELLS);
  return {
    async measure() {
      const writer = new ByteWriter(() => {});
      const encoder = createRowEncoder(rowLayout(COLUMNS, ANSWER));
      encoder.writeHead(writer);
      const ms = timeOf(() => {
        for (let i = 0; i < ROWS; i++) {
          const next = i % 8 === 0 ? row : full;
          encoder.writeRow(writer, next, 0, next.length);
        }
      });
      if (writer.totalBytes < ROWS * 50) throw new Error('the encoder wrote next to nothing');
      return (ms * 1e6) / ROWS;
    },
  };
}

/** u16 count, then i32 length and bytes of each value; -1 is null. */
function dataRow(cells: readonly (string | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(cells.length);
  const parts = cells.flatMap((cell) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(cell === null ? -1 : cell.length);
    return cell === null ? [length] : [length, Buffer.from(cell)];
  });
  return Buffer.concat([count, ...parts]);
}
