/**
 * A reload closed idle keep-alive connections at once: a request that was just on its way on one of them ended with
 * ECONNRESET ("HUP under load: no request fails", on a busy machine).
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { HttpDrain } from '../../server/http/drain.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const GRACE_MS = 60_000;
const never = (): void => expect.fail('nothing is refused within the grace');

async function serve(handle: RequestListener) {
  const http = createServer(handle);
  const drain = new HttpDrain(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return { http, drain, port };
}

async function answerOn(socket: Socket): Promise<string> {
  socket.write(REQUEST);
  const [bytes] = await once(socket, 'data');
  return String(bytes);
}

describe('draining HTTP', () => {
  it('answers a request that comes on an idle connection, and closes that connection', async () => {
    const { drain, port } = await serve((_, response) => void response.end('hello'));
    const client = connect(port, '127.0.0.1');
    expect(await answerOn(client)).to.match(/Connection: keep-alive/i);
    const drained = drain.begin({ graceMs: GRACE_MS, successor: true, refuse: never });
    expect(await answerOn(client)).to.match(/^HTTP\/1\.1 200[\s\S]*Connection: close[\s\S]*hello$/i);
    await once(client, 'close');
    await drained;
  });

  it('without a successor waits for no client: neither for an idle one nor for one that never asked', async () => {
    const { http, drain, port } = await serve((_, response) => void response.end('hello'));
    const idle = connect(port, '127.0.0.1');
    await answerOn(idle);
    const silent = connect(port, '127.0.0.1');
    await once(http, 'connection');
    await drain.begin({ graceMs: GRACE_MS, successor: false, refuse: never });
    expect(http.listening).to.equal(false);
    for (const client of [idle, silent]) client.destroy();
  });

  it('lets a running request end, and then its connection', async () => {
    let finish = (): void => {};
    const { http, drain, port } = await serve((_, response) => {
      response.write('half ');
      finish = () => void response.end('whole');
    });
    const client = connect(port, '127.0.0.1');
    client.write(REQUEST);
    await once(http, 'request');
    const drained = drain.begin({ graceMs: GRACE_MS, successor: false, refuse: never });
    finish();
    const chunks: Buffer[] = [];
    for await (const chunk of client) chunks.push(chunk as Buffer);
    expect(String(Buffer.concat(chunks))).to.match(/half [\s\S]*whole/);
    await drained;
  });

  it('refuses and closes everything when the grace is over', async () => {
    const { http, drain, port } = await serve((_, response) => void response.write('endless'));
    const client = connect(port, '127.0.0.1');
    client.write(REQUEST);
    await once(http, 'request');
    let refused = 0;
    await drain.begin({ graceMs: 0, successor: true, refuse: () => refused++ });
    expect(refused).to.equal(1);
    client.destroy();
  });
});
