import { expect } from 'chai';
import { ReadBuffer } from '../../../../core/process/read-buffers.ts';

describe('buffers that sockets read into', () => {
  const memoryOf = ({ bytes }: ReadBuffer): ArrayBufferLike => bytes.buffer;

  it('are filled again once every view was released', () => {
    const buffer = new ReadBuffer();
    const releases = [buffer.hold(), buffer.hold()];
    releases[0]!();
    expect(memoryOf(new ReadBuffer())).not.to.equal(memoryOf(buffer));
    releases[1]!();
    expect(memoryOf(new ReadBuffer())).to.equal(memoryOf(buffer));
  });

  it('stay as they are when one view is released twice and another is held', () => {
    const buffer = new ReadBuffer();
    const release = buffer.hold();
    buffer.hold();
    release();
    release();
    expect(memoryOf(new ReadBuffer())).not.to.equal(memoryOf(buffer));
  });
});
