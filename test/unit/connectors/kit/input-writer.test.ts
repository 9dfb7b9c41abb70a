import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { InputWriter } from '../../../../connectors/kit/input-writer.ts';
import { takeInput } from '../../../support/input-taker.ts';

describe('the writer of an input', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-input-'));
    path = join(dir, 'input');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const unexpected = {
    onReaderClosed: () => expect.fail(),
    onError: (error: Error) => expect.fail(error.message),
  };

  it('connects with its first bytes, and says that there is room', async () => {
    const taken = takeInput(path);
    let drain = (): void => {};
    const drained = new Promise<void>((resolve) => (drain = resolve));
    const writer = new InputWriter(path, { onDrain: () => drain(), ...unexpected });
    writer.write(Buffer.from('rows'));
    await drained;
    expect(writer.write(Buffer.from(' and more'))).to.equal(true);
    await writer.end();
    expect(String(await taken.bytes)).to.equal('rows and more');
  });

  it('keeps bytes until its reader comes, also one that has been there before, and then says that there is room', async () => {
    takeInput(path).close();
    let drain = (): void => {};
    const drained = new Promise<void>((resolve) => (drain = resolve));
    const writer = new InputWriter(path, { onDrain: () => drain(), ...unexpected });
    expect(writer.write(Buffer.from('ro'))).to.equal(false);
    expect(writer.write(Buffer.from('ws'))).to.equal(false);
    const taken = takeInput(path);
    await drained;
    await writer.end();
    expect(String(await taken.bytes)).to.equal('rows');
  });

  it('fills buffers again that its reader has taken', async () => {
    const server = listen((socket) => socket.resume());
    const memory = new Set<ArrayBufferLike>();
    const row = Buffer.alloc(1000, 'x');
    let drained = (): void => {};
    let isFull = false;
    const writer = new InputWriter(path, { onDrain: () => drained(), ...unexpected });
    const bytes = writer.byteWriter(() => (isFull = true));
    for (let index = 0; index < 5000; index++) {
      bytes.copy(row, 0, row.length);
      memory.add(bytes.buffer.buffer);
      if (isFull) await new Promise<void>((resolve) => (drained = resolve));
      isFull = false;
    }
    expect(memory.size).to.be.below(6);
    writer.destroy();
    server.close();
  });

  it('learns that its reader wants no more, whether or not that left something unread', async () => {
    for (const reads of [true, false]) {
      const server = listen((socket) => {
        if (reads) socket.once('data', () => socket.destroy());
        else socket.pause().destroy();
      });
      await new Promise<void>((resolve) => {
        const writer = new InputWriter(path, { ...unexpected, onDrain: write, onReaderClosed: resolve });
        function write(): void {
          while (writer.write(Buffer.alloc(64 * 1024)));
        }
        write();
      });
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('learns the same while it has nothing to write', async () => {
    const server = listen((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => {
      const events = { ...unexpected, onDrain: () => {}, onReaderClosed: resolve };
      new InputWriter(path, events).write(Buffer.from('rows'));
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('fails where a link, a file or anything but a socket stands in place of its reader', async () => {
    const server = createServer().listen(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), path);
    const file = join(dir, 'file');
    writeFileSync(file, '');
    for (const place of [path, file]) {
      const message = await new Promise<string>((resolve) => {
        const events = {
          ...unexpected,
          onDrain: () => expect.fail(),
          onError: (error: Error) => resolve(error.message),
        };
        new InputWriter(place, events).write(Buffer.from('rows'));
      });
      expect(message).to.equal('the socket to the DSL worker failed: EINVAL');
    }
    server.close();
  });

  /** Listens as a DSL worker does that treats its one writer so. */
  function listen(onWriter: (socket: Socket) => void): Server {
    return createServer((socket) => onWriter(socket.on('error', () => {}))).listen(path);
  }
});
