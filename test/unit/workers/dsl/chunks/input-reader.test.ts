import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type InputSink,
  readInput,
  takeCopies,
  takeIntoRoom,
} from '../../../../../workers/dsl/chunks/input-reader.ts';
import { until } from '../../../../support/until.ts';

/** More than any socket holds. */
const MUCH = Buffer.alloc(3_000_000, 'forkline-');

/** A sink that keeps what it took, in memory of 1,000 bytes, and wants no more after so many bytes. */
class Kept implements InputSink {
  readonly #memory = new Uint8Array(1000);
  readonly #pieces: Buffer[] = [];
  bytes = 0;
  most = Number.POSITIVE_INFINITY;

  room(): Uint8Array {
    return this.#memory;
  }

  took(bytes: number): boolean {
    this.#pieces.push(Buffer.from(this.#memory.subarray(0, bytes)));
    this.bytes += bytes;
    return this.bytes < this.most;
  }

  get all(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

describe('the reader of an input', () => {
  let dir: string;
  let server: Server;
  let sink: Kept;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-input-'));
    server = createServer();
    sink = new Kept();
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const listen = (): string => {
    const path = join(dir, 'rows');
    server.listen(path);
    return path;
  };
  const open = async (path: string): Promise<Socket> => {
    const socket = connect(path);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };

  it("reads into the sink's memory with this Node", () => {
    listen();
    expect(takeIntoRoom(server, sink)).not.to.equal(null);
    server.close();
  });

  it('says so where a server of Node has no such handle, or could not listen', () => {
    expect(takeIntoRoom(server, sink)).to.equal(null);
    expect(takeIntoRoom(Object.assign(createServer(), { _handle: {} }), sink)).to.equal(null);
  });

  for (const [how, take] of [
    ["into the sink's memory", takeIntoRoom],
    ['by copies', takeCopies],
  ] as const)
    it(`takes all bytes ${how}, waits when no more are wanted, and lets one writer in`, async () => {
      const path = listen();
      const taker = take(server, sink)!;
      sink.most = 5000;
      const writer = await open(path);
      writer.write(MUCH);
      await until(() => sink.bytes >= 5000, 5000);
      const second = await open(path);
      await once(second, 'close');
      expect(sink.bytes, 'bytes while no more were wanted').to.be.below(200_000);
      sink.most = Number.POSITIVE_INFINITY;
      taker.resume();
      await until(() => sink.bytes === MUCH.length, 5000);
      expect(sink.all.equals(MUCH)).to.equal(true);
      taker.destroy();
      await once(writer, 'close');
      server.close();
    });

  it('tells when it cannot listen', async () => {
    const error = await new Promise<Error>((resolve) => {
      readInput(join(dir, 'there-is-no-such-directory', 'rows'), sink, resolve);
    });
    expect(error.message).to.match(/EACCES|ENOENT/);
  });
});
