import { expect } from 'chai';
import { ByteWriter, constantOf, WriterStock } from '../../../../../connectors/kit/encode/byte-writer.ts';

const PIECE = Buffer.from('0123456789'.repeat(100));

/** Writes so many pieces of 1,000 bytes; what is emitted goes to `take`. */
function write(pieces: number, stock: WriterStock, take: (bytes: Buffer) => void): void {
  const writer = new ByteWriter(take, stock);
  for (let index = 0; index < pieces; index++) writer.copy(PIECE, 0, PIECE.length);
  writer.flush();
}

function memoryOf(buffers: readonly Buffer[]): Set<ArrayBufferLike> {
  return new Set(buffers.map(({ buffer }) => buffer));
}

describe('byte writer with a stock of buffers', () => {
  it('fills buffers again that were given back, and writes the same', () => {
    const stock = new WriterStock();
    const memory = new Set<ArrayBufferLike>();
    for (let answer = 0; answer < 5; answer++) {
      let text = '';
      write(400, stock, (bytes) => {
        text += bytes.toString('latin1');
        if (bytes.length > 20_000) memory.add(bytes.buffer);
        stock.give(bytes);
      });
      expect(text).to.equal(PIECE.toString('latin1').repeat(400));
    }
    expect(memory.size).to.equal(1);
  });

  it('leaves alone what was not given back', () => {
    const stock = new WriterStock();
    const kept: Buffer[] = [];
    write(400, stock, (bytes) => kept.push(bytes));
    write(400, stock, (bytes) => kept.push(bytes));
    expect(memoryOf(kept).size).to.equal(kept.length);
    expect(Buffer.concat(kept).toString('latin1')).to.equal(PIECE.toString('latin1').repeat(800));
  });

  it('fills the buffer of a small answer again', () => {
    const stock = new WriterStock();
    const memory = new Set<ArrayBufferLike>();
    for (let answer = 0; answer < 5; answer++)
      write(2, stock, (bytes) => {
        memory.add(bytes.buffer);
        stock.give(bytes);
      });
    expect(memory.size).to.equal(1);
  });

  it('takes no buffer of another size into the stock', () => {
    const stock = new WriterStock();
    const long = Buffer.alloc(300_000, 'x');
    const writer = new ByteWriter((bytes) => stock.give(bytes), stock);
    writer.copy(long, 0, long.length);
    writer.flush();
    expect(stock.takeFirst().length).to.equal(16 * 1024);
    expect(stock.takeNext().length).to.equal(128 * 1024);
  });
});

describe('byte writer and constants', () => {
  const texts = ['', ',', '],', '"n"', '"na"', '"name":', ',"größe":'];

  it('writes them as they are, among other bytes and across the ends of buffers', () => {
    const constants = texts.map(constantOf);
    let written = '';
    let pieces = 0;
    const writer = new ByteWriter((bytes) => {
      written += bytes.toString('latin1');
      pieces += 1;
    });
    let expected = '';
    for (let round = 0; round < 7000; round++) {
      const index = round % texts.length;
      writer.constant(constants[index]!);
      writer.copy(PIECE, 0, round % 11);
      expected += Buffer.from(texts[index]!).toString('latin1') + PIECE.toString('latin1', 0, round % 11);
    }
    writer.flush();
    expect(written).to.equal(expected);
    expect(pieces).to.be.greaterThan(1);
  });

  it('writes nothing beyond its buffer when a constant ends it', () => {
    const buffers: Buffer[] = [];
    const writer = new ByteWriter((bytes) => buffers.push(bytes));
    writer.copy(Buffer.alloc(16 * 1024 - 3, 'x'), 0, 16 * 1024 - 3);
    writer.constant(constantOf('abc'));
    writer.flush();
    expect(Buffer.concat(buffers).toString()).to.equal(`${'x'.repeat(16 * 1024 - 3)}abc`);
  });
});
