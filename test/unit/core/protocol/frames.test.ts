import { expect } from 'chai';
import fc from 'fast-check';
import { createFrameReader, dataHeader, messageFrame } from '../../../../core/protocol/frames.ts';

type Frame = { message: unknown } | { data: string };

/**
 * Feeds the bytes in pieces of the given sizes and gathers what came out; data pieces are joined. What was fed is
 * overwritten, as by the next read into the same buffer.
 */
function readAll(bytes: Buffer, cut: (left: number) => number): Frame[] {
  const frames: Frame[] = [];
  const feed = createFrameReader({
    onMessage: (message) => frames.push({ message }),
    onData: (piece) => {
      const last = frames.at(-1);
      if (last !== undefined && 'data' in last) last.data += piece.toString('latin1');
      else frames.push({ data: piece.toString('latin1') });
    },
  });
  for (let at = 0; at < bytes.length; ) {
    const size = cut(bytes.length - at);
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    feed(chunk);
    chunk.fill(0xff);
    at += size;
  }
  return frames;
}

describe('frames', () => {
  const data = Buffer.from('[1,2,3]');
  const stream = Buffer.concat([
    messageFrame({ type: 'a', text: 'ü' }),
    dataHeader(data.length),
    data,
    messageFrame({ type: 'b' }),
  ]);
  const expected: Frame[] = [
    { message: { type: 'a', text: 'ü' } },
    { data: '[1,2,3]' },
    { message: { type: 'b' } },
  ];

  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
        let i = 0;
        expect(readAll(stream, () => sizes[i++ % sizes.length]!)).to.deep.equal(expected);
      }),
    );
  });

  it('hand data on as views, without a copy', () => {
    const whole = Buffer.concat([dataHeader(data.length), data]);
    let seen: Buffer | undefined;
    createFrameReader({
      onMessage: () => {},
      onData: (piece) => {
        seen = piece;
      },
    })(whole);
    expect(seen?.buffer).to.equal(whole.buffer);
  });

  it('refuse an unknown kind and a message of absurd length', () => {
    const wrongKind = dataHeader(1);
    wrongKind[4] = 9;
    const handlers = { onMessage: () => {}, onData: () => {} };
    expect(() => createFrameReader(handlers)(wrongKind)).to.throw('unknown kind 9');
    const huge = dataHeader(0x7fffffff);
    huge[4] = 0;
    expect(() => createFrameReader(handlers)(huge)).to.throw('is over');
  });
});
