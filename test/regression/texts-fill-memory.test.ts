/**
 * Caches and lists that were bounded by the number of their entries: 1,300 query texts of 1 MB ended the server at 3 GB.
 * The server's memory is read from outside, by the kernel's numbers.
 */
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Answer, FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const MB = 1024 * 1024;
const TEXTS = 75;
/** Texts before memory is measured: a server grows by the garbage that its collector leaves for later. */
const WARM_UP_TEXTS = 25;
const DEADLINE_MS = 20_000;
/** A place that keeps so many texts takes twice their size. */
const GROWTH_BYTES = 120 * MB;

async function serverBytes(forkline: Forkline): Promise<number> {
  return (await forkline.processes()).find(({ role }) => role === 'server')!.rssBytes!;
}

async function metric(forkline: Forkline, name: string): Promise<number> {
  const { text } = await forkline.get('/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)![1]);
}

describe('regression: long texts fill the memory', function () {
  this.timeout(300_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({
      ...FEW_PROCESSES,
      limits: { bodiesBytes: 4 * MB, historyBytes: 8 * MB },
      planner: { threads: 1, cacheBytes: 8 * MB },
    });
  });
  after(() => forkline.stop());

  const KINDS: readonly (readonly [kind: string, send: (n: number) => Promise<Answer>])[] = [
    [
      'queries that the database answers',
      (n) => forkline.query(`select ${n} as a /* ${'x'.repeat(MB - 100)} */`),
    ],
    [
      'queries in two-byte characters',
      (n) => forkline.query(`select length('${'é'.repeat(MB / 2 - 100)}${n}') as a`),
    ],
    ['queries that fail', (n) => forkline.query(`select ${n} as a -- ${'x'.repeat(MB - 100)}\n | nothing`)],
  ];
  for (const [kind, send] of KINDS)
    it(`${TEXTS} ${kind} leave the server's memory bounded`, async () => {
      for (let n = 1; n <= WARM_UP_TEXTS; n++) await send(-n);
      const before = await serverBytes(forkline);
      const codes = new Set<number>();
      for (let n = 1; n <= TEXTS; n++) codes.add((await send(n)).status);
      expect([...codes], 'all ran alike').to.have.length(1);
      await until(
        async () => (await serverBytes(forkline)) < before + GROWTH_BYTES,
        DEADLINE_MS,
        'the memory of the server is bounded',
      );
      expect(await metric(forkline, 'forkline_plan_cache_bytes')).to.be.at.most(8 * MB);
      expect(await metric(forkline, 'forkline_history_bytes')).to.be.at.most(8 * MB);
    });

  it('a query that ended long ago keeps the beginning of its text', async () => {
    const text = `select 1 as a /* ${'x'.repeat(MB - 100)} */`;
    for (let n = 0; n < 6; n++) await forkline.query(text, { headers: { 'Query-Id': `long-${n}` } });
    const shown = async (id: string) => (await forkline.get(`/v1/queries/${id}`)).json.query as string;
    expect(await shown('long-5')).to.equal(text);
    expect(await shown('long-0')).to.equal(`${text.slice(0, 2000)}…[+${text.length - 2000} characters]`);
  });

  for (const path of ['/v1/query', '/v1/explain', '/v1/format'])
    it(`bodies to ${path} that are under way have a budget, and a client has half of it`, async () => {
      const body = 'x'.repeat(MB);
      const sockets: Socket[] = [];
      try {
        const first = await send(sockets, path, body.length + 1, body);
        const second = await send(sockets, path, body.length + 1, body);
        const third = await send(sockets, path, body.length, body);
        await until(() => third.answer().includes('\r\n\r\n{'), DEADLINE_MS, 'the third has an answer');
        expect(third.answer()).to.match(/^HTTP\/1\.1 429 .*"code":"too-many-queries".*"bodiesBytes"/s);
        expect(third.answer().toLowerCase()).to.include('connection: close').and.include('retry-after: 1');
        expect([first.answer(), second.answer()]).to.deep.equal(['', '']);
        expect((await forkline.query('select 1 as a')).status, 'small ones need none of it').to.equal(200);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
      await until(async () => (await metric(forkline, 'forkline_bodies_bytes')) === 0, DEADLINE_MS);
      const again = await forkline.query(`select 1 as a /* ${body.slice(200)} */`);
      expect(again.status, 'there is room again').to.equal(200);
    });

  interface Sent {
    answer(): string;
  }

  /** A request of so many bytes, of which `body` is sent. */
  async function send(sockets: Socket[], path: string, length: number, body: string): Promise<Sent> {
    const socket = connect(forkline.port, '127.0.0.1');
    sockets.push(socket);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', () => {}); // a refused body is not read to its end
    const before = await metric(forkline, 'forkline_bodies_bytes');
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`,
    );
    const hasCome = async () =>
      answer !== '' || (await metric(forkline, 'forkline_bodies_bytes')) >= before + body.length;
    await until(hasCome, DEADLINE_MS, 'the server has what was sent');
    return { answer: () => answer };
  }
});
