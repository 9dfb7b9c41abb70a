import { expect } from 'chai';
import type { ConfigFile } from '../../../../core/config/read.ts';
import { resolveSharedCache } from '../../../../core/config/shared-cache.ts';

const FILE = { path: null, values: {} } as unknown as ConfigFile;
const LIMITS = { redisTimeoutMs: 200, redisMaxValueBytes: 1000 };
const ENV = { KEY: 'k'.repeat(32), SHORT: 'short-secret', URL: 'redis://:secret@h:6379' };

describe('the Redis of the cache in the configuration', () => {
  const read = (given: object) => resolveSharedCache({ ...LIMITS, ...given }, FILE, '/', ENV);

  it('is none without its URL, and has its secrets from where they are kept', () => {
    expect(read({})).to.equal(null);
    expect(read({ redisUrl: 'env:URL', redisKey: 'env:KEY' })).to.deep.equal({
      ...{ url: ENV.URL, key: ENV.KEY, timeoutMs: 200, maxValueBytes: 1000 },
    });
  });

  it('is refused with what is wrong, without a secret in the message', () => {
    for (const [given, message] of [
      [{ redisKey: 'env:KEY' }, /says nothing without cache.redisUrl/],
      [{ redisUrl: 'env:URL' }, /redisKey: is missing/],
      [{ redisUrl: 'env:URL', redisKey: 'secret-in-the-file' }, /redisKey: must be a reference/],
      [{ redisUrl: 'env:URL', redisKey: 'env:SHORT' }, /has 12 characters, and needs 32/],
      [{ redisUrl: 'http://:secret@h', redisKey: 'env:KEY' }, /redisUrl: must be the URL of a Redis/],
      [{ redisUrl: 'env:NOBODY', redisKey: 'env:KEY' }, /redisUrl: .*NOBODY/],
    ] as const) {
      const found = read(given);
      const errors = found !== null && 'errors' in found ? found.errors.join('\n') : '';
      expect(errors).to.match(message);
      expect(errors).not.to.include('secret');
    }
  });
});
