/** Attacks on a Forkline that two tenants share. None may find anything; each leaves the server well. */
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { StatementWriter } from '../fuzz-guard/statements.ts';
import { inTime } from '../support/in-time.ts';
import { randomOf } from '../support/random.ts';
import { requestText, sendRaw } from '../support/raw-http.ts';
import { roleTricks } from '../support/role-tricks.ts';
import { until } from '../support/until.ts';
import { startTenants, type Tenant, type Tenants } from './tenants.ts';
import { tryCredentials } from './try-credentials.ts';

const RANDOM_CREDENTIALS = 3000;
const RANDOM_STATEMENTS = 150;
const OTHER: Readonly<Record<Tenant, Tenant>> = { red: 'blue', blue: 'red' };

describe('attacks', function () {
  this.timeout(180_000);
  let tenants: Tenants;

  before(async () => {
    tenants = await startTenants();
  });
  after(() => tenants?.stop());

  const query = (tenant: Tenant, text: string, headers: Readonly<Record<string, string>> = {}) =>
    tenants.ask(tenants.keys[tenant], 'POST', '/v1/query', text, headers);

  describe('from a web page', () => {
    for (const [what, headers] of [
      ['a name that was made to point here', [['Host', 'evil.example.com']]],
      ['the same with a port', [['Host', 'evil.example.com:80']]],
      ['a name that begins like ours', [['Host', 'localhost.evil.example.com']]],
      [
        'a page of another origin',
        [
          ['Host', 'localhost'],
          ['Origin', 'https://evil.example.com'],
        ],
      ],
      [
        'a page without an origin',
        [
          ['Host', 'localhost'],
          ['Origin', 'null'],
        ],
      ],
      [
        'a form',
        [
          ['Host', 'localhost'],
          ['Sec-Fetch-Site', 'cross-site'],
        ],
      ],
      [
        'a neighbour',
        [
          ['Host', 'localhost'],
          ['Sec-Fetch-Site', 'same-site'],
        ],
      ],
      [
        'two hosts',
        [
          ['Host', 'localhost'],
          ['Host', 'evil.example.com'],
        ],
      ],
    ] as const)
      it(`does nothing, even with the key of a user: ${what}`, async () => {
        const own = ['Authorization', `Bearer ${tenants.keys.red}`] as const;
        for (const line of [
          'POST /v1/query HTTP/1.1',
          'DELETE /v1/queries/x HTTP/1.1',
          'GET /v1/query?q=select+1 HTTP/1.1',
        ]) {
          const body = line.startsWith('POST') ? 'select 1' : '';
          const { status } = await sendRaw(
            tenants.forkline.port,
            requestText(line, [...headers, ['Content-Type', 'text/plain'], own], body),
          );
          expect(status, line).to.be.oneOf([400, 403, 421]);
        }
      });

    it('asks another server through ours', async () => {
      const text = requestText('GET http://evil.example.com/v1/queries HTTP/1.1', [['Host', 'localhost']]);
      expect((await sendRaw(tenants.forkline.port, text)).status).to.equal(421);
    });
  });

  describe('on credentials', () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

    it('are refused: tokens of every confusion', async () => {
      const { provider } = tenants;
      const now = Math.floor(Date.now() / 1000);
      const good = await provider.token();
      const [header, claims, signature] = good.split('.') as [string, string, string];
      const jwks = (await (await fetch(provider.jwksUrl)).json()) as { keys: { n: string; kid: string }[] };
      const [publicKey] = jwks.keys as [{ n: string; kid: string }];
      const forged = (alg: string, more: object, sign: (text: string) => string) => {
        const text = `${part({ alg, kid: publicKey.kid, typ: 'JWT', ...more })}.${claims}`;
        return `${text}.${sign(text)}`;
      };
      const hmac = (key: string | Buffer) => (text: string) =>
        createHmac('sha256', key).update(text).digest('base64url');
      const admin = part({
        ...JSON.parse(Buffer.from(claims, 'base64url').toString()),
        roles: ['red', 'blue'],
      });
      const tokens: Readonly<Record<string, string>> = {
        none: forged('none', {}, () => ''),
        'None with a signature': forged('None', {}, () => signature),
        'signed with the public key': forged('HS256', {}, hmac(JSON.stringify(publicKey))),
        'signed with the modulus': forged('HS256', {}, hmac(Buffer.from(publicKey.n, 'base64url'))),
        'a key of its own in the header': forged('RS256', { jwk: publicKey }, () => signature),
        'a key from elsewhere': forged('RS256', { jku: 'http://evil.example.com/jwks' }, () => signature),
        'a certificate from elsewhere': forged(
          'RS256',
          { x5u: 'http://evil.example.com/x5' },
          () => signature,
        ),
        'critical extensions': forged('RS256', { crit: ['b64'], b64: false }, () => signature),
        'a path for a key id': forged('RS256', { kid: '../../../../dev/null' }, () => signature),
        'other claims under a good signature': `${header}.${admin}.${signature}`,
        'no signature': `${header}.${claims}.`,
        'two parts': `${header}.${claims}`,
        'five parts': `${good}.${signature}.${signature}`,
        expired: await provider.signed({ exp: now - 3600 }),
        'not yet valid': await provider.signed({ nbf: now + 3600 }),
        'issued tomorrow': await provider.signed({ iat: now + 86_400 }),
        'for another audience': await provider.signed({ aud: 'another' }),
        'of another issuer': await provider.signed({ iss: 'https://evil.example.com' }),
        'without an end': await provider.signed({ exp: undefined as never }),
        'without a subject': await provider.signed({ sub: undefined as never }),
        'a subject that breaks lines': await provider.signed({ sub: 'a\nkey:red' }),
        'an unknown key': await provider.signed({}, { kid: 'unknown' }),
      };
      for (const [what, token] of Object.entries(tokens)) {
        const { status, text } = await tenants.ask(token, 'POST', '/v1/query', 'select 1');
        expect(status, what).to.equal(401);
        expect(text.includes(token.slice(-20)), what).to.equal(false);
      }
      expect((await tenants.ask(good, 'GET', '/v1/limits')).status, 'the good one').to.equal(200);
    });

    it('are refused: roles that a token says and the policy does not know, and names of members of objects', async () => {
      for (const roles of [
        ['__proto__'],
        ['constructor'],
        ['admin'],
        [{ toString: 'red' }],
        ['Red'],
        ['red '],
      ]) {
        const token = await tenants.provider.signed({ roles });
        expect(
          (await tenants.ask(token, 'POST', '/v1/query', 'select 1')).status,
          JSON.stringify(roles),
        ).to.equal(403);
      }
    });

    it('are refused: credentials in other places, and identities that nobody proved', async () => {
      const { red } = tenants.keys;
      for (const headers of [
        { cookie: `key=${red}` },
        { 'x-api-key': red },
        { 'proxy-authorization': `Bearer ${red}` },
        { authorization: red },
        { authorization: `Basic ${Buffer.from(`red:${red}`).toString('base64')}` },
        { authorization: `Bearer ${red}, Bearer ${red}` },
        { 'x-forwarded-user': 'red', 'x-forwarded-roles': 'red', 'x-forwarded-for': '127.0.0.1' },
        { 'x-remote-user': 'red', forwarded: 'for=127.0.0.1', 'x-real-ip': '127.0.0.1' },
        { 'ssl-client-verify': 'SUCCESS', 'x-ssl-client-s-dn': 'CN=red' },
      ] as Record<string, string>[])
        expect(
          (await tenants.ask(null, 'POST', '/v1/query', 'select 1', headers)).status,
          JSON.stringify(headers),
        ).to.equal(401);
      for (const path of [
        `/v1/query?key=${red}&q=select+1`,
        `/v1/query?access_token=${red}`,
        '/livez/../v1/queries',
        '//v1/queries',
        '/docs/../v1/queries',
        '/docs%2f..%2fv1/queries',
      ])
        expect((await tenants.ask(null, 'GET', path)).status, path).to.equal(401);
    });

    it('are refused: random ones, near the real ones', async () => {
      const { keys, forkline } = tenants;
      const tried = await tryCredentials({
        ...{ port: forkline.port, keys: Object.values(keys), count: RANDOM_CREDENTIALS, seed: 1 },
      });
      expect(tried.letIn).to.deep.equal([]);
      expect(tried.statuses[401]).to.be.above(RANDOM_CREDENTIALS / 2);
      expect((await query('red', 'select 1')).status, 'the server is well').to.equal(200);
    });
  });

  describe('of one tenant on the other', () => {
    it('do not step out of a database login by SQL', async () => {
      for (const tenant of ['red', 'blue'] as const) {
        const random = randomOf(tenant === 'red' ? 11 : 12);
        const writer = new StatementWriter(random);
        const generated = Array.from({ length: RANDOM_STATEMENTS }, () => writer.statement());
        for (const sql of [...roleTricks(`tenant_${OTHER[tenant]}`), ...generated]) {
          const { text } = await query(tenant, sql);
          expect(text.includes(`of the ${OTHER[tenant]}`), sql).to.equal(false);
        }
        const own = await query(tenant, 'select note, current_user::text as u from secrets');
        expect(own.text).to.contain(`"note":"of the ${tenant}"`).and.contain(`"u":"tenant_${tenant}"`);
      }
    });

    it('do not see, end or copy its queries', async () => {
      const id = 'victim-query';
      const running = query('blue', "select pg_sleep(60), 'of the blue' as note", { 'query-id': id });
      await until(
        async () => (await tenants.ask(tenants.keys.blue, 'GET', '/v1/queries')).text.includes(id),
        5000,
      );
      const { red } = tenants.keys;
      expect((await tenants.ask(red, 'GET', '/v1/queries')).text).not.to.contain('of the blue');
      const unknown = await tenants.ask(red, 'GET', '/v1/queries/no-such-query');
      for (const method of ['GET', 'DELETE']) {
        const found = await tenants.ask(red, method, `/v1/queries/${id}`);
        expect([found.status, found.code]).to.deep.equal([404, 'not-found']);
        expect(found.text.replaceAll(id, 'no-such-query')).to.equal(unknown.text);
      }
      for (const path of [
        '/v1/logs',
        `/v1/logs?query=${id}`,
        '/v1/logs/summary',
        '/metrics',
        '/v1/processes',
      ])
        expect((await tenants.ask(red, 'GET', path)).status, path).to.equal(403);
      await tenants.ask(tenants.keys.blue, 'DELETE', `/v1/queries/${id}`);
      expect((await running).code, 'its own end').to.equal('cancelled');
    });

    it('find nothing of the other in plans, columns and completions that are kept', async () => {
      for (const text of [
        'select note from secrets',
        'select note from secrets | head 9',
        'select note from secrets | sort note | head 2',
      ])
        for (const tenant of ['blue', 'red', 'blue', 'red'] as const) {
          const answer = await query(tenant, text);
          expect(answer.text).to.contain(`of the ${tenant}`).and.not.contain(`of the ${OTHER[tenant]}`);
        }
      const explained = await tenants.ask(
        tenants.keys.red,
        'POST',
        '/v1/explain',
        'select note from secrets | head 9',
      );
      expect(explained.text).not.to.contain('of the');
    });
  });

  describe('that ask whether something exists', () => {
    it('get the same answer for a hidden connection and for none, everywhere', async () => {
      const { red } = tenants.keys;
      const ways: readonly (readonly [method: string, path: string, body?: string])[] = [
        ['GET', '/v1/connections/NAME/tables'],
        ['GET', '/v1/connections/NAME'],
        ['GET', '/v1/connections/NAME/versions'],
        ['POST', '/v1/connections/NAME/test', '{}'],
        ['POST', '/v1/explain/draft?connection=NAME', 'select 1'],
        ['POST', '/v1/explain/database?connection=NAME', 'select 1'],
        ['POST', '/v1/query?connection=NAME', 'select 1'],
        ['POST', '/v1/query.csv?connection=NAME', 'select 1'],
        ['POST', '/v1/query.arrow?connection=NAME', 'select 1 as a | head 1'],
        ['POST', '/v1/explain?connection=NAME', 'select 1'],
        ['POST', '/v1/query', '@NAME select 1 as a'],
        ['POST', '/v1/query', 'select 1 as a | join (@NAME select 1 as a) as b on a = b.a'],
        ['POST', '/v1/query', 'let x = (@NAME select 1 as a); x'],
        ['POST', '/v1/explain', 'select 1 as a | lookup (@NAME select 1 as a, 2 as b) a output b'],
      ];
      for (const [method, path, body] of ways) {
        const told = async (name: string) => {
          const { status, text } = await tenants.ask(
            red,
            method,
            path.replace('NAME', name),
            body?.replace('NAME', name),
          );
          const { queryId: _, instance: __, ...problem } = JSON.parse(text) as Record<string, unknown>;
          return JSON.stringify([status, problem]).replaceAll(name, 'NAME');
        };
        expect(await told('hidden'), `${method} ${path} ${body}`).to.equal(await told('nobody'));
      }
      const body = JSON.stringify({ query: '@hi', position: 3 });
      const json = { 'content-type': 'application/json' };
      const completed = await inTime(() => tenants.ask(red, 'POST', '/v1/complete', body, json));
      expect(completed.text).not.to.contain('hidden');
    });

    it('get no value of a row that is not theirs out of an error', async () => {
      for (const text of [
        'select note::int from secrets',
        "select case when owner = 'tenant_blue' then note::int end from secrets",
        "select 1 / (case when owner = 'tenant_blue' then 0 else 1 end) from secrets",
        'select note from secrets | eval n = cast(note as int64)',
        "set pushdown = off; select note, owner from secrets | assert owner = 'tenant_red'",
      ])
        expect((await query('red', text)).text.includes('of the blue'), text).to.equal(false);
      const divided = await query(
        'red',
        "select 1 / (case when owner = 'tenant_blue' then 0 else 1 end) as a from secrets",
      );
      expect(divided.status, 'the row is not looked at').to.equal(200);
    });
  });
});
