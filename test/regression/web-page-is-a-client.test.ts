/** Web pages got answers: by a name that was made to resolve to this machine, from any origin, by any form. */
import { expect } from 'chai';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { type RawAnswer, requestText, sendRaw } from '../support/raw-http.ts';

type Header = readonly [string, string];

const QUERY = 'select 1 as one';
const TEXT: Header = ['Content-Type', 'text/plain'];
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

describe('a web page is a client', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({
      ...FEW_PROCESSES,
      access: { hostNames: ['forkline.example.com'] },
      cors: { origins: ['https://app.example.com'] },
    });
  });
  after(() => forkline.stop());

  const own = (): Header => ['Host', `127.0.0.1:${forkline.port}`];
  const post = (headers: readonly Header[], line = 'POST /v1/query HTTP/1.1'): Promise<RawAnswer> =>
    sendRaw(forkline.port, requestText(line, [TEXT, ...headers], QUERY));
  const get = (headers: readonly Header[], line = 'GET /v1/query?q=select+1 HTTP/1.1') =>
    sendRaw(forkline.port, requestText(line, headers));
  const codeOf = ({ body }: RawAnswer) => (JSON.parse(body) as { code?: string }).code;

  function expectSecured({ headers }: RawAnswer): void {
    expect(headers).to.include(SECURITY);
    expect(headers['content-security-policy']).to.contain("frame-ancestors 'none'");
  }

  describe('by Host', () => {
    const passing = [
      'localhost',
      'LocalHost:8080',
      'localhost.',
      'localhost.:8080',
      'forkline.localhost',
      '127.0.0.1',
      '10.1.2.3:8080',
      '[::1]:8080',
      '[2001:db8::1]',
      'forkline.example.com',
      'FORKLINE.example.com.:443',
    ];
    for (const host of passing)
      it(`passes ${host}`, async () => {
        expect((await post([['Host', host]])).status).to.equal(200);
        expect((await get([['Host', host]])).status).to.equal(200);
      });

    const refused = [
      'evil.com',
      'evil.com:8080',
      'localhost.evil.com',
      'localhost:8080.evil.com',
      '127.0.0.1.nip.io',
      '127.0.0.1.nip.io:8080',
      '127.1',
      '2130706433',
      '0x7f.0.0.1',
      '[::1].evil.com',
      '::1',
      '[::1',
      '[127.0.0.1]',
      'x.forkline.example.com',
      'forkline.example.com.evil.com',
      'evil.com@localhost',
      'localhost@evil.com',
      'localhost, evil.com',
      'localhost/evil.com',
      'notlocalhost',
      '.localhost',
      'localhost..',
      'localhost:',
      'ｌocalhost',
    ];
    for (const host of refused)
      it(`refuses ${host}`, async () => {
        for (const answer of [await post([['Host', host]]), await get([['Host', host]])]) {
          expect([answer.status, codeOf(answer)], answer.body).to.deep.equal([421, 'unknown-host']);
          expectSecured(answer);
        }
      });

    it('refuses two of them, whichever is good', async () => {
      for (const [first, second] of [
        ['localhost', 'evil.com'],
        ['evil.com', 'localhost'],
      ] as const) {
        const headers: Header[] = [
          ['Host', first],
          ['host', second],
        ];
        expect((await post(headers)).status).to.equal(400);
        expect((await get(headers)).status).to.equal(400);
      }
    });

    it('refuses none in HTTP/1.1 and passes none in HTTP/1.0, where probes leave it out', async () => {
      expect((await get([])).status).to.equal(400);
      expect((await get([], 'GET /readyz HTTP/1.0')).status).to.equal(200);
      expect((await get([['Host', '']])).status).to.equal(421);
    });

    it('looks at an absolute request target as well', async () => {
      const line = (host: string) => `POST http://${host}/v1/query HTTP/1.1`;
      expect((await post([own()], line('evil.com'))).status).to.equal(421);
      expect((await post([['Host', 'evil.com']], line('localhost'))).status).to.equal(421);
      expect((await post([own()], line('localhost'))).status).to.equal(200);
      expect((await post([own()], line('user@localhost'))).status).to.equal(421);
      expect((await get([own()], 'GET http://evil.com/v1/queries HTTP/1.0')).status).to.equal(421);
    });

    it('on every route', async () => {
      const paths = [
        '/',
        '/docs',
        '/openapi.json',
        '/metrics',
        '/livez',
        '/readyz',
        '/v1/queries',
        '/v1/logs',
      ];
      for (const path of [...paths, '/v1/processes', '/v1/limits', '/nowhere']) {
        const answer = await get([['Host', 'evil.com']], `GET ${path} HTTP/1.1`);
        expect(answer.status, path).to.equal(421);
      }
    });
  });

  describe('by Origin', () => {
    const foreign = [
      'http://evil.com',
      'https://evil.com',
      'null',
      '',
      'http://127.0.0.1',
      'http://127.0.0.1:1',
      'http://localhost:3000',
      'https://app.example.com.evil.com',
      'http://app.example.com',
      'https://APP.example.com:444',
      'https://app.example.com, http://evil.com',
      'file://',
      'chrome-extension://abcdef',
    ];
    for (const origin of foreign)
      it(`refuses ${origin || 'an empty one'}`, async () => {
        // text/plain needs no preflight, and a form can send it.
        for (const answer of [
          await post([own(), ['Origin', origin]]),
          await get([own(), ['Origin', origin]]),
          await get([own(), ['Origin', origin]], 'DELETE /v1/queries/x HTTP/1.1'),
          await get(
            [own(), ['Origin', origin], ['Access-Control-Request-Method', 'POST']],
            'OPTIONS /v1/query HTTP/1.1',
          ),
        ]) {
          expect([answer.status, codeOf(answer)], answer.body).to.deep.equal([403, 'foreign-origin']);
          expect(answer.headers).not.to.have.property('access-control-allow-origin');
          expectSecured(answer);
        }
      });

    it('passes its own, also where a proxy speaks TLS for it', async () => {
      expect((await post([own(), ['Origin', `http://127.0.0.1:${forkline.port}`]])).status).to.equal(200);
      const proxied: Header[] = [
        ['Host', 'forkline.example.com'],
        ['Origin', 'https://forkline.example.com'],
      ];
      expect((await post(proxied)).status).to.equal(200);
    });

    it('lets a page of cors.origins ask, and read the answer', async () => {
      const page: Header[] = [own(), ['Origin', 'https://app.example.com'], ['Sec-Fetch-Site', 'cross-site']];
      const preflight = await get(
        [
          ...page,
          ['Access-Control-Request-Method', 'POST'],
          ['Access-Control-Request-Headers', 'content-type'],
        ],
        'OPTIONS /v1/query HTTP/1.1',
      );
      expect(preflight.status).to.equal(204);
      expect(preflight.headers).to.include({
        'access-control-allow-origin': 'https://app.example.com',
        'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
      });
      expect(preflight.headers['access-control-allow-headers']).to.match(/content-type/i);
      for (const answer of [await post(page), await get(page)]) {
        expect(answer.status).to.equal(200);
        expect(answer.headers['access-control-allow-origin']).to.equal('https://app.example.com');
        expect(answer.headers['access-control-expose-headers']).to.contain('Query-Id');
        expect(answer.headers.vary).to.match(/Origin/);
      }
      const failed = await get(page, 'GET /v1/query?q=selec HTTP/1.1');
      expect([failed.status, failed.headers['access-control-allow-origin']]).to.deep.equal([
        400,
        'https://app.example.com',
      ]);
    });
  });

  describe('by Sec-Fetch-Site', () => {
    const link: Header[] = [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Sec-Fetch-Mode', 'navigate'],
      ['Sec-Fetch-Dest', 'document'],
    ];

    it('refuses what pages of other sites embed or lead to', async () => {
      for (const site of ['cross-site', 'same-site', 'something-new', 'same-origin, cross-site']) {
        expect((await get([own(), ['Sec-Fetch-Site', site]])).status, site).to.equal(403);
        expect((await post([own(), ['Sec-Fetch-Site', site]])).status, site).to.equal(403);
      }
      expect((await get([own(), ...link])).status).to.equal(403);
      expect((await get([own(), ...link], 'GET /v1/processes HTTP/1.1')).status).to.equal(403);
      const framed: Header[] = [own(), link[0]!, link[1]!, ['Sec-Fetch-Dest', 'iframe']];
      expect((await get(framed, 'GET /docs HTTP/1.1')).status).to.equal(403);
      expect((await post([own(), ...link], 'POST /docs HTTP/1.1')).status).to.equal(403);
    });

    it('passes a click that leads to the page, its own page and the address line', async () => {
      expect((await get([own(), ...link], 'GET /docs HTTP/1.1')).status).to.equal(200);
      for (const site of ['same-origin', 'none'])
        expect((await get([own(), ['Sec-Fetch-Site', site]])).status, site).to.equal(200);
    });
  });

  it('every answer says what a browser must not do with it', async () => {
    for (const answer of [
      await post([own()]),
      await get([own()]),
      await get([own()], 'GET /v1/query?q=selec HTTP/1.1'),
      await post([own(), ['Query-Id', '\t!']]),
      await get([own()], 'GET /nowhere HTTP/1.1'),
      await get([own()], 'GET /v1/limits HTTP/1.1'),
      await get([own()], 'GET /metrics HTTP/1.1'),
      await get([own()], 'GET /docs HTTP/1.1'),
      await sendRaw(forkline.port, 'no request\r\n\r\n'),
    ])
      expectSecured(answer);
  });
});
