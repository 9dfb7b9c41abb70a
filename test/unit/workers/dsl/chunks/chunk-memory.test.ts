/** Memory that inputs of one query after the other use. */
import { expect } from 'chai';
import { giveMemory, takeMemory } from '../../../../../workers/dsl/chunks/chunk-memory.ts';
import { RowSource } from '../../../../../workers/dsl/chunks/row-source.ts';
import { int32, wireStream } from '../../../../support/wire-rows.ts';

const MB = 1024 * 1024;

describe('dsl worker: memory of inputs', () => {
  it('is used again, and holds nothing of the query before', () => {
    const first = takeMemory(12_345);
    new Uint8Array(first).fill(7);
    giveMemory(first);
    const second = takeMemory(12_345);
    expect(second).to.equal(first);
    expect(new Uint8Array(second).every((byte) => byte === 0)).to.equal(true);
    expect(takeMemory(12_345)).to.not.equal(first);
  });

  it('is kept up to a bound, and in pieces up to a size', () => {
    const many = Array.from({ length: 40 }, () => takeMemory(MB / 4));
    const large = takeMemory(MB);
    for (const memory of [...many, large]) giveMemory(memory);
    const again = Array.from({ length: 40 }, () => takeMemory(MB / 4));
    const kept = again.filter((memory) => many.includes(memory)).length;
    expect(kept).to.be.within(1, 16);
    expect(takeMemory(MB)).to.not.equal(large);
  });

  it('is given back by an input once, with chunks that come back late too', () => {
    const source = new RowSource({
      columns: [{ name: 'v', wire: 'int32' }],
      maxRowBytes: MB,
      onRoom: () => {},
    });
    source.open([0]);
    source.push(wireStream(Array.from({ length: 5000 }, (_, value) => [int32(value)])));
    const chunk = source.take();
    if (chunk === null || chunk === 'ended') throw new Error('no rows');
    source.release();
    source.release();
    source.giveBack(chunk);
    expect(() => source.take()).to.throw('released');
    const pieces = Array.from({ length: 8 }, () => takeMemory(2048 * 8));
    expect(new Set(pieces).size).to.equal(pieces.length);
  });
});
