/** Requests that were read as something else than what they say: charsets, invalid UTF-8, options given twice. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { type RawAnswer, requestText, sendRaw } from '../support/raw-http.ts';

const JSON_TYPE = 'application/json';

describe('requests are never misread', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  async function post(
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    path = '/v1/query',
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(forkline.url + path, { method: 'POST', body, headers });
    return { status: response.status, text: await response.text() };
  }

  /** The target as it is, byte by byte. */
  function getRaw(target: string, encoding: BufferEncoding = 'utf8'): Promise<RawAnswer> {
    const text = requestText(`GET ${target} HTTP/1.1`, [['Host', 'localhost']]);
    return sendRaw(forkline.port, Buffer.from(text, encoding));
  }

  const QUERY = "select 'é€😀' as s";
  const latin1 = new Uint8Array(Buffer.from("select 'é' as s", 'latin1'));

  describe('the charset of a body', () => {
    for (const type of ['text/plain', JSON_TYPE, 'application/sql', 'application/x-www-form-urlencoded'])
      it(`of ${type} is UTF-8, or it is refused`, async () => {
        const body = type === JSON_TYPE ? JSON.stringify({ query: QUERY }) : QUERY;
        for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8', '"UTF8" ; x=y']) {
          const { status, text } = await post(body, { 'Content-Type': `${type}; charset=${charset}` });
          expect([status, text], charset).to.deep.equal([200, text]);
          expect(text).to.contain('é€😀');
        }
        const others = [
          'iso-8859-1',
          'windows-1252',
          'utf-16',
          'utf-16le',
          '"latin1"',
          'utf-7',
          '',
          'utf-8; charset=utf-16',
        ];
        for (const charset of others)
          for (const path of ['/v1/query', '/v1/explain', '/v1/format']) {
            const { status, text } = await post(
              body,
              { 'Content-Type': `${type}; charset=${charset}` },
              path,
            );
            expect([status, (JSON.parse(text) as { code: string }).code], `${charset} ${path}`).to.deep.equal(
              [415, 'unsupported-media-type'],
            );
          }
      });

    it('that says ASCII is ASCII', async () => {
      const headers = { 'Content-Type': 'text/plain; charset=us-ascii' };
      expect((await post('select 1 as one', headers)).status).to.equal(200);
      expect((await post(QUERY, headers)).status).to.equal(400);
    });

    it('that says nothing is UTF-8, compressed or not, for every route with a body', async () => {
      for (const path of ['/v1/query', '/v1/explain', '/v1/format'])
        expect((await post(latin1, { 'Content-Type': 'text/plain' }, path)).status, path).to.equal(400);
      expect((await post(latin1, { 'Content-Type': JSON_TYPE }, '/v1/complete')).status).to.equal(400);
    });

    it('of two types is refused, whichever comes first', async () => {
      for (const types of [
        ['text/plain', JSON_TYPE],
        [JSON_TYPE, 'text/plain'],
      ]) {
        const headers = [
          ['Host', 'localhost'],
          ...types.map((type) => ['Content-Type', type] as const),
        ] as const;
        const text = requestText('POST /v1/query HTTP/1.1', headers as never, '{"query": "select 1"}');
        expect((await sendRaw(forkline.port, text)).status).to.equal(400);
      }
    });
  });

  describe('invalid UTF-8 in a URL', () => {
    const invalid = ['%ff', '%c3%28', '%ed%a0%80', '%c0%af', '%f8%88%80%80%80', '%e2%82', 'a%80b'];
    for (const bytes of invalid)
      it(`${bytes} is refused wherever it stands`, async () => {
        for (const target of [
          `/v1/query?q=select+'${bytes}'+as+s`,
          `/v1/query?q=select+:p+as+s&param.p=${bytes}`,
          `/v1/query?q=select+1&param.${bytes}=1`,
          `/v1/query?q=select+1&connection=${bytes}`,
          `/v1/explain?q=select+'${bytes}'+as+s`,
          `/v1/logs?query=${bytes}`,
          `/v1/queries/${bytes}`,
        ]) {
          const { status, body } = await getRaw(target);
          expect(status, `${target} ${body}`).to.equal(400);
        }
        const form = await post(`query=select+'${bytes}'+as+s`, {
          'Content-Type': 'application/x-www-form-urlencoded',
        });
        expect(form.status).to.equal(400);
      });

    it('bytes without escapes are refused', async () => {
      for (const encoding of ['utf8', 'latin1'] as const)
        expect((await getRaw("/v1/query?q=select+'é'+as+s", encoding)).status).to.equal(400);
    });

    it('what is escaped rightly is read exactly', async () => {
      const text = "select '%+&=#é€😀 100%' as s, 7 % 4 as n";
      const { body } = await getRaw(`/v1/query?q=${encodeURIComponent(text)}`);
      expect(JSON.parse(body)).to.have.nested.property('rows[0].s', '%+&=#é€😀 100%');
      expect(JSON.parse((await getRaw('/v1/query?q=select+7+%+4+as+n')).body)).to.have.nested.property(
        'rows[0].n',
        3,
      );
    });
  });

  it('half of a surrogate pair in JSON is refused: it would become another text', async () => {
    for (const body of [
      String.raw`{"query": "select '\ud83d' as s"}`,
      String.raw`{"query": "select :p as s", "params": {"p": "\ude00"}}`,
      String.raw`{"query": "select 1 as s", "params": {"\ud83d": "a"}}`,
    ])
      expect((await post(body, { 'Content-Type': JSON_TYPE })).status, body).to.equal(400);
    const whole = String.raw`{"query": "select '\ud83d\ude00' as s"}`;
    expect((await post(whole, { 'Content-Type': JSON_TYPE })).text).to.contain('😀');
  });

  describe('what is given twice', () => {
    const json = (body: object) => JSON.stringify(body);
    const one = 'select i from generate_series(1, 3) i';
    for (const [what, search, body] of [
      ['a cap of rows', '?limit=1', json({ query: one, limits: { rows: 2 } })],
      ['a timeout', '?timeoutMs=1000', json({ query: one, limits: { timeoutMs: 2000 } })],
      ['a format', '?format=csv', json({ query: one, format: 'json' })],
      ['a form of rows', '?rows=arrays', json({ query: one, rows: 'objects' })],
      ['a form of numbers', '?numbers=string', json({ query: one, numbers: 'number' })],
      ['a connection', '?connection=main', json({ query: one, connection: 'other' })],
      ['pushdown', '?pushdown=off', json({ query: one, pushdown: 'require' })],
      ['a parameter', '?param.a=x', json({ query: 'select :a::text as a', params: { a: 'y' } })],
      ['a query in URL and body', '?q=select+2', json({ query: one })],
      ['the same query in URL and body', '?q=select+1', 'select 1'],
      ['a query in the URL beside an empty body', '?q=select+1', ''],
      ['an option in the URL', '?limit=1&limit=2', json({ query: one })],
      ['an option in the URL, equal ones', '?limit=1&limit=1', json({ query: one })],
      ['an option in the URL, escaped', '?limit=1&l%69mit=2', json({ query: one })],
      ['a parameter in the URL', '?param.a=x&param.a=y', json({ query: 'select :a::text as a' })],
      ['a query in JSON', '', '{"query": "select 1", "query": "select 2"}'],
      ['a query in JSON, escaped', '', String.raw`{"query": "select 1", "qu\u0065ry": "select 2"}`],
      ['a limit in JSON', '', `{"query": "${one}", "limits": {"rows": 1, "rows": 2}}`],
      ['limits in JSON', '', `{"query": "${one}", "limits": {"rows": 1}, "limits": {}}`],
      ['a parameter in JSON', '', '{"query": "select :a::text as a", "params": {"a": "x", "a": "y"}}'],
      ['__proto__ in JSON', '', '{"query": "select 1", "params": {"__proto__": "x", "__proto__": "y"}}'],
      ['a query in a form', '', 'query=select+1&query=select+2'],
      ['a query in a form by both names', '', 'query=select+1&q=select+2'],
      ['a limit in a form and the URL', '?limit=1', 'query=select+1&limit=2'],
    ] as const)
      it(`${what} is refused`, async () => {
        const type = body.startsWith('{')
          ? JSON_TYPE
          : body.startsWith('query=')
            ? 'application/x-www-form-urlencoded'
            : 'text/plain';
        for (const path of ['/v1/query', '/v1/explain']) {
          const { status, text } = await post(body, { 'Content-Type': type }, path + search);
          expect(status, text).to.equal(400);
          expect((JSON.parse(text) as { code: string }).code, text).to.equal('bad-request');
        }
      });

    it('in the path as well', async () => {
      expect((await forkline.get('/v1/query.csv?q=select+1&format=json')).status).to.equal(400);
      expect((await forkline.get('/v1/query.csv?q=select+1&format=csv')).status).to.equal(200);
      const both = await post(
        json({ query: one, format: 'json' }),
        { 'Content-Type': JSON_TYPE },
        '/v1/query.csv',
      );
      expect(both.status).to.equal(400);
    });

    it('a second q is refused, and a body beside the q of a GET', async () => {
      expect((await forkline.get('/v1/query?q=select+1&q=select+2')).status).to.equal(400);
      const text = requestText('GET /v1/query?q=select+1 HTTP/1.1', [['Host', 'localhost']], 'select 2');
      expect((await sendRaw(forkline.port, text)).status).to.equal(400);
      expect((await forkline.get('/v1/logs?limit=1&limit=2')).status).to.equal(400);
    });

    it('a limit that is no whole number is named as it was given', async () => {
      for (const value of ['1e1', '0', '-1', '1.5', '', '9007199254740993', '0x10']) {
        for (const name of ['limit', 'timeoutMs']) {
          const { status, text } = await forkline.get(`/v1/query?q=select+1&${name}=${value}`);
          const detail = `${name}=${value}: this is no whole number above 0`;
          expect([status, JSON.parse(text).detail], value).to.deep.equal([400, detail]);
        }
      }
      for (const value of ['0', '-1', '1.5', '1e400', '"1"', 'null', '9007199254740993']) {
        const body = `{"query": "${one}", "limits": {"rows": ${value}}}`;
        const { status, text } = await post(body, { 'Content-Type': JSON_TYPE });
        expect(status, value).to.equal(400);
        expect(JSON.parse(text).detail, value).to.equal('limits.rows: this is no whole number above 0');
      }
    });

    it('what agrees, or is about different things, is taken together', async () => {
      const body = json({ query: one, format: 'csv', limits: { timeoutMs: 5000 } });
      const { status, text } = await post(
        body,
        { 'Content-Type': JSON_TYPE },
        '/v1/query?limit=1&format=csv',
      );
      expect([status, text]).to.deep.equal([200, 'i\r\n1\r\n']);
    });

    it('names of members that look alike are no duplicates', async () => {
      const query = String.raw`select 'a "query": \" {' as s, :query as q, :limits as l`;
      const body = JSON.stringify({ query, params: { query: '"query":', limits: '\\' } });
      const { status, text } = await post(body, { 'Content-Type': JSON_TYPE });
      expect(status, text).to.equal(200);
      expect(JSON.parse(text)).to.have.nested.property('rows[0].l', '\\');
    });
  });

  it('numbers in a URL are digits', async () => {
    for (const text of ['0x10', '1e2', '%205', '5.0', '+5', '-1', '', '1_000'])
      for (const path of [
        `/v1/query?q=select+1&limit=${text}`,
        `/v1/query?q=select+1&timeoutMs=${text}`,
        `/v1/logs?limit=${text}`,
      ])
        expect((await forkline.get(path)).status, path).to.equal(400);
  });

  it('since is a time in ISO 8601, and nothing else that some parser reads', async () => {
    const path = (since: string) => `/v1/logs?limit=1&since=${encodeURIComponent(since)}`;
    const wrong = [
      '0.5',
      '1',
      '2026',
      '2026-02-30',
      '2026-02-30T00:00:00Z',
      '2026-13-01',
      '2026-01-01T24:00:00Z',
      '01/02/2026',
    ];
    for (const since of [...wrong, 'Jan 1 2026', '2026-01-01T00:00:60Z', '2026-01-01T00:00:00+25:00', ''])
      for (const route of [path(since), path(since).replace('/logs?', '/logs/summary?')])
        expect((await forkline.get(route)).status, route).to.equal(400);
    const right = [
      '2026-01-01',
      '2026-01-01T12:00Z',
      '2026-01-01T12:00:00',
      '2026-01-01T12:00:00.123456+05:30',
    ];
    for (const since of [...right, '2024-02-29T23:59:59,5-0800'])
      expect((await forkline.get(path(since))).status, since).to.equal(200);
  });

  describe('Accept', () => {
    const typeOf = async (accept: string) => {
      const response = await fetch(`${forkline.url}/v1/query?q=select+1+as+a`, {
        headers: { Accept: accept },
      });
      await response.arrayBuffer();
      return response.status === 200 ? response.headers.get('content-type')!.split(';')[0] : response.status;
    };
    for (const [accept, type] of [
      ['application/json; charset=utf-8', 'application/json'],
      ['application/json;charset="UTF-8"', 'application/json'],
      ['text/csv; charset=utf-8; header=present', 'text/csv'],
      ['text/csv;header=absent;q=0.9', 'text/csv'],
      ['application/x-ndjson; charset=utf-8', 'application/x-ndjson'],
      ['application/json;profile="a, text/csv;q=1"', 'application/json'],
      ['application/json;q=0.5, text/csv; charset=utf-8; q=0.8', 'text/csv'],
      ['application/json; charset=utf-8; q=0.2, text/csv; q=0.1', 'application/json'],
      ['text/*;charset=utf-8', 'text/csv'],
      ['application/vnd.apache.arrow.stream; x=y', 'application/vnd.apache.arrow.stream'],
      ['image/png, */*; charset=utf-8; q=0.1', 'application/json'],
      ['APPLICATION/JSON; CHARSET=UTF-8', 'application/json'],
      ['', 'application/json'],
      ['application/json; charset=iso-8859-1', 406],
      ['application/json; charset=utf-16, text/csv', 'text/csv'],
      ['application/json; charset=utf-8; q=0', 406],
      ['image/png; charset=utf-8', 406],
    ] as const)
      it(`${accept} gives ${type}`, async () => {
        expect(await typeOf(accept)).to.equal(type);
      });
  });
});
