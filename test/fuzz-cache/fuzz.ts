/** Asks pairs of requests through the cache of a whole Forkline, and compares each answer with the one that a run gives. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { randomOf } from '../support/random.ts';
import { until } from '../support/until.ts';
import { createPair, type FuzzRequest } from './pairs.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const POLICY = {
  roles: {
    wide: { connections: ['main', 'other'], stages: '*' },
    narrow: { connections: ['main'], stages: ['head'] },
  },
};
const AT_ONCE = 4;

export interface Tally {
  pairs: number;
  /** Answers that came from the cache, and those that were errors both ways. */
  hits: number;
  errors: number;
  readonly wrong: { readonly differsIn: string; readonly request: FuzzRequest; readonly what: string }[];
}

export async function fuzzCache(
  pairs: number,
  seed: number,
  onProgress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-fuzz-cache-'));
  try {
    const { url, admin } = await testDatabase();
    await admin('create database fuzz_cache_other').catch(() => {}); // an earlier run has made it
    const other = new URL(url);
    other.pathname = '/fuzz_cache_other';
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    await using forkline = await startForkline({
      connections: { main: { url }, other: { url: other.href } },
      defaultConnection: 'main',
      cache: { mode: 'on', minMs: 0, maxAgeMs: 3_600_000 },
      access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
      log: { level: 'warn' },
    });
    const keys = ['wide', 'narrow'].map((role) => keyFor(forkline, role));
    for (const key of keys) await until(() => isKnown(forkline, key), 10_000);
    const random = randomOf(seed);
    const tally: Tally = { pairs: 0, hits: 0, errors: 0, wrong: [] };
    const work = async (): Promise<void> => {
      while (tally.pairs < pairs) {
        tally.pairs++;
        const { differsIn, requests } = createPair(random);
        for (const request of requests)
          await compare(forkline, keys[request.client]!, request, differsIn, tally);
        if (tally.pairs % 1000 === 0) onProgress(tally);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
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
  const answers = [await ask(forkline, key, request, ''), await ask(forkline, key, request, '')];
  const truth = await ask(forkline, key, request, 'no-store');
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

/** A server takes a new key within a moment. */
async function isKnown(forkline: Forkline, key: string): Promise<boolean> {
  const request = { client: 0, body: { query: 'select 1 as one' } };
  return (await ask(forkline, key, request, 'no-store')).status === 200;
}

function keyFor({ configFile }: Forkline, role: string): string {
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', FORKLINE_CONFIG: configFile };
  const args = [COMMAND, 'keys', 'create', role, '--roles', role];
  return /fk_\S+/.exec(execFileSync(process.execPath, args, { env, encoding: 'utf8' }))![0];
}
