import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FifoWriter } from '../../../../connectors/kit/fifo-writer.ts';

describe('the writer of a pipe', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-fifo-'));
    path = join(dir, 'fifo');
    execFileSync('mkfifo', [path]);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const unexpected = {
    onReaderClosed: () => expect.fail(),
    onError: (error: Error) => expect.fail(error.message),
  };
  const openReader = (): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);

  it('writes the first bytes at once when its reader is there, and says that there is room', async () => {
    const reader = openReader();
    const writer = new FifoWriter(path, { onDrain: () => {}, ...unexpected });
    expect(writer.write(Buffer.from('rows'))).to.equal(true);
    const read = Buffer.alloc(10);
    expect(readSync(reader, read)).to.equal(4);
    await writer.end();
    closeSync(reader);
  });

  it('keeps bytes until its reader comes, and then says that there is room', async () => {
    let drain = (): void => {};
    const drained = new Promise<void>((resolve) => (drain = resolve));
    const writer = new FifoWriter(path, { onDrain: () => drain(), ...unexpected });
    expect(writer.write(Buffer.from('ro'))).to.equal(false);
    expect(writer.write(Buffer.from('ws'))).to.equal(false);
    const reader = openReader();
    await drained;
    const read = Buffer.alloc(10);
    expect(read.toString('utf8', 0, readSync(reader, read))).to.equal('rows');
    await writer.end();
    closeSync(reader);
  });

  it('fills buffers again that its reader has taken', async () => {
    const reader = new Socket({ fd: openReader(), readable: true, writable: false }).resume();
    const memory = new Set<ArrayBufferLike>();
    const row = Buffer.alloc(1000, 'x');
    let drained = (): void => {};
    let isFull = false;
    const writer = new FifoWriter(path, { onDrain: () => drained(), ...unexpected });
    const bytes = writer.byteWriter(() => (isFull = true));
    for (let index = 0; index < 5000; index++) {
      bytes.copy(row, 0, row.length);
      memory.add(bytes.buffer.buffer);
      if (isFull) await new Promise<void>((resolve) => (drained = resolve));
      isFull = false;
    }
    expect(memory.size).to.be.below(6);
    reader.destroy();
    writer.destroy();
  });
});
