/**
 * A body with 150,000 parameters held up the server's event loop for four seconds, and its error named all of them. What
 * is refused now is refused before it is parsed or checked, and errors name the first few of many mistakes.
 */
import { expect } from 'chai';
import { type QueryRequest, readQueryRequest } from '../../server/http/request/query-request.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';

const MB = 1024 * 1024;

function read(body: string, type = 'application/json', url = '/v1/query'): QueryRequest {
  const request = { method: 'POST', url, headers: { 'content-type': type } };
  return readQueryRequest(request as never, Buffer.from(body), MB); // the part of a request that it reads
}

const parameters = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, n]));
const objects = (count: number): string => `[${'{},'.repeat(count - 1)}{}]`;

/** Each with what it is refused with. */
const REFUSED: readonly (readonly [what: string, body: string, error: RegExp, type?: string])[] = [
  [
    '257 parameters',
    JSON.stringify({ query: 'select 1', params: parameters(257) }),
    /at most 256 parameters/,
  ],
  [
    '150,000 parameters',
    JSON.stringify({ query: 'select 1', params: parameters(150_000) }),
    /more than 10000 members/,
  ],
  ['300,000 unknown members', JSON.stringify(parameters(150_000)), /more than 10000 members/],
  ['a deep list', '['.repeat(2 * MB), /more than 10000 members/],
  ['a deep object', '{"a":'.repeat(300_000), /more than 10000 members/],
  ['600,000 empty objects', objects(600_000), /more than 10000 members/],
  ['commas alone', `[${','.repeat(MB)}]`, /more than 10000 members/],
  ['a list as a parameter', `{"query":"x","params":{"a":${objects(600_000)}}}`, /more than 10000 members/],
  [
    'many pairs of a form',
    `query=select+1${'&param.a=1'.repeat(100_000)}`,
    /at most 256 parameters/,
    'application/x-www-form-urlencoded',
  ],
];

describe('regression: bodies hold up the server', function () {
  this.timeout(120_000);

  for (const [what, body, error, type] of REFUSED)
    it(`${what}: refused`, () => {
      expect(() => read(body, type)).to.throw(error);
    });

  it('takes 256 parameters, and texts of any kind', () => {
    expect(
      Object.keys(read(JSON.stringify({ query: 'x', params: parameters(256) })).parameters),
    ).to.have.length(256);
    for (const text of [
      ',{['.repeat(100_000),
      '"'.repeat(100_000),
      '\\'.repeat(100_000),
      '\\"'.repeat(100_000),
    ]) {
      const params = { a: text, b: '\\', c: '"' };
      expect(read(JSON.stringify({ query: text, params }))).to.deep.include({ text, parameters: params });
    }
  });

  it('an error of many mistakes names the first of them, in a line each', () => {
    const wrong = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`p${n}`, { n }]));
    let message = '';
    try {
      read(
        JSON.stringify({
          query: 'x',
          params: { ...wrong, ['x'.repeat(100_000)]: {} },
          ['y'.repeat(100_000)]: 1,
        }),
      );
    } catch (thrown) {
      message = (thrown as Error).message;
    }
    expect(message)
      .to.match(/^params\.p0: a parameter is a string.*; and 19\d more$/)
      .and.have.length.below(2100);
  });

  describe('over HTTP', () => {
    let forkline: Forkline;
    before(async () => {
      forkline = await startForkline(FEW_PROCESSES);
    });
    after(() => forkline.stop());

    for (const path of ['/v1/query', '/v1/explain', '/v1/explain/draft', '/v1/complete', '/v1/format'])
      it(`${path} refuses what holds too much, shortly`, async () => {
        const name = 'n'.repeat(500_000);
        for (const body of [
          { query: 'select 1', position: 0, params: parameters(150_000) },
          { query: 'select 1', position: 0, params: { ...parameters(300) } },
          { query: 'select 1', position: 0, [name]: 1 },
          { query: `select 1 | ${name}`, position: -1, connection: name, format: name },
          { query: `select 1 | ${name}`, position: 5, connection: name },
        ]) {
          const response = await fetch(`${forkline.url}${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          });
          expect(response.status).to.be.within(400, 499);
          expect(await response.text()).to.have.length.below(10_000);
        }
      });

    it('GET /v1/limits says how many parameters there may be', async () => {
      expect((await forkline.get('/v1/limits')).json).to.include({ parameters: 256 });
    });
  });
});
