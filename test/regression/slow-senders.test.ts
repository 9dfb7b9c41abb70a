/** Connections that sent nothing, or not to the end, were held for a minute to five, as many as anybody opened. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 500;
const MOST = 4;
const DEADLINE_MS = 20_000;

describe('clients that do not go on', function () {
  this.timeout(90_000);
  let forkline: Forkline;
  const sockets: Socket[] = [];
  before(async () => {
    forkline = await startForkline({
      ...FEW_PROCESSES,
      limits: {
        headersTimeoutMs: TIMEOUT_MS,
        requestTimeoutMs: TIMEOUT_MS,
        connectionsPerClient: MOST,
        bufferBytes: 1024,
      },
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    const isFree = async () => (await forkline.get('/livez')).status === 200;
    await until(isFree, DEADLINE_MS, 'the connections of the test are gone');
  });
  after(() => forkline.stop());

  async function open(bytes = ''): Promise<Socket> {
    const socket = connect(forkline.port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    if (bytes !== '') socket.write(bytes);
    return socket;
  }

  /** Everything until the server closes. */
  async function answerOn(socket: Socket): Promise<string> {
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    await Promise.race([
      once(socket, 'close'),
      new Promise((_, reject) => setTimeout(() => reject(new Error('it stays open')), DEADLINE_MS).unref()),
    ]);
    return text;
  }

  const HOST = 'Host: localhost\r\n';
  for (const [what, bytes] of [
    ['nothing', ''],
    ['half of the headers', `POST /v1/query HTTP/1.1\r\n${HOST}X-Never: `],
    ['half of a body', `POST /v1/query HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nselect 1`],
    ['half of a body for Express', `POST /v1/explain HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nselect 1`],
    ['half of a chunk', `POST /v1/query HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nsel`],
  ] as const)
    it(`get 408 for ${what}`, async () => {
      const answer = await answerOn(await open(bytes));
      expect(answer).to.match(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(answer).to.contain('requestTimeoutMs');
    });

  it('get 503 for one connection too many of an address, and room again when one closes', async () => {
    const held: Socket[] = [];
    // The request keeps each of them busy for longer than the test takes.
    const request = `GET /v1/query?q=select+pg_sleep(20)::text HTTP/1.1\r\n${HOST}\r\n`;
    for (let count = 0; count < MOST; count++) held.push(await open(request));
    const refused = await answerOn(await open(`GET /livez HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`));
    expect(refused).to.match(/^HTTP\/1\.1 503 /);
    expect(refused).to.contain('"code":"too-many-connections"').and.contain('"connectionsPerClient"');
    held[0]!.destroy();
    const isServed = async (): Promise<boolean> => {
      const answer = await answerOn(await open(`GET /livez HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`));
      return answer.startsWith('HTTP/1.1 200');
    };
    await until(isServed, DEADLINE_MS, 'a connection is free again');
  });

  it('may read an answer for longer than they may send a request', async () => {
    const query = "select repeat('x', 1000) as a, pg_sleep(0.002)::text as b from generate_series(1, 1500)";
    const startedAt = performance.now();
    const answer = await forkline.query(query, { format: 'csv' });
    expect(performance.now() - startedAt, 'the answer takes longer').to.be.above(4 * TIMEOUT_MS);
    expect(answer.text.split('\r\n')).to.have.length(1502);
    expect(answer.headers.get('content-length'), 'it was streamed').to.equal(null);
  });
});
