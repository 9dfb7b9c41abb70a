/** Tokens of a real identity provider, and those that somebody else would like to be taken for one. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload } from 'jose';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { createTokenVerifier, type TokenVerifier } from '../../../../server/access/token-verifier.ts';
import { type IdentityProvider, startIdentityProvider } from '../../../support/identity-provider.ts';
import { silentLog } from '../../../support/keeping-log.ts';

describe('tokens', function () {
  this.timeout(60_000);
  let provider: IdentityProvider;
  let verifier: TokenVerifier;
  /** What this machine's clock shows beyond the right time. */
  let clockOff = 0;

  const verifierFor = (jwksUrl: string, waits: { timeoutMs?: number; cooldownMs?: number } = {}) => {
    const { issuer, audience } = provider;
    const config = {
      ...{ issuer, audience, jwksUrl, algorithms: ['RS256'] },
      ...{ clockSkewSeconds: 30, rolesClaim: 'roles' },
    };
    return createTokenVerifier({ config, log: silentLog, now: () => Date.now() + clockOff, ...waits });
  };
  const refusalOf = (token: string, by = verifier): Promise<QueryError> =>
    by.verify(token).then(
      () => expect.fail('it was let in'),
      (thrown: QueryError) => thrown,
    );
  async function expectRefused(token: string, why: string): Promise<void> {
    const { code, message, details } = await refusalOf(token);
    expect([code, message]).to.deep.equal(['unauthenticated', why]);
    expect(`${message} ${details.hint}`).not.to.contain(token.slice(0, 20));
  }

  before(async () => {
    provider = await startIdentityProvider();
    verifier = verifierFor(provider.jwksUrl);
  });
  after(async () => {
    verifier.close();
    await provider[Symbol.asyncDispose]();
  });
  afterEach(() => {
    clockOff = 0;
  });

  it('of the provider are taken, with subject and roles, and known from then on', async () => {
    const token = await provider.token();
    expect(verifier.known(token)).to.equal(null);
    const holder = await verifier.verify(token);
    expect(holder).to.deep.include({ subject: 'reader', roles: ['analyst'] });
    expect(verifier.known(token)).to.equal(holder);
    clockOff = 100_000;
    expect(verifier.known(token)).to.equal(null);
  });

  it('may list roles with spaces between them', async () => {
    const token = await provider.signed({ roles: 'analyst operator' });
    expect((await verifier.verify(token)).roles).to.deep.equal(['analyst', 'operator']);
  });

  const seconds = () => Math.floor(Date.now() / 1000);
  const claims: readonly (readonly [string, () => object, string])[] = [
    ['that have expired', () => ({ exp: seconds() - 31 }), 'the token has expired'],
    [
      'without an end',
      () => ({ exp: undefined }),
      'the token has no subject or no end, or one that cannot be read',
    ],
    [
      'without a subject',
      () => ({ sub: undefined }),
      'the token has no subject or no end, or one that cannot be read',
    ],
    ['that do not count yet', () => ({ nbf: seconds() + 60 }), 'the token does not count yet'],
    ['that were issued in the future', () => ({ iat: seconds() + 60 }), 'the token was issued in the future'],
    ['for another audience', () => ({ aud: 'another' }), 'the token is meant for another audience'],
    ['for nobody', () => ({ aud: undefined }), 'the token is meant for another audience'],
    ['of another issuer', () => ({ iss: 'https://evil.example.com' }), 'the token is of another issuer'],
    [
      'of a subject with a line break',
      () => ({ sub: 'a\nb' }),
      'the subject of the token cannot be a name here',
    ],
    [
      'of a subject of 201 characters',
      () => ({ sub: 'a'.repeat(201) }),
      'the subject of the token cannot be a name here',
    ],
  ];
  for (const [what, over, why] of claims)
    it(`${what} are refused`, async () => expectRefused(await provider.signed(over() as JWTPayload), why));

  it('of a clock that is two minutes off are refused, of one that is 20 seconds off taken', async () => {
    const early = await provider.signed({ nbf: seconds() });
    const late = await provider.signed({ exp: seconds() + 10 });
    clockOff = -120_000;
    await expectRefused(early, 'the token does not count yet');
    clockOff = 120_000;
    await expectRefused(late, 'the token has expired');
    clockOff = -20_000;
    expect((await verifier.verify(early)).subject).to.equal('alice');
    clockOff = 20_000;
    expect((await verifier.verify(late)).subject).to.equal('alice');
  });

  it('without a signature (alg none) are refused', async () => {
    const [, payload] = (await provider.signed()).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      const header = base64url.encode(JSON.stringify({ alg, kid: 'key-1' }));
      await expectRefused(
        `${header}.${payload}.`,
        'the token is signed with an algorithm that is not taken here',
      );
    }
  });

  it('signed by HS256 with the public key as the secret are refused', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(provider.publicKey));
    const token = await provider.signed({}, { alg: 'HS256' }, secret);
    await expectRefused(token, 'the token is signed with an algorithm that is not taken here');
  });

  it('signed by an algorithm that is not configured are refused', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const token = await provider.signed({}, { alg: 'ES256' }, privateKey);
    await expectRefused(token, 'the token is signed with an algorithm that is not taken here');
  });

  it('signed by somebody else are refused, by whichever key id', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    await expectRefused(await provider.signed({}, {}, privateKey), 'the signature of the token is wrong');
    const unknown = await provider.signed({}, { kid: 'key-2' }, privateKey);
    await expectRefused(unknown, 'the token names no key that the identity provider has');
  });

  it('whose signature or claims were changed are refused', async () => {
    const [header, payload, signature] = (await provider.signed()).split('.') as [string, string, string];
    const claims = JSON.parse(new TextDecoder().decode(base64url.decode(payload))) as object;
    const other = base64url.encode(JSON.stringify({ ...claims, sub: 'admin' }));
    await expectRefused(`${header}.${other}.${signature}`, 'the signature of the token is wrong');
    await expectRefused(`${header}.${payload}.${signature.slice(4)}`, 'the signature of the token is wrong');
  });

  for (const text of ['a.b.c', 'e30.e30.e30', '..', 'eyJhbGciOiJSUzI1NiJ9..'])
    it(`that cannot be read are refused: ${text}`, async () => {
      expect((await refusalOf(text)).code).to.equal('unauthenticated');
    });

  describe('while the provider', () => {
    let jwks: Server;
    let jwksUrl: string;
    let answer: (response: ServerResponse) => void;
    let asked = 0;
    let usual: JWK;
    let waiting: TokenVerifier;

    before(async () => {
      usual = { ...(await exportJWK(provider.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
    });
    beforeEach(async () => {
      asked = 0;
      answer = (response) => response.end(JSON.stringify({ keys: [usual] }));
      jwks = createServer((_, response) => {
        asked++;
        answer(response);
      }).listen(0, '127.0.0.1');
      await once(jwks, 'listening');
      jwksUrl = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`;
    });
    afterEach(async () => {
      waiting.close();
      jwks.closeAllConnections();
      jwks.close();
      await once(jwks, 'close');
    });
    const start = (waits: { timeoutMs?: number; cooldownMs?: number } = {}): void => {
      waiting = verifierFor(jwksUrl, { timeoutMs: 200, cooldownMs: 0, ...waits });
    };
    const verified = async (): Promise<string> => (await waiting.verify(await provider.signed())).subject;

    const broken: readonly (readonly [string, (response: ServerResponse) => void])[] = [
      ['is slow', () => {}],
      ['answers slowly, byte by byte', (response) => response.write('{')],
      ['is down', (response) => response.socket!.destroy()],
      ['fails', (response) => response.writeHead(500).end('{}')],
      ['sends to another place', (response) => response.writeHead(302, { location: `${jwksUrl}/2` }).end()],
      ['answers with a page', (response) => response.end('<html>')],
      ['answers with something else', (response) => response.end('{"keys": 1}')],
      ['answers without end', (response) => response.end('x'.repeat(2 * 1024 * 1024))],
    ];
    for (const [what, how] of broken)
      it(`${what}, kept keys go on, and without any nobody is let in`, async () => {
        start();
        expect(await verified()).to.equal('alice');
        answer = how;
        const { privateKey } = await generateKeyPair('RS256');
        const unknown = await provider.signed({}, { kid: 'key-9' }, privateKey);
        expect((await refusalOf(unknown, waiting)).code).to.equal('unauthenticated');
        expect(await verified()).to.equal('alice');
        waiting.close();
        start();
        const refusal = await refusalOf(await provider.signed(), waiting);
        expect(refusal.code).to.equal('identity-unavailable');
        expect(refusal.details.retryAfterSeconds).to.equal(5);
        answer = (response) => response.end(JSON.stringify({ keys: [usual] }));
        expect(await verified(), 'once it is back').to.equal('alice');
      });

    it('has a new key, its tokens are taken; those of a key that is gone are not', async () => {
      start();
      const old = await provider.signed();
      expect((await waiting.verify(old)).subject).to.equal('alice');
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
      const next = { ...(await exportJWK(publicKey)), kid: 'key-2', alg: 'RS256' };
      answer = (response) => response.end(JSON.stringify({ keys: [next] }));
      const token = await provider.signed({ sub: 'bob' }, { kid: 'key-2' }, privateKey);
      expect((await waiting.verify(token)).subject).to.equal('bob');
      expect(waiting.known(old), 'kept for a key that is gone').to.equal(null);
      expect((await refusalOf(old, waiting)).code).to.equal('unauthenticated');
    });

    it('is not asked again for each token with an unknown key', async () => {
      start({ cooldownMs: 60_000 });
      expect(await verified()).to.equal('alice');
      const { privateKey } = await generateKeyPair('RS256');
      for (let index = 0; index < 50; index++)
        await refusalOf(await provider.signed({}, { kid: `random-${index}` }, privateKey), waiting);
      expect(asked).to.equal(1);
    });
  });
});
