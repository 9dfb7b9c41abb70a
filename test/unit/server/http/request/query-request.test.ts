import { expect } from 'chai';
import express, { type ErrorRequestHandler } from 'express';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import {
  bodyOf,
  type QueryRequest,
  readQueryRequest,
} from '../../../../../server/http/request/query-request.ts';
import { type HttpFixture, serve } from '../../http-fixture.ts';

const QUERY_BYTES = 1000;

describe('query requests', () => {
  let http: HttpFixture;
  before(async () => {
    http = await serve((app) => {
      app.all('/q', express.raw({ type: () => true, limit: 100_000 }), (request, response) => {
        response.json(readQueryRequest(request, bodyOf(request), QUERY_BYTES));
      });
      const onError: ErrorRequestHandler = (thrown, _request, response, _next) => {
        response.status(400).json(QueryError.from(thrown).toWire());
      };
      app.use(onError);
    });
  });
  after(() => http[Symbol.asyncDispose]());

  async function ask(
    init: RequestInit,
    search = '',
  ): Promise<QueryRequest & { code?: string; message?: string; hint?: string }> {
    const response = await fetch(`${http.url}/q${search}`, init);
    return (await response.json()) as QueryRequest;
  }
  const post = (body: string, type?: string, headers: Record<string, string> = {}) =>
    ask({
      method: 'POST',
      body,
      headers: { ...(type !== undefined && { 'Content-Type': type }), ...headers },
    });
  const form = 'application/x-www-form-urlencoded';

  it('a text body is the query', async () => {
    expect(await post('select 1 | head 1', 'text/plain')).to.deep.include({
      text: 'select 1 | head 1',
      parameters: {},
      capRows: null,
      answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
    });
  });

  it("curl -d's content type is text unless the body is form-encoded pairs", async () => {
    expect((await post('select a=1, b&c from t | where x = 1', form)).text).to.equal(
      'select a=1, b&c from t | where x = 1',
    );
    expect((await post('query = 1', form)).text).to.equal('query = 1');
    expect(await post('query=select+1&format=csv', form)).to.deep.include({
      text: 'select 1',
      answer: { format: 'csv', rows: 'objects', numbers: 'number', end: 'line' },
    });
  });

  it('a JSON body carries parameters and limits', async () => {
    const body = {
      query: 'q',
      params: { a: 1, b: 'x', c: null, d: true },
      limits: { rows: 5, timeoutMs: 10 },
      connection: 'crm',
    };
    expect(await post(JSON.stringify(body), 'application/json')).to.deep.include({
      text: 'q',
      connection: 'crm',
      parameters: body.params,
      capRows: 5,
      timeoutMs: 10,
    });
  });

  it('GET takes everything from the address', async () => {
    const search =
      '?q=select+1&format=ndjson&param.n=3&param.s=x&param.z=007&param.e=null&limit=7&rows=arrays&numbers=string';
    expect(await ask({ method: 'GET' }, search)).to.deep.include({
      text: 'select 1',
      // Untyped text: what it stands beside says what it is.
      parameters: { n: { text: '3' }, s: { text: 'x' }, z: { text: '007' }, e: { text: 'null' } },
      capRows: 7,
      answer: { format: 'ndjson', rows: 'arrays', numbers: 'string', end: 'line' },
    });
  });

  it('Accept chooses the format, ?format= wins', async () => {
    const accept = (type: string) => post('q', 'text/plain', { Accept: type });
    expect((await accept('text/csv')).answer.format).to.equal('csv');
    expect((await accept('text/html, */*;q=0.8')).answer.format).to.equal('json');
    expect((await accept('application/vnd.apache.arrow.stream')).answer.format).to.equal('arrow');
    expect(
      (
        await ask(
          { method: 'POST', body: 'q', headers: { Accept: 'text/csv', 'Content-Type': 'text/plain' } },
          '?format=json',
        )
      ).answer.format,
    ).to.equal('json');
    expect(await accept('image/png')).to.include({ code: 'not-acceptable' });
  });

  const refusals: [
    string,
    () => Promise<{ code?: string; message?: string; hint?: string }>,
    string,
    string,
  ][] = [
    ['a body that is not JSON', () => post('{"query": ', 'application/json'), 'bad-json', 'not valid JSON'],
    ['a JSON body without a query', () => post('{}', 'application/json'), 'bad-request', 'query'],
    [
      'a misspelt member',
      () => post('{"query":"q","formt":"csv"}', 'application/json'),
      'bad-request',
      'formt',
    ],
    [
      'a parameter that is an object',
      () => post('{"query":"q","params":{"a":{"b":1}}}', 'application/json'),
      'bad-request',
      'params.a',
    ],
    [
      'a parameter that is a list of lists',
      () => post('{"query":"q","params":{"a":[[1]]}}', 'application/json'),
      'bad-request',
      'params.a',
    ],
    [
      'a parameter that is given twice in the address',
      () => ask({ method: 'GET' }, '?q=x&param.a=1&param.a=2'),
      'bad-request',
      'twice',
    ],
    ['a misspelt option', () => ask({ method: 'POST', body: 'q' }, '?fromat=csv'), 'bad-request', 'fromat'],
    [
      'a limit that is no number',
      () => ask({ method: 'GET' }, '?q=x&limit=many'),
      'bad-request',
      'limit=many',
    ],
    ['an unknown format', () => ask({ method: 'GET' }, '?q=x&format=xml'), 'not-acceptable', 'xml'],
    ['a GET without a query', () => ask({ method: 'GET' }), 'bad-request', 'missing'],
    [
      'an unknown body type',
      () => post('<q/>', 'application/xml'),
      'unsupported-media-type',
      'application/xml',
    ],
    [
      'a query over the limit',
      () => post('x'.repeat(QUERY_BYTES + 1), 'text/plain'),
      'query-too-large',
      `${QUERY_BYTES}`,
    ],
  ];
  for (const [what, send, code, mention] of refusals) {
    it(`refuses ${what} with ${code} and a hint`, async () => {
      const { hint, message, ...error } = await send();
      expect(error).to.include({ code });
      expect(message).to.contain(mention);
      expect(hint, 'hint').to.be.a('string').that.is.not.empty;
    });
  }

  it('refuses bytes that are not UTF-8', async () => {
    const body = new Uint8Array([0x73, 0xff, 0xfe]);
    expect(await ask({ method: 'POST', body, headers: { 'Content-Type': 'text/plain' } })).to.include({
      code: 'bad-request',
    });
  });
});
