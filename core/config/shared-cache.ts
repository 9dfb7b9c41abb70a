/** The Redis by which several Forklines share kept answers: its URL and the key of what is in it, which are secrets. */
import { dirname } from 'node:path';
import type { SharedCacheConfig } from '../protocol/results-config.ts';
import { resolveReference } from './connections.ts';
import type { ConfigFile, Environment } from './read.ts';

const LEAST_KEY_CHARACTERS = 32;
const KEY_MEND = 'Make one with: openssl rand -hex 32, and write "redisKey": "env:NAME"';

interface Given {
  readonly redisUrl?: string | undefined;
  readonly redisKey?: string | undefined;
  readonly redisTimeoutMs: number;
  readonly redisMaxValueBytes: number;
}

/** Returns null where none is named, or all that is wrong. No error shows a URL or a key. */
export function resolveSharedCache(
  { redisUrl, redisKey, redisTimeoutMs: timeoutMs, redisMaxValueBytes: maxValueBytes }: Given,
  file: ConfigFile,
  cwd: string,
  env: Environment,
): SharedCacheConfig | { readonly errors: readonly string[] } | null {
  if (redisUrl === undefined)
    return redisKey === undefined
      ? null
      : { errors: ['cache.redisKey: says nothing without cache.redisUrl'] };
  const fileDir = file.path === null ? cwd : dirname(file.path);
  const url = resolveReference(redisUrl, fileDir, env);
  const key = redisKey === undefined ? null : keyOf(redisKey, fileDir, env);
  const errors = [
    ...(typeof url === 'string' ? urlProblems(url) : [url.error]).map((text) => `cache.redisUrl: ${text}`),
    ...(typeof key === 'string' ? [] : [`cache.redisKey: ${key?.error ?? `is missing. ${KEY_MEND}`}`]),
  ];
  if (errors.length > 0) return { errors };
  return { url: url as string, key: key as string, timeoutMs, maxValueBytes };
}

function keyOf(reference: string, fileDir: string, env: Environment): string | { readonly error: string } {
  if (!/^(?:file|env):./.test(reference)) return { error: `must be a reference. ${KEY_MEND}` };
  const key = resolveReference(reference, fileDir, env);
  if (typeof key !== 'string') return key;
  const { length } = key.trim();
  if (length >= LEAST_KEY_CHARACTERS) return key.trim();
  return { error: `has ${length} characters, and needs ${LEAST_KEY_CHARACTERS}. ${KEY_MEND}` };
}

function urlProblems(text: string): string[] {
  const isRight = URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol);
  return isRight ? [] : ['must be the URL of a Redis, such as redis://redis.example.com:6379'];
}
