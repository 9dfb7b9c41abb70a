import { expect } from 'chai';
import fc from 'fast-check';
import { collectBytes } from '../../../../../connectors/kit/encode/byte-writer.ts';
import {
  createRowEncoder,
  rowLayout,
  type TextAnswer,
} from '../../../../../connectors/kit/encode/row-encoder.ts';
import type { ColumnType } from '../../../../../core/protocol/types.ts';

type Cell = string | null;

function dataRow(cells: readonly Cell[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(cells.length);
  const parts: Buffer[] = [count];
  for (const cell of cells) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell));
    parts.push(length, Buffer.from(cell ?? ''));
  }
  return Buffer.concat(parts);
}

const JSON_OBJECTS: TextAnswer = { format: 'json', rows: 'objects', numbers: 'number' };

/** The text of an answer, without head. */
function encode(
  types: readonly ColumnType[],
  rows: readonly (readonly Cell[])[],
  answer: TextAnswer,
): string {
  const columns = types.map((type, index) => ({ name: `c${index}`, type }));
  const encoder = createRowEncoder(rowLayout(columns, answer));
  return collectBytes((writer) => {
    for (const row of rows.map(dataRow)) encoder.writeRow(writer, row, 0, row.length);
  }).toString();
}

const STRING: ColumnType = { kind: 'string' };
const one = (type: ColumnType, cell: Cell, answer: Partial<TextAnswer> = {}): string =>
  encode([type], [[cell]], { ...JSON_OBJECTS, rows: 'arrays', ...answer }).slice(1, -1);

describe('row encoder', () => {
  it('writes any text as the JSON string that means it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 5000 })), (texts) => {
        const rows = texts.map((text) => [text]);
        expect(JSON.parse(`[${encode([STRING], rows, JSON_OBJECTS)}]`)).to.deep.equal(
          texts.map((c0) => ({ c0: Buffer.from(c0).toString() })),
        );
      }),
    );
  });

  it('writes a value larger than its buffers', () => {
    const text = '"\n\u0001é'.repeat(200_000);
    expect(JSON.parse(`[${one(STRING, text)}]`)).to.deep.equal([text]);
    expect(one({ kind: 'bytes' }, `\\x${'00ff10'.repeat(100_000)}`)).to.equal(
      `"${Buffer.from('00ff10'.repeat(100_000), 'hex').toString('base64')}"`,
    );
  });

  for (const [kind, text, json] of [
    ['int64', '-9223372036854775808', '-9223372036854775808'],
    ['float64', '1e+300', '1e+300'],
    ['float64', '1e+06', '1000000'],
    ['float64', '-1.2345678e+07', '-12345678'],
    ['float64', '1e+15', '1e+15'],
    ['float64', '1e-05', '1e-05'],
    ['string', '\u001f', '"\\u001F"'],
    ['float64', 'NaN', '"NaN"'],
    ['float64', '-Infinity', '"-Infinity"'],
    ['bool', 't', 'true'],
    ['bool', 'f', 'false'],
    ['timestamp', '2001-01-01 10:00:00.5', '"2001-01-01T10:00:00.5"'],
    ['timestamp', '12001-01-01 10:00:00', '"12001-01-01T10:00:00"'],
    ['timestamp', 'infinity', '"infinity"'],
    ['timestamptz', '2001-01-01 10:00:00+00', '"2001-01-01T10:00:00Z"'],
    ['timestamptz', '0044-03-15 00:00:00+00 BC', '"0044-03-15 00:00:00+00 BC"'],
    ['date', '2001-01-01', '"2001-01-01"'],
    ['bytes', '\\x', '""'],
    ['json', '{"a":\n 1}', '{"a":  1}'],
    ['interval', '1 day 02:00:00', '"1 day 02:00:00"'],
  ] as const)
    it(`writes ${kind} ${text} as ${json}`, () => expect(one({ kind }, text)).to.equal(json));

  it('quotes int64 and decimal by type when asked to, and nothing else', () => {
    const numbers = 'string';
    expect(one({ kind: 'int64' }, '1', { numbers })).to.equal('"1"');
    expect(one({ kind: 'decimal', precision: 10, scale: 2 }, '1.50', { numbers })).to.equal('"1.50"');
    expect(one({ kind: 'float64' }, '1.5', { numbers })).to.equal('1.5');
    expect(one({ kind: 'list', of: { kind: 'int64' } }, '{1,NULL}', { numbers })).to.equal('["1",null]');
  });

  for (const [text, json] of [
    ['{}', '[]'],
    ['{1,NULL,3}', '["1",null,"3"]'],
    ['{"a \\"b\\" \\\\","NULL",NULL,"c,d",""}', '["a \\"b\\" \\\\","NULL",null,"c,d",""]'],
    ['{{a,b},{c,"}"}}', '[["a","b"],["c","}"]]'],
    ['[0:1]={a,b}', '["a","b"]'],
  ] as const)
    it(`writes the array ${text}`, () => expect(one({ kind: 'list', of: STRING }, text)).to.equal(json));

  it('joins rows as each format wants it', () => {
    const rows = [
      ['x', null],
      ['y', ''],
    ];
    const types = [STRING, STRING];
    expect(encode(types, rows, JSON_OBJECTS)).to.equal('{"c0":"x","c1":null},{"c0":"y","c1":""}');
    expect(encode(types, rows, { ...JSON_OBJECTS, format: 'ndjson', rows: 'arrays' })).to.equal(
      '["x",null]\n["y",""]\n',
    );
    expect(encode(types, rows, { ...JSON_OBJECTS, format: 'csv' })).to.equal('x,\r\ny,""\r\n');
    expect(encode([], [[], []], JSON_OBJECTS)).to.equal('{},{}');
  });

  it('quotes CSV fields that need it', () => {
    const csv = { format: 'csv' } as const;
    const line = (type: ColumnType, text: string): string =>
      encode([type], [[text]], { ...JSON_OBJECTS, ...csv });
    expect(line(STRING, 'a "b", c')).to.equal('"a ""b"", c"\r\n');
    expect(line(STRING, 'a\nb')).to.equal('"a\nb"\r\n');
    expect(line({ kind: 'list', of: STRING }, '{a,"b"}')).to.equal('"[""a"",""b""]"\r\n');
    expect(line({ kind: 'bytes' }, '\\x')).to.equal('""\r\n');
  });
});
