/** Sessions whose server breaks the protocol: the query and the pool are told, and nothing else suffers. */
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import {
  columnPacket,
  EOF_PACKET,
  errorPacket,
  type FakeOptions,
  fakeMariadb,
  number,
  OK_PACKET,
  type Reply,
  rowPacket,
} from '../../../support/fake-mariadb.ts';
import { askMariadb, connectProblem, openMariadb } from '../../../support/mariadb-session.ts';

const HEAD = [number(1, 1), columnPacket('n', 8), EOF_PACKET];
const url = (port: number): string => `mariadb://me:secret@127.0.0.1:${port}/x`;

async function outcomeOf(options: FakeOptions): Promise<{ code: string; message: string; usable: boolean }> {
  await using server = await fakeMariadb(options);
  const session = await openMariadb(url(server.port));
  try {
    const text = await askMariadb(session, 'select 1 as n');
    return { code: 'none', message: text, usable: session.usable };
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return { code: thrown.code, message: thrown.message, usable: session.usable };
  } finally {
    await session.end();
  }
}

/** A packet that says that it has more bytes than come. */
function cut(reply: Reply): void {
  reply.packets(...HEAD, rowPacket(1));
  reply.raw(Buffer.concat([number(100, 3), Buffer.from([9]), Buffer.from('not a hundred')]));
}

const BROKEN: readonly (readonly [string, (reply: Reply) => void, string])[] = [
  ['ends the rows before their columns', (reply) => reply.packets(EOF_PACKET), 'cannot be read'],
  [
    'answers with a column whose name is longer than its packet',
    (reply) => reply.packets(number(1, 1), Buffer.from([3, 100, 101, 102, 0, 0, 0, 250, 65])),
    'cannot be read',
  ],
  [
    'sends a row that is shorter than its columns',
    (reply) => reply.packets(...HEAD, Buffer.from([0, 0, 1, 2]), EOF_PACKET),
    'row that cannot be read',
  ],
  [
    'sends a row that is longer than its columns',
    (reply) => reply.packets(...HEAD, Buffer.concat([rowPacket(1), Buffer.from([1])]), EOF_PACKET),
    'row that cannot be read',
  ],
  [
    'sends an OK in the place of an end',
    (reply) => reply.packets(...HEAD.slice(0, 2), OK_PACKET),
    'out of turn',
  ],
  [
    'closes the connection behind some rows',
    (reply) => {
      reply.packets(...HEAD, rowPacket(1));
      reply.close();
    },
    'was lost',
  ],
  [
    'closes the connection inside of a packet',
    (reply) => {
      cut(reply);
      reply.close();
    },
    'was lost',
  ],
  [
    'resets the connection',
    (reply) => {
      reply.packets(...HEAD, rowPacket(1));
      reply.reset();
    },
    'was lost',
  ],
];

describe('MariaDB, a server that breaks the protocol', () => {
  for (const [what, execute, says] of BROKEN)
    it(`fails the query and ends the session when it ${what}`, async () => {
      const { code, message, usable } = await outcomeOf({ execute });
      expect(code, message).to.equal('database-unavailable');
      expect(message).to.contain(says);
      expect(usable).to.equal(false);
    });

  it('fails the query alone when rows end with an error', async () => {
    const { code, message, usable } = await outcomeOf({
      execute: (reply) =>
        reply.packets(...HEAD, rowPacket(1), errorPacket(1969, '70100', 'Query execution was interrupted')),
    });
    expect(code, message).to.equal('deadline-exceeded');
    expect(usable).to.equal(true);
  });

  it('sends no file when it is asked for one', async () => {
    await using server = await fakeMariadb({
      execute: (reply) => reply.packets(Buffer.concat([Buffer.from([0xfb]), Buffer.from('/etc/passwd')])),
    });
    const session = await openMariadb(url(server.port));
    const thrown = await askMariadb(session, 'select 1 as n').catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(QueryError).with.property('code', 'database-unavailable');
    expect(Buffer.concat([...server.commands]).toString()).not.to.contain('root:');
    await session.end();
  });

  it('answers the next query when the last answer was read late', async () => {
    const rows = Array.from({ length: 1500 }, (_, index) => rowPacket(10_000_000 + index));
    let asked = 0;
    await using server = await fakeMariadb({
      execute: (reply) =>
        asked++ === 0
          ? reply.packets(...HEAD, ...rows, EOF_PACKET)
          : reply.packets(...HEAD, rowPacket(1), EOF_PACKET),
    });
    const session = await openMariadb(url(server.port));
    // The reader is behind from the first piece on, and the rest of the answer has come by then.
    const text = await askMariadb(session, 'select n from t', undefined, undefined, () => false);
    expect(text.split('\n').length).to.equal(1501);
    expect(await askMariadb(session, 'select 1 as n')).to.equal('[1]\n');
    await session.end();
  });

  it('ends a session that gets what nobody asked for', async () => {
    await using server = await fakeMariadb();
    const session = await openMariadb(url(server.port));
    const dead = new Promise<void>((resolve) => session.onDead(resolve));
    server.disturb(errorPacket(1927, '70100', 'Connection was killed'));
    server.disturb(OK_PACKET);
    await dead;
    expect(session.usable).to.equal(false);
    await session.end();
  });

  it('is told as it is when there are too many connections, or no greeting comes', async () => {
    await using full = await fakeMariadb({ greeting: errorPacket(1040, '08004', 'Too many connections') });
    expect(await connectProblem(url(full.port))).to.match(
      /^database-overloaded: .*takes no more connections$/,
    );
    await using other = await fakeMariadb({ greeting: Buffer.from('SSH-2.0-OpenSSH_9.2p1') });
    expect(await connectProblem(url(other.port))).to.match(/^database-unavailable: /);
  });
});
