/** A database without TLS behind `sslmode=require` was said not to have answered in time; so was all without a code. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openSession } from '../../connectors/postgres/connect.ts';
import { connectFailure } from '../../connectors/postgres/errors.ts';
import { testDatabase } from '../support/database.ts';

/** Returns what a query is told when the connection cannot be opened. */
async function reasonFor(url: string, connectTimeoutMs = 10_000): Promise<string> {
  try {
    const { session } = await openSession({ url, workerId: 'test', connectTimeoutMs });
    await session.end();
    return 'opened';
  } catch (thrown) {
    return connectFailure('main', thrown).message.replace(/^.*is not available: /, '');
  }
}

/** One that answers each connection's first bytes so. */
async function impostor(answer: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `postgresql://u@127.0.0.1:${(server.address() as AddressInfo).port}/d` };
}

describe('a database that cannot be reached', function () {
  this.timeout(60_000);

  for (const mode of ['require', 'verify-ca', 'verify-full', 'prefer&uselibpqcompat=false'])
    it(`without TLS says so with sslmode=${mode}`, async () => {
      const { url } = await testDatabase();
      expect(await reasonFor(`${url}?sslmode=${mode}`)).to.equal(
        'it does not speak TLS, which sslmode in its URL asks for',
      );
    });

  for (const [what, answer, search, reason] of [
    ['closes at once', (socket: Socket) => void socket.end(), '', 'it closed the connection'],
    [
      'closes when asked for TLS',
      (socket: Socket) => void socket.end(),
      '?sslmode=require',
      'it closed the connection',
    ],
    [
      'speaks another language when asked for TLS',
      (socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      '?sslmode=require',
      'it did not answer to the request for TLS as PostgreSQL does',
    ],
  ] as const)
    it(`that ${what} says so`, async () => {
      const { server, url } = await impostor(answer);
      try {
        expect(await reasonFor(url + search)).to.equal(reason);
      } finally {
        server.close();
      }
    });

  for (const search of ['', '?sslmode=require'])
    it(`that says nothing is late${search && ', with TLS too'}`, async () => {
      const sockets: Socket[] = [];
      const { server, url } = await impostor((socket) => sockets.push(socket));
      try {
        expect(await reasonFor(url + search, 300)).to.equal('it did not answer in time');
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    });

  it('for a missing certificate file says that it is about a file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-test-'));
    try {
      const { url } = await testDatabase();
      const reason = await reasonFor(`${url}?sslmode=verify-full&sslrootcert=${join(dir, 'none.pem')}`);
      expect(reason).to.equal('a file that its URL names cannot be read (ENOENT)');
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('for want of a password says so', async () => {
    const { url } = await testDatabase();
    expect(await reasonFor(url.replace(/:[^:@/]+@/, '@'))).to.equal(
      'it wants a password, and its URL has none',
    );
  });
});
