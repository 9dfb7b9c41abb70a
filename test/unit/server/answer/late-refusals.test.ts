import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { LateRefusals } from '../../../../server/answer/late-refusals.ts';
import { until } from '../../../support/until.ts';

describe('refusals of who is over a limit', function () {
  this.timeout(20_000);
  let server: Server;
  let now: number;
  let received: number;
  /** The paths of requests in the order in which their refusals ended. */
  let ended: string[];

  beforeEach(async () => {
    now = 0;
    received = 0;
    ended = [];
    const late = new LateRefusals(() => now);
    server = createServer((request, response) => {
      received++;
      const [principal = ''] = request.url!.slice(1).split('/');
      response.once('finish', () => ended.push(request.url!.slice(1)));
      response.statusCode = 429;
      late.end(principal, request, response, 'no');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const port = () => (server.address() as { port: number }).port;
  const ask = (principal: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const url = { host: '127.0.0.1', port: port(), path: `/${principal}`, agent: false };
      get(url, (response: IncomingMessage) =>
        response.resume().on('end', () => resolve(response.statusCode!)),
      ).on('error', reject);
    });

  it('are answered at once while they are few, then late; others do not wait for that', async () => {
    const flood = Array.from({ length: 30 }, () => ask('blue'));
    await until(() => ended.length === 10, 5000);
    const held = Promise.all(flood);
    expect(await ask('red')).to.equal(429);
    expect(ended.filter((principal) => principal === 'blue').length, 'the others wait').to.equal(10);
    expect(await held).to.deep.equal(Array.from({ length: 30 }, () => 429));
  });

  it('are at once again in the next second', async () => {
    await Promise.all(Array.from({ length: 10 }, () => ask('blue')));
    const late = ask('blue/late');
    await until(() => received === 11, 5000);
    now = 1000;
    await Promise.all([late, ask('blue/next')]);
    expect(ended.slice(10)).to.deep.equal(['blue/next', 'blue/late']);
  });

  it('end the connection of a client that sends more without waiting', async () => {
    await Promise.all(Array.from({ length: 10 }, () => ask('blue')));
    const socket = connect(port(), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}).resume();
    socket.write('GET /blue HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
    await closed;
    expect(ended.length).to.equal(10);
  });
});
