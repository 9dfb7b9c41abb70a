import { expect } from 'chai';
import { WriteAhead } from '../../../../connectors/kit/write-ahead.ts';

const PIECE = 128 * 1024;

/** A pipe that takes one piece at a time. */
class SlowPipe {
  readonly taken: Buffer[] = [];

  write(bytes: Buffer): boolean {
    this.taken.push(bytes);
    return false;
  }
}

describe('bytes that wait for a pipe', () => {
  const pieces = Array.from({ length: 12 }, (_, index) => Buffer.alloc(PIECE, index));

  it('are handed to it one piece after the other, in their order', () => {
    const pipe = new SlowPipe();
    const ahead = new WriteAhead(pipe, () => {});
    for (const piece of pieces) ahead.write(piece);
    expect(pipe.taken).to.deep.equal(pieces.slice(0, 1));
    for (const _ of pieces) ahead.wasDrained();
    expect(pipe.taken).to.deep.equal(pieces);
  });

  it('leave room for more while 512 KB of them or less wait', () => {
    const pipe = new SlowPipe();
    let rooms = 0;
    const ahead = new WriteAhead(pipe, () => rooms++);
    const answers = pieces.slice(0, 7).map((piece) => ahead.write(piece));
    // One is with the pipe, and four wait.
    expect(answers).to.deep.equal([true, true, true, true, true, false, false]);
    ahead.wasDrained();
    expect(rooms).to.equal(0);
    ahead.wasDrained();
    expect(rooms).to.equal(1);
  });

  it('are all with the pipe before their end is', () => {
    const pipe = new SlowPipe();
    let rooms = 0;
    const ahead = new WriteAhead(pipe, () => rooms++);
    for (const piece of pieces.slice(0, 3)) ahead.write(piece);
    expect(ahead.finish()).to.equal(false);
    ahead.wasDrained();
    expect(rooms).to.equal(0);
    ahead.wasDrained();
    expect(rooms).to.equal(1);
    expect(pipe.taken).to.have.length(3);
    expect(ahead.finish()).to.equal(true);
  });

  it('do not wait where the pipe has room', () => {
    const taken: Buffer[] = [];
    const ahead = new WriteAhead({ write: (bytes) => taken.push(bytes) > 0 }, () => expect.fail());
    for (const piece of pieces) expect(ahead.write(piece)).to.equal(true);
    expect(ahead.finish()).to.equal(true);
    expect(taken).to.deep.equal(pieces);
  });
});
