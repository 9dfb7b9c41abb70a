/** Kept rows become rows of the wire, however their bytes are cut into pieces. */
import { expect } from 'chai';
import { KEPT_END } from '../../../../../core/protocol/dsl-worker.ts';
import { WIRE_END, WIRE_HEADER } from '../../../../../core/protocol/wire-rows.ts';
import { KeptRows } from '../../../../../workers/dsl/chunks/kept-rows.ts';
import { randomOf } from '../../../../support/random.ts';

type Row = readonly (string | null)[];

function csvOf(head: string, rows: readonly Row[]): Buffer {
  const field = (value: string | null): string => {
    if (value === null) return '';
    return value === '' || /[,"\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  const records = rows.map((row) => `${row.map(field).join(',')}\r\n`);
  return Buffer.concat([Buffer.from(`${head}\r\n${records.join('')}`), Buffer.of(KEPT_END)]);
}

function wireOf(rows: readonly Row[]): Buffer {
  const pieces = [WIRE_HEADER];
  for (const row of rows) {
    const count = Buffer.alloc(2);
    count.writeInt16BE(row.length);
    pieces.push(count);
    for (const value of row) {
      const text = Buffer.from(value ?? '');
      const length = Buffer.alloc(4);
      length.writeInt32BE(value === null ? -1 : text.length);
      pieces.push(length, text);
    }
  }
  return Buffer.concat([...pieces, WIRE_END]);
}

function read(columns: number, csv: Buffer, cut: () => number): Buffer {
  const wire: Buffer[] = [];
  const rows = new KeptRows(columns, (bytes) => wire.push(Buffer.from(bytes)));
  for (let at = 0; at < csv.length; ) {
    const end = Math.min(csv.length, at + cut());
    rows.push(csv.subarray(at, end));
    at = end;
  }
  return Buffer.concat(wire);
}

describe('kept rows', () => {
  const rows: Row[] = [
    ['a', null, ''],
    [null, null, null],
    ['"', ',', '\r\n'],
    ['a "b" c', 'é😀', '""'],
    ['\n', '0', 'x'.repeat(3000)],
  ];

  it('are the same rows on the wire, cut anywhere', () => {
    const csv = csvOf('"a\r\nb","c ""d""",e', rows);
    for (const size of [1, 2, 3, 7, 64, 100_000])
      expect(read(3, csv, () => size).equals(wireOf(rows)), `pieces of ${size}`).to.equal(true);
  });

  it('have one column that may be null, and no rows at all', () => {
    const one: Row[] = [[null], ['x'], [null], ['']];
    expect(read(1, csvOf('n', one), () => 2).equals(wireOf(one))).to.equal(true);
    expect(read(2, csvOf('a,b', []), () => 1).equals(wireOf([]))).to.equal(true);
  });

  it('are the same rows at random', () => {
    const random = randomOf(7);
    const below = (most: number): number => Math.floor(random() * most);
    const values = ['', 'x', null, '"', ',', '\r', '\n', '"",', 'über', 'a'.repeat(40)];
    for (let run = 0; run < 200; run++) {
      const columns = 1 + below(4);
      const made = Array.from({ length: below(30) }, () =>
        Array.from({ length: columns }, () => values[below(values.length)] ?? null),
      );
      const wire = read(columns, csvOf('h'.padEnd(columns, ','), made), () => 1 + below(9));
      expect(wire.equals(wireOf(made)), `run ${run}`).to.equal(true);
    }
  });

  it('are refused when a record has another number of fields, or no line end', () => {
    const read2 = (text: string) => () => read(2, Buffer.from(`a,b\r\n${text}`), () => 100);
    expect(read2('1,2,3\r\n')).to.throw(/3 fields instead of 2/);
    expect(read2('1\r\n')).to.throw(/1 fields instead of 2/);
    expect(read2('1,"2"x\r\n')).to.throw(/behind the quotes/);
    expect(read2('1,2\rx')).to.throw(/line end/);
  });
});
