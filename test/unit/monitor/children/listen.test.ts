import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { bindSocket, ListenError } from '../../../../monitor/children/listen.ts';

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('did not fail');
}

describe('listening socket', () => {
  it('binds a free port and knows which', async () => {
    const socket = await bindSocket('127.0.0.1', 0);
    try {
      expect(socket.port).to.be.within(1024, 65_535);
      expect(socket.fd).to.be.greaterThan(2);
    } finally {
      socket.close();
    }
  });

  it('says which port is in use and how to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const error = await failureOf(bindSocket('127.0.0.1', port));
    other.close();
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.include(`127.0.0.1:${port}`).and.include('in use').and.include('FORKLINE_PORT');
  });

  it("says that an address is not this machine's", async () => {
    const error = await failureOf(bindSocket('192.0.2.1', 0));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.include('no such address');
  });

  it('says that a name does not resolve', async () => {
    const error = await failureOf(bindSocket('nowhere.invalid', 0));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.include('does not resolve');
  });
});
