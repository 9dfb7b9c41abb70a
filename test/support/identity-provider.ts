/**
 * An OpenID provider for tests, the real `oidc-provider`: it issues tokens by client credentials, and its private key is
 * known here, so that tests can sign what it never would.
 *
 *   await using provider = await startIdentityProvider();
 *   const token = await provider.token();
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';

const AUDIENCE = 'forkline';
const CLIENT = { client_id: 'reader', client_secret: 'a-secret-of-the-test' };
const KEY_ID = 'key-1';
const LIFE_SECONDS = 60;

export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The token that the provider itself issues to its client `reader`, with the role `analyst`. */
  token(): Promise<string>;
  /** A token with claims over the usual ones, signed by the provider's key unless told otherwise. */
  signed(
    claims?: JWTPayload,
    header?: { kid?: string; alg?: string },
    key?: CryptoKey | Uint8Array,
  ): Promise<string>;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(privateKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' };
  server.on('request', providerOf(issuer, jwk).callback());
  return {
    ...{ issuer, audience: AUDIENCE, jwksUrl: `${issuer}/jwks`, privateKey, publicKey },
    token: () => issuedToken(issuer),
    signed(claims = {}, header = {}, key = privateKey) {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: issuer, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + LIFE_SECONDS };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: KEY_ID, ...header })
        .sign(key);
    },
    [Symbol.asyncDispose]: () => closed(server),
  };
}

function providerOf(issuer: string, jwk: JWK): Provider {
  return new Provider(issuer, {
    jwks: { keys: [jwk as { kty: string }] },
    clients: [{ ...CLIENT, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
    cookies: { keys: ['a key of the test'] },
    extraTokenClaims: () => ({ roles: ['analyst'] }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://forkline.example.com',
        getResourceServerInfo: () => ({
          ...{ scope: 'read', audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: LIFE_SECONDS },
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
}

async function issuedToken(issuer: string): Promise<string> {
  const { client_id: id, client_secret: secret } = CLIENT;
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'read' }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the provider issued no token: status ${response.status}`);
  return token;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
