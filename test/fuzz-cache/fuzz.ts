/** Asks pairs of requests through the cache of a whole Forkline, and compares each answer with the one that a run gives. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '../../core/access/api-key.ts';
import { changeKeyFile } from '../../core/access/key-file.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { randomOf } from '../support/random.ts';
import { storeDatabase } from '../support/store-database.ts';
import { createPair, type FuzzRequest, MODEL } from './pairs.ts';

const POLICY = {
  roles: {
    wide: { connections: ['main', 'other', 'tenants'], stages: '*' },
    narrow: { connections: ['main', 'tenants'], stages: ['head'] },
    author: { connections: '*', administration: true },
  },
};
/** The logins of two tenants on one database. */
const LOGINS = { wide: 'fuzz_cache_wide', narrow: 'fuzz_cache_narrow' };
const PASSWORD = 'fuzz-PaSs-4714';
const AT_ONCE = 4;
const AUTHOR = 2;
const BUSY = 503;
const NOT_THERE: ReadonlySet<number> = new Set([404, 412]);

export interface Tally {
  pairs: number;
  /** Answers that came from the cache, and those that were errors both ways. */
  hits: number;
  errors: number;
  /** Answers of a server that was too busy, which were asked for again. */
  busy: number;
  readonly wrong: { readonly differsIn: string; readonly request: FuzzRequest; readonly what: string }[];
}

export async function fuzzCache(
  pairs: number,
  seed: number,
  onProgress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-fuzz-cache-'));
  await using store = await storeDatabase();
  const { url, admin } = await testDatabase();
  for (const name of Object.values(LOGINS))
    await admin(`create role ${name} login password '${PASSWORD}'`).catch(() => {}); // an earlier run has made it
  try {
    await admin('create database fuzz_cache_other').catch(() => {}); // an earlier run has made it
    const other = new URL(url);
    other.pathname = '/fuzz_cache_other';
    const login = (name: string): { url: string } => {
      const to = new URL(url);
      to.username = name;
      to.password = PASSWORD;
      return { url: to.href };
    };
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    const keysFile = join(dir, 'keys.json');
    const keys = ['wide', 'narrow', 'author'].map((role) => keyFor(keysFile, role));
    await using forkline = await startForkline({
      connections: {
        main: { url },
        other: { url: other.href },
        tenants: { roles: { wide: login(LOGINS.wide), narrow: login(LOGINS.narrow) } },
      },
      store: { url: store.url },
      defaultConnection: 'main',
      cache: { mode: 'on', minMs: 0, maxAgeMs: 3_600_000 },
      access: { keysFile, policyFile: join(dir, 'policy.json') },
      log: { level: 'info' }, // below that, a Forkline does not tell when it is whole
    });
    const random = randomOf(seed);
    const tally: Tally = { pairs: 0, hits: 0, errors: 0, busy: 0, wrong: [] };
    const work = async (_: unknown, index: number): Promise<void> => {
      const model = `fuzzed_${index}`;
      while (tally.pairs < pairs) {
        tally.pairs++;
        const { differsIn, requests } = createPair(random);
        for (const request of requests) {
          if (request.model !== undefined) await save(forkline, keys[AUTHOR]!, model, request.model);
          await compare(forkline, keys[request.client]!, named(request, model), differsIn, tally);
        }
        if (tally.pairs % 1000 === 0) onProgress(tally);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }).map(work));
    return tally;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function compare(
  forkline: Forkline,
  key: string,
  request: FuzzRequest,
  differsIn: string,
  tally: Tally,
): Promise<void> {
  const asked = (control: string): Promise<Seen> => askUntilAnswered(forkline, key, request, control, tally);
  const answers = [await asked(''), await asked('')];
  const truth = await asked('no-store');
  if (truth.status !== 200) tally.errors++;
  for (const [index, { text, hit }] of answers.entries()) {
    if (hit) tally.hits++;
    if (text !== truth.text)
      tally.wrong.push({ differsIn, request, what: `answer ${index}: ${text}\ninstead of: ${truth.text}` });
  }
}

interface Seen {
  readonly status: number;
  readonly hit: boolean;
  /** The answer without what belongs to one request. */
  readonly text: string;
}

/** The most times that a server may be too busy for one request; after that it counts as a wrong answer. */
const MOST_BUSY = 20;

/** A server that is too busy says nothing of what it keeps, so it is asked again. */
async function askUntilAnswered(
  forkline: Forkline,
  key: string,
  request: FuzzRequest,
  control: string,
  tally: Tally,
): Promise<Seen> {
  for (let times = 0; ; times++) {
    const seen = await ask(forkline, key, request, control);
    if (seen.status !== BUSY || times === MOST_BUSY) return seen;
    tally.busy++;
  }
}

/** Saves the model with a new text: each time it has another version. */
async function save(forkline: Forkline, key: string, name: string, query: string): Promise<void> {
  const send = (method: string, path: string): Promise<Response> =>
    fetch(forkline.url + path, {
      method,
      headers: {
        ...{ 'content-type': 'application/json', authorization: `Bearer ${key}` },
        ...(method === 'PUT' && { 'if-match': '*' }),
      },
      body: JSON.stringify({ name, query }),
    });
  let answer = await send('PUT', `/v1/models/${name}`);
  if (NOT_THERE.has(answer.status)) answer = await send('POST', '/v1/models');
  if (!answer.ok) throw new Error(`the model was not saved: ${await answer.text()}`);
  await answer.text();
}

function named(request: FuzzRequest, model: string): FuzzRequest {
  const query = String(request.body.query).replace(MODEL, model);
  return { ...request, body: { ...request.body, query } };
}

async function ask(forkline: Forkline, key: string, { body }: FuzzRequest, control: string): Promise<Seen> {
  const response = await fetch(`${forkline.url}/v1/query`, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', authorization: `Bearer ${key}` },
      ...(control !== '' && { 'cache-control': control }),
    },
    body: JSON.stringify(body),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const hit = response.headers.get('cache-status')?.includes('; hit') === true;
  const { status } = response;
  const text = `${status} ${response.headers.get('content-type')} ${bytes.toString('latin1')}`
    .replace(/"stats":\{.*\}\}\s*$/s, '')
    .replace(/"(?:queryId|instance)":"[^"]*"/g, '');
  return { status, hit, text };
}

function keyFor(keysFile: string, role: string): string {
  const { id, key, hash } = makeKey();
  const createdAt = new Date().toISOString();
  const stored = {
    id,
    name: role,
    hash,
    createdAt,
    expiresAt: null,
    revokedAt: null,
    roles: [role],
    only: null,
  };
  changeKeyFile(keysFile, (keys) => [...keys, stored]);
  return key;
}
