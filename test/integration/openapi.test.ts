/** /openapi.json says what is: each answer fits its schema, to the member, and each route and operation stands in it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { z } from 'zod';
import { type ApiSchemaName, apiSchemas } from '../../server/http/api-schemas.ts';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

interface Operation {
  readonly operationId?: string;
  readonly requestBody?: object;
  readonly responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}
interface Document {
  readonly info: { version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object> };
}

const METHODS = ['get', 'post', 'put', 'delete', 'patch'];

describe('the description of the API', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let document: Document;
  before(async () => {
    forkline = await sharedForkline();
    document = (await forkline.get('/openapi.json')).json as unknown as Document;
  });

  function operations(): { path: string; method: string; operation: Operation }[] {
    return Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = item[method];
        return operation === undefined ? [] : [{ path, method, operation }];
      }),
    );
  }

  it('tells the version of the package', () => {
    const file = fileURLToPath(new URL('../../package.json', import.meta.url));
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(document.info.version).to.equal(version);
  });

  it('gives each operation an id of its own, and each answer a schema', () => {
    const all = operations();
    expect(all.length).to.be.above(20);
    const ids = all.map(({ operation }) => operation.operationId);
    expect(ids).not.to.include(undefined);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { path, method, operation } of all) {
      expect(operation.responses, `${method} ${path}`).to.include.keys('default');
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (status === '204') continue;
        expect(Object.keys(content ?? {}), `${method} ${path} ${status}`).not.to.deep.equal([]);
        for (const [type, { schema }] of Object.entries(content ?? {}))
          expect(schema, `${method} ${path} ${status} ${type}`).to.be.an('object').that.is.not.empty;
      }
    }
  });

  it('leaves no list without items, and refers to what there is', () => {
    const walk = (value: unknown, where: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { type, items, $ref } = value as { type?: unknown; items?: unknown; $ref?: string };
      if (type === 'array') expect(items, where).to.be.an('object');
      if (typeof $ref === 'string')
        expect(document.components.schemas, where).to.have.property(
          $ref.replace('#/components/schemas/', ''),
        );
      for (const [name, inner] of Object.entries(value)) walk(inner, `${where}/${name}`);
    };
    walk(document, '#');
  });

  it('has every route that answers, and no other', async () => {
    const listed = new Map(Object.keys(document.paths).map((path) => [path.replace(/\{\w+\}/g, 'x'), path]));
    const others = ['/', '/docs', '/docs.css', '/docs.js', '/openapi.json'];
    for (const path of [...listed.keys(), ...others]) {
      const { headers, status } = await fetch(forkline.url + path, { method: 'OPTIONS' });
      expect(status, path).to.equal(204);
      if (others.includes(path)) continue;
      const allowed = headers.get('allow')!.toLowerCase().split(', ');
      const item = document.paths[listed.get(path)!]!;
      for (const method of METHODS)
        expect(method in item, `${method} ${path}`).to.equal(allowed.includes(method));
    }
  });

  async function send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(forkline.url + path, {
      method,
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return await response.json();
  }

  function expectFits(name: ApiSchemaName, value: unknown): void {
    const parsed = (apiSchemas[name] as z.ZodType).safeParse(value);
    expect(
      parsed.success ? [] : parsed.error.issues,
      `${name}: ${JSON.stringify(value).slice(0, 500)}`,
    ).to.deep.equal([]);
  }

  it('describes answers of queries: objects, lists, types, stages, warnings', async () => {
    for (const body of [
      { query: 'select 1 as a' },
      { query: 'select * from types', rows: 'arrays', numbers: 'string' },
      {
        query: 'select origin, delay from flights | where lower(origin) = origin | sample 3',
        limits: { rows: 1 },
      },
    ])
      expectFits('Answer', await send('POST', '/v1/query', body));
  });

  it('describes every problem', async () => {
    for (const [method, path, body] of [
      ['POST', '/v1/query', { query: 'select 1 as a\n| hed 1' }],
      ['POST', '/v1/query', { query: 'select dela from flights' }],
      ['POST', '/v1/query', { query: 'select pg_sleep(9)::text as a', limits: { timeoutMs: 300 } }],
      ['POST', '/v1/query', { query: 'select 9223372036854775807::int8 as a | eval b = a + 1' }],
      ['POST', '/v1/query', { nothing: 1 }],
      ['POST', '/v1/explain', { query: '@nowhere select 1' }],
      ['POST', '/v1/format', { query: 'select 1 | hed 5' }],
      ['GET', '/v1/queries/nobody', undefined],
      ['PUT', '/v1/query', undefined],
      ['GET', '/nowhere', undefined],
    ] as const)
      expectFits('Problem', await send(method, path, body));
  });

  it('describes plans: placed, in a worker, several sources, parameters, no stages', async () => {
    for (const body of [
      { query: 'select 1 as a' },
      { query: 'select origin, delay from flights | where delay > 0 | stats count() by origin' },
      { query: 'select origin from flights | where lower(origin) = :o | sample 3', params: { o: 'atl' } },
      { query: 'select iata from airports | join (select origin from flights) on iata = origin' },
      { query: "select 'ü' as a | where `a` <> 'x' -- end" },
    ])
      expectFits('Plan', await send('POST', '/v1/explain', body));
    expectFits('Plan', await send('POST', '/v1/explain/draft', { query: 'select 1 as a | head 1' }));
  });

  it('describes what the tools of the language say', async () => {
    expectFits('FormattedQuery', await send('POST', '/v1/format', { query: 'select 1|HEAD 5' }));
    for (const query of [
      'select * from ',
      'select 1 as a | where ',
      'select 1 as a | ',
      '@',
      'select 1 as a | head ',
    ])
      expectFits('Completion', await send('POST', '/v1/complete', { query, position: query.length }));
  });

  it('describes what operators ask', async () => {
    const headers = { 'Query-Id': 'described' };
    const running = forkline.query("set pushdown = off; select pg_sleep(60)::text as a | where a = 'x'", {
      headers,
    });
    while ((await forkline.get('/v1/queries/described')).status === 404);
    expectFits('Query', await send('GET', '/v1/queries/described'));
    expectFits('Queries', await send('GET', '/v1/queries'));
    expectFits('Processes', await send('GET', '/v1/processes'));
    expectFits('Cancelling', await send('DELETE', '/v1/queries/described'));
    await running;
    expectFits('Query', await send('GET', '/v1/queries/described'));
    expectFits('LogLines', await send('GET', '/v1/logs?limit=1000'));
    expectFits('LogSummary', await send('GET', '/v1/logs/summary'));
    expectFits('Limits', await send('GET', '/v1/limits'));
    expectFits('Liveness', await send('GET', '/livez'));
    expectFits('Readiness', await send('GET', '/readyz'));
  });
});
