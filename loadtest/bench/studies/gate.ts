/**
 * Measures the CPU time that the gate takes for a request: an anonymous one, one with an API key, and one with a token that was
 * verified before. Then tries random credentials, of which none may be let in.
 *
 *   npx tsx loadtest/bench/studies/gate.ts [requests] [random credentials] [rounds]
 *
 * Ways are interleaved; medians of the rounds are printed, in microseconds of CPU a request.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { makeKey } from '../../../core/access/api-key.ts';
import { changeKeyFile } from '../../../core/access/key-file.ts';
import { createRoleBook, UNLIMITED } from '../../../core/access/roles.ts';
import type { Log } from '../../../core/logging/log.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { Authenticator } from '../../../server/access/authenticator.ts';
import { KeyBook } from '../../../server/access/key-book.ts';
import { Peers } from '../../../server/access/peer.ts';
import { createTokenVerifier } from '../../../server/access/token-verifier.ts';
import { Gate } from '../../../server/http/gate.ts';
import { randomCredential } from '../../../test/support/random-credentials.ts';

/** Connections of the study prove nothing. */
const NO_PEERS = new Peers({
  policy: null,
  proxy: { userHeader: null, rolesHeader: null, certificates: [] },
  permittedBy: () => UNLIMITED,
  everything: UNLIMITED,
});

const [requests = 50_000, random = 100_000, rounds = 7] = process.argv.slice(2).map(Number);
const nothing = (): void => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const socket = new Socket();

function requestWith(values: readonly string[]): IncomingMessage {
  const rawHeaders = ['Host', 'localhost', 'Content-Type', 'text/plain', 'Content-Length', '8'];
  for (const value of values) rawHeaders.push('Authorization', value);
  const headers = { host: 'localhost', 'content-type': 'text/plain', authorization: values[0] };
  return { headers, rawHeaders, url: '/v1/query', method: 'POST', socket } as unknown as IncomingMessage;
}

function cpuOf(gate: Gate, values: readonly string[]): number {
  const request = requestWith(values);
  const response = new ServerResponse(request);
  const before = process.cpuUsage();
  for (let index = 0; index < requests; index++)
    if (gate.admit(request, response) instanceof Promise) throw new Error('the token is not known');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function measure(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-gate-'));
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'a', alg: 'RS256' };
  const jwks = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  const jwksUrl = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`;
  try {
    await compare(dir, jwksUrl, privateKey);
  } finally {
    jwks.closeAllConnections();
    jwks.close();
    rmSync(dir, { recursive: true });
  }
}

async function compare(dir: string, jwksUrl: string, privateKey: CryptoKey): Promise<void> {
  const path = join(dir, 'keys.json');
  const made = Array.from({ length: 100 }, makeKey);
  const createdAt = new Date().toISOString();
  changeKeyFile(path, () =>
    made.map(({ id, hash }, index) => ({
      ...{
        id,
        hash,
        name: `user-${index}`,
        createdAt,
        expiresAt: null,
        revokedAt: null,
        roles: [],
        only: null,
      },
    })),
  );
  const config = {
    ...{ issuer: 'https://login.example.com', audience: 'forkline', jwksUrl, algorithms: ['RS256'] },
    ...{ clockSkewSeconds: 30, rolesClaim: 'roles' },
  };
  const token = await new SignJWT({ iss: config.issuer, aud: config.audience, sub: 'alice' })
    .setProtectedHeader({ alg: 'RS256', kid: 'a' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  const keys = new KeyBook({ path, log, now: Date.now });
  const tokens = createTokenVerifier({ config, log, now: Date.now });
  const permittedBy = createRoleBook(null);
  const rules = { hostNames: [], corsOrigins: [], trustedProxies: [] };
  const open = new Gate(rules, null);
  const closed = new Gate(
    rules,
    new Authenticator({ peers: NO_PEERS, keys, tokens, permittedBy, log, now: Date.now }),
  );
  await tokens.verify(token);
  const ways = {
    anonymous: () => cpuOf(open, []),
    'API key': () => cpuOf(closed, [`Bearer ${made[50]!.key}`]),
    'known token': () => cpuOf(closed, [`Bearer ${token}`]),
  };
  const taken = Object.entries(ways).map(([name, way]) => ({ name, way, values: [] as number[] }));
  for (const { way } of taken) way();
  for (let round = 0; round < rounds; round++) for (const { way, values } of taken) values.push(way());
  for (const { name, values } of taken)
    console.log(
      `${name.padEnd(12)} ${median(values).toFixed(2)} us (${values.map((value) => value.toFixed(2)).join(' ')})`,
    );
  await attack(
    closed,
    made.map(({ key }) => key),
  );
  tokens.close();
}

async function attack(gate: Gate, real: readonly string[]): Promise<void> {
  const counts = { 'let in': 0, refused: 0, crashed: 0 };
  for (let seed = 0; seed < random; seed++) {
    const request = requestWith(randomCredential(seed, real));
    try {
      await gate.admit(request, new ServerResponse(request));
      counts['let in']++;
    } catch (thrown) {
      counts[thrown instanceof QueryError && thrown.code !== 'internal' ? 'refused' : 'crashed']++;
    }
  }
  console.log(`${random} random credentials:`, counts);
  process.exitCode = counts['let in'] + counts.crashed === 0 ? 0 : 1;
}

await measure();
