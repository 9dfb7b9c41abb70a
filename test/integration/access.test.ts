/** Authentication and policy of a whole Forkline: who is let in where, and that no credential is found anywhere afterwards. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { recordFigure } from '../support/figures.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { requestText, sendRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);

const POLICY = {
  roles: {
    analyst: {
      connections: ['main'],
      stages: ['where', 'head', 'union'],
      limits: { resultRows: 5, timeoutMs: 59_000 },
    },
    slow: { connections: ['main'], limits: { queriesPerMinute: 2 } },
    single: { connections: ['main'], limits: { concurrentQueries: 1 } },
    operator: { connections: '*', queries: 'all', logs: true, metrics: true, processes: true },
  },
};

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: {
    readonly code?: string;
    readonly detail?: string;
    readonly limit?: { readonly name: string };
    readonly rows?: readonly unknown[];
    readonly queries?: readonly { readonly query: string; readonly principal: string }[];
    readonly suggestions?: readonly string[];
  };
}

describe('access', function () {
  this.timeout(120_000);
  let dir: string;
  let forkline: Forkline;
  let provider: IdentityProvider;
  let env: Record<string, string>;
  /** Every secret that was used: none may be found afterwards. */
  const secrets: string[] = [];

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-access-'));
    provider = await startIdentityProvider();
    const { url } = await testDatabase();
    const policyFile = join(dir, 'policy.json');
    writeFileSync(policyFile, JSON.stringify(POLICY));
    forkline = await startForkline({
      ...FEW_PROCESSES,
      connections: { main: { url }, hidden: { url } },
      access: {
        keysFile: join(dir, 'keys.json'),
        policyFile,
        jwt: { issuer: provider.issuer, audience: provider.audience, jwksUrl: provider.jwksUrl },
      },
      cors: { origins: ['https://app.example.com'] },
    });
    env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
  });
  after(async () => {
    await forkline?.stop();
    await provider?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  async function createKey(name: string, ...options: readonly string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [COMMAND, 'keys', 'create', name, ...options], { env });
    const key = stdout.trim();
    secrets.push(key);
    await until(async () => ((await ask('GET', '/v1/limits', key)).status === 200 ? true : null), 5000);
    return key;
  }

  async function ask(method: string, path: string, credential?: string, body?: string): Promise<Asked> {
    const response = await fetch(`${forkline.url}${path}`, {
      method,
      headers: {
        ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
        ...(body !== undefined && { 'content-type': 'text/plain' }),
      },
      ...(body !== undefined && { body }),
      redirect: 'manual',
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
  }
  const query = (credential: string, text: string, path = '/v1/query') => ask('POST', path, credential, text);

  const ROUTES: readonly (readonly [string, string])[] = [
    ...([
      'POST /v1/query',
      'GET /v1/query?q=select+1',
      'HEAD /v1/query?q=select+1',
      'POST /v1/query.csv',
    ] as const),
    ...([
      'POST /v1/explain',
      'POST /v1/explain/draft',
      'POST /v1/format',
      'POST /v1/complete',
      'GET /v1/queries',
      'GET /v1/queries/x',
    ] as const),
    ...(['DELETE /v1/queries/x', 'GET /v1/processes', 'GET /v1/logs', 'GET /v1/logs/summary'] as const),
    ...([
      'GET /v1/limits',
      'GET /metrics',
      'GET /openapi.json',
      'POST /docs',
      'GET /docs/',
      'GET /docs/../metrics',
      'GET /docs.json',
      'DELETE /',
    ] as const),
    ...([
      'GET /nowhere',
      'OPTIONS /v1/query',
      'GET /LIVEZ',
      'GET /livez/',
      'GET //livez',
      'GET /livez/../metrics',
      'GET /console',
      'GET /console/../metrics',
      'GET /console//v1/queries',
    ] as const),
  ].map((route) => route.split(' ') as unknown as readonly [string, string]);

  for (const [method, path] of ROUTES)
    it(`is refused without a credential: ${method} ${path}`, async () => {
      const body = method === 'POST' ? 'select 1' : '';
      const line = `${method} ${path} HTTP/1.1`;
      const answer = await sendRaw(
        forkline.port,
        requestText(
          line,
          [
            ['Host', 'localhost'],
            ['Content-Type', 'text/plain'],
          ],
          body,
        ),
      );
      expect(answer.status).to.equal(401);
      expect(answer.headers['www-authenticate']).to.equal('Bearer realm="forkline"');
    });

  it('is open to the page, which asks with the key of whoever reads it', async () => {
    for (const path of ['/docs', '/docs.css', '/docs.js']) {
      const { status, headers } = await ask('GET', path);
      expect(status, path).to.equal(200);
      expect(headers.get('content-type')).to.match(/^text\//);
    }
    const page = await ask('GET', '/');
    expect(page.status).to.equal(200);
    expect(page.text).to.contain('console/');
    expect((await ask('GET', '/docs')).text).to.contain('id="key"');
    expect((await ask('GET', '/docs.js')).text).to.contain('Authorization');
  });

  it('is open to probes of health and to preflights', async () => {
    for (const path of ['/livez', '/readyz', '/readyz?verbose=1'])
      expect((await ask('GET', path)).status, path).to.be.oneOf([200, 400]);
    expect((await ask('GET', '/readyz')).status).to.equal(200);
    const preflight = await fetch(`${forkline.url}/v1/query`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get('access-control-allow-headers')).to.contain('Authorization');
  });

  it("is open to the console's page and its files, which hold nothing of the server's", async () => {
    const page = await ask('GET', '/');
    expect(page.status).to.equal(200);
    expect((await ask('GET', '/console/none.js')).status).to.equal(404);
  });

  it('opens to a key by either path, and closes soon when it is revoked', async () => {
    const key = await createKey('alice', '--roles', 'analyst');
    expect((await query(key, 'select 1 as one')).json.rows).to.deep.equal([{ one: 1 }]);
    expect((await ask('GET', '/v1/query?q=select+1+as+one', key)).status).to.equal(200);
    const running = query(key, 'select pg_sleep(60)');
    await until(
      async () => ((await ask('GET', '/v1/queries', key)).text.includes('pg_sleep') ? true : null),
      5000,
    );
    const { stdout } = await run(process.execPath, [COMMAND, 'keys', 'revoke', key], { env });
    const revokedAt = Date.now();
    expect(stdout).to.equal('');
    await until(async () => ((await query(key, 'select 1')).status === 401 ? true : null), 5000);
    recordFigure('a revoked key is refused after', Date.now() - revokedAt, 'ms');
    expect((await running).json.code).to.equal('cancelled');
  });

  it('opens to a token of a real identity provider, with its roles', async () => {
    const token = await provider.token();
    secrets.push(token.split('.')[2]!);
    expect((await query(token, 'select 1 as one')).json.rows).to.deep.equal([{ one: 1 }]);
    expect((await query(token, 'select 1 as one')).status, 'known by now').to.equal(200);
    expect((await ask('GET', '/v1/logs', token)).status).to.equal(403);
    const { queries } = (await ask('GET', '/v1/queries', token)).json;
    expect(queries?.map(({ principal }) => principal)).to.deep.equal(['jwt:reader', 'jwt:reader']);
  });

  it('refuses tokens that the provider would not issue', async () => {
    const expired = await provider.signed({ exp: 1 });
    const answer = await query(expired, 'select 1');
    expect([answer.status, answer.json.detail]).to.deep.equal([401, 'the token has expired']);
    expect(answer.text).not.to.contain(expired.slice(0, 20));
  });

  it('refuses a token of a megabyte and two Authorization headers', async () => {
    const key = await createKey('bob', '--roles', 'analyst');
    const host = ['Host', 'localhost'] as const;
    const long = ['Authorization', `Bearer ${'a'.repeat(1024 * 1024)}`] as const;
    const own = ['Authorization', `Bearer ${key}`] as const;
    const get = 'GET /v1/limits HTTP/1.1';
    expect(
      (await sendRaw(forkline.port, requestText(get, [host, long])).catch(() => ({ status: 431 }))).status,
    ).to.equal(431);
    expect((await sendRaw(forkline.port, requestText(get, [host, own, own]))).status).to.equal(400);
    expect((await sendRaw(forkline.port, requestText(get, [host, own]))).status).to.equal(200);
  });

  it('shows a role its own connections, stages and queries, and nothing that says of others that they exist', async () => {
    const analyst = await createKey('carol', '--roles', 'analyst');
    const operator = await createKey('dave', '--roles', 'operator');
    await query(operator, "select 'of the operator'");
    const texts = async (key: string) =>
      (await ask('GET', '/v1/queries', key)).json.queries!.map((one) => one.query);
    expect(await texts(analyst)).to.deep.equal([]);
    expect(await texts(operator)).to.include("select 'of the operator'");
    const [foreign] = (
      JSON.parse((await ask('GET', '/v1/queries', operator)).text) as { queries: { queryId: string }[] }
    ).queries;
    expect((await ask('GET', `/v1/queries/${foreign!.queryId}`, analyst)).status).to.equal(404);
    expect((await ask('DELETE', `/v1/queries/${foreign!.queryId}`, analyst)).status).to.equal(404);

    const said = async (name: string, path: string, text: string) => {
      const { status, json } = await query(analyst, text.replace('NAME', name), path.replace('NAME', name));
      return JSON.stringify([status, json.code, json.detail, json.suggestions]).replaceAll(name, 'NAME');
    };
    for (const [path, text] of [
      ['/v1/query?connection=NAME', 'select 1'],
      ['/v1/explain?connection=NAME', 'select 1'],
      ['/v1/query', 'select 1 as a | union (@NAME select 2 as a)'],
      ['/v1/query', '@NAME select 1 as a'],
      ['/v1/explain/draft', 'select 1 as a | union (@NAME select 2 as a)'],
      ['/v1/explain', 'select 1 as a | union (@NAME select 2 as a)'],
    ] as const)
      expect(await said('hidden', path, text), `${path} ${text}`).to.equal(await said('nowhere', path, text));
    expect((await query(operator, 'select 1', '/v1/query?connection=hidden')).status).to.equal(200);

    for (const text of [
      'select 1 as a | sql (select * from input)',
      'select 1 as a | union (select 2 as a | sort a)',
      'let x = (select 1 as a | stats count()); select 1 as a | union x',
    ]) {
      const { status, json } = await query(analyst, text);
      expect([status, json.code], text).to.deep.equal([403, 'forbidden']);
    }
    expect((await query(analyst, 'select 1 as a | sort a')).status).to.equal(403);
    expect((await query(operator, 'select 1 as a | sort a')).status).to.equal(200);
    expect((await query(analyst, 'select 1 as a | sort a')).status, 'not from a cache').to.equal(403);
    expect((await query(analyst, 'select 1 as a | where a = 1')).json.rows).to.deep.equal([{ a: 1 }]);
    for (const path of ['/v1/logs', '/v1/logs/summary', '/metrics', '/v1/processes']) {
      expect((await ask('GET', path, analyst)).status, path).to.equal(403);
      expect((await ask('GET', path, operator)).status, path).to.equal(200);
    }
  });

  it('lets a key for metrics read metrics, and a role that the policy does not know nothing', async () => {
    const metrics = await createKey('prometheus', '--only', 'metrics');
    expect((await ask('GET', '/metrics', metrics)).status).to.equal(200);
    const roleless = await createKey('eve');
    for (const key of [metrics, roleless])
      for (const path of [
        '/v1/query',
        '/v1/query.csv',
        '/v1/explain',
        '/v1/explain/draft',
        '/v1/format',
        '/v1/complete',
      ])
        expect((await query(key, 'select 1', path)).status, path).to.equal(403);
    expect((await ask('GET', '/metrics', roleless)).status).to.equal(403);
  });

  it('holds the limits of a role, each by its name', async () => {
    const analyst = await createKey('frank', '--roles', 'analyst');
    const rows = await query(analyst, 'select generate_series(1, 6) as n');
    expect([rows.status, rows.json.limit?.name]).to.deep.equal([422, 'resultRows']);
    expect((await query(analyst, 'select generate_series(1, 5) as n')).status).to.equal(200);
    const slow = await createKey('grace', '--roles', 'slow');
    const answers = [];
    for (let index = 0; index < 3; index++) answers.push(await query(slow, 'select 1'));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 429]);
    expect(answers[2]!.json.limit?.name).to.equal('queriesPerMinute');
    expect(Number(answers[2]!.headers.get('retry-after'))).to.be.within(1, 30);
    const single = await createKey('heidi', '--roles', 'single');
    const running = query(single, 'select pg_sleep(60)', '/v1/query');
    await until(
      async () => ((await ask('GET', '/v1/queries', single)).text.includes('pg_sleep') ? true : null),
      5000,
    );
    const second = await query(single, 'select 1');
    expect([second.status, second.json.limit?.name]).to.deep.equal([429, 'concurrentQueries']);
    const { queries } = JSON.parse((await ask('GET', '/v1/queries', single)).text) as {
      queries: { queryId: string }[];
    };
    await ask('DELETE', `/v1/queries/${queries[0]!.queryId}`, single);
    expect((await running).json.code).to.equal('cancelled');
  });

  it('is told to commands by FORKLINE_KEY, and shown by policy explain', async () => {
    const key = await createKey('ivan', '--roles', 'analyst');
    const asked = { env: { ...env, FORKLINE_URL: forkline.url, FORKLINE_KEY: key } };
    const { stdout } = await run(
      process.execPath,
      [COMMAND, 'query', '--format', 'csv', 'select 1 as one'],
      asked,
    );
    expect(stdout).to.equal('one\r\n1\r\n');
    const explained = await run(process.execPath, [COMMAND, 'policy', 'explain', '--as', 'analyst'], { env });
    expect(explained.stdout).to.contain('connections: main (by analyst)').and.contain('limits.resultRows: 5');
    const decide = async (as: string, query: string) =>
      run(process.execPath, [COMMAND, 'policy', 'explain', '--as', as, query], { env }).then(
        ({ stdout: told }) => `0 ${told}`,
        ({ code, stdout: told, stderr }: { code: number; stdout: string; stderr: string }) =>
          `${code} ${told}${stderr}`,
      );
    expect(await decide('ivan', 'select 1 as a | where a = 1')).to.match(
      /^0 yes ask queries \(by analyst\)\nyes connections: main \(by analyst\)\nyes stages: where [\s\S]*allowed by the policy\n$/,
    );
    for (const [as, text, told] of [
      ['ivan', 'select 1 as a | union (@hidden select 2 as a)', 'refused by the rule: connections: hidden'],
      ['key:ivan', 'let x = (select 1 as a | sort a); x', 'refused by the rule: stages: sort'],
      ['analyst', '@nowhere select 1 as a', 'there is no connection nowhere'],
      ['metrics', 'select 1', 'nor a key or certificate of that name'],
      ['ivan', 'select 1 | whre', 'the query is wrong, whoever asks it: unknown-stage'],
    ] as const)
      expect(await decide(as, text), text)
        .to.match(/^1 /)
        .and.contain(told);
    const listed = await run(process.execPath, [COMMAND, 'keys', 'list'], { env });
    expect(listed.stdout)
      .to.match(/ivan +valid/)
      .and.match(/alice +revoked/);
    const unknown = await run(process.execPath, [COMMAND, 'keys', 'create', 'x', '--roles', 'analist'], {
      env,
    }).then(
      () => expect.fail('it was made'),
      (thrown: { stderr: string }) => thrown.stderr,
    );
    expect(unknown).to.contain('there is no role "analist"; did you mean analyst?');
  });

  it('leaves no key and no token in logs, queries, processes or the file of keys', async () => {
    const operator = await createKey('judy', '--roles', 'operator');
    const token = await provider.token();
    secrets.push(token.split('.')[2]!);
    const written = `select '${operator}' as mine, '${token}' as other | whre`;
    expect((await query(operator, written)).json.code).to.equal('unknown-stage');
    await until(
      async () => ((await forkline.logLines()).some((line) => line.includes('as mine')) ? true : null),
      5000,
    );
    const places = [
      (await forkline.logLines()).join('\n'),
      forkline.output(),
      (await ask('GET', '/metrics', operator)).text,
      (await ask('GET', '/v1/queries', operator)).text,
      (await ask('GET', '/v1/processes', operator)).text,
      await readFile(join(dir, 'keys.json'), 'utf8'),
      ...(await commandLines()),
    ];
    for (const secret of secrets) {
      const part = secret.startsWith('fk_') ? secret.slice(16) : secret;
      for (const place of places) expect(place.includes(part), 'a secret was found').to.equal(false);
    }
  });
});

/** The command lines of all processes but this one. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}
