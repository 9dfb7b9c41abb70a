/** `GET /v1/queries?stat=running` answered as if nothing had been asked: a misspelt option was ignored on most routes. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

/** The parts of a request that a route needs beside the option, so that the option is what is wrong. */
const NEEDED: Readonly<Record<string, string>> = { '/v1/query': 'q=select+1&', '/v1/explain': 'q=select+1&' };

describe('regression: unknown options were ignored', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  async function ask(method: string, path: string): Promise<{ status: number; text: string }> {
    const body = method === 'POST' ? JSON.stringify({ query: 'select 1', position: 1 }) : null;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(forkline.url + path, { method, body, headers });
    return { status: response.status, text: await response.text() };
  }

  it('on every route that /openapi.json has, and for every method', async () => {
    const { paths } = (await (await fetch(`${forkline.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    let tried = 0;
    for (const [template, methods] of Object.entries(paths)) {
      // They are not on here, and say so whatever is asked.
      if (/^\/v1\/(?:models|catalogue|connections|cache|jobs)\b/.test(template)) continue;
      const path = template
        .replace('{queryId}', 'some-query')
        .replace(/\.(json|ndjson|csv|arrow|parquet)$/, '');
      for (const method of ['get', 'head', 'post', 'delete'].filter((name) => name in methods)) {
        const { status, text } = await ask(
          method.toUpperCase(),
          `${template.replace('{queryId}', 'some-query')}?${method === 'get' ? (NEEDED[path] ?? '') : ''}nosuch=1`,
        );
        expect(status, `${method} ${template}: ${text}`).to.equal(400);
        if (method === 'head') continue;
        tried++;
        const problem = JSON.parse(text);
        if (template.startsWith('/angora/')) {
          // The older engine's form of an error.
          expect(problem.message, `${method} ${template}`).to.include(
            'unknown option nosuch in the query string',
          );
          continue;
        }
        expect(problem.detail, `${method} ${template}`).to.equal('unknown option nosuch in the query string');
        expect(problem.hint, `${method} ${template}`).to.match(/takes no options|Known: /);
      }
    }
    expect(tried).to.be.at.least(20);
    expect((await ask('HEAD', '/v1/queries?nosuch=1')).status).to.equal(400);
    expect((await ask('GET', '/openapi.json?nosuch=1')).status).to.equal(400);
  });

  it('and the one that was meant is named', async () => {
    for (const [path, meant] of [
      ['/v1/query?q=select+1&limt=5', '`limit`'],
      ['/v1/explain?q=select+1&push-down=off', '`pushdown`'],
      ['/v1/logs?sinc=2026-01-01', '`since`'],
      ['/v1/logs/summary?Limit=3', '`limit`'],
    ] as const) {
      const { status, text } = await ask('GET', path);
      expect(status, path).to.equal(400);
      expect(JSON.parse(text).hint, path).to.include(`Did you mean ${meant}?`);
    }
  });

  it('other methods are still told what is allowed', async () => {
    expect((await ask('DELETE', '/v1/queries?nosuch=1')).status).to.equal(405);
    expect((await ask('GET', '/v1/queries?')).status).to.equal(200);
  });
});
