import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isKeyOf, keyIdOf, makeKey } from '../../../../core/access/api-key.ts';
import {
  changeKeyFile,
  KeyFileError,
  readKeyFile,
  type StoredKey,
} from '../../../../core/access/key-file.ts';

function stored(over: Partial<StoredKey> = {}): StoredKey {
  const { id, hash } = makeKey();
  const times = { createdAt: '2026-01-31T12:00:00.000Z', expiresAt: null, revokedAt: null };
  return { id, name: 'alice', hash, ...times, roles: [], only: null, ...over };
}

describe('API keys', () => {
  it('have an id that is found again, and a secret that is not kept', () => {
    const { id, key, hash } = makeKey();
    expect(key).to.match(/^fk_[0-9a-f]{12}_[\w-]{43}$/);
    expect(keyIdOf(key)).to.equal(id);
    expect(isKeyOf(key, Buffer.from(hash, 'hex'))).to.equal(true);
    expect(isKeyOf(makeKey().key, Buffer.from(hash, 'hex'))).to.equal(false);
    expect(makeKey().key).not.to.equal(key);
  });

  for (const text of [
    '',
    'fk_',
    'fk_0123456789ab_short',
    `fk_0123456789AB_${'a'.repeat(43)}`,
    ` fk_${'a'.repeat(12)}_${'a'.repeat(43)}`,
  ])
    it(`are not read out of ${JSON.stringify(text)}`, () => expect(keyIdOf(text)).to.equal(null));
});

describe('the file of API keys', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-keys-'));
    path = join(dir, 'keys.json');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('keeps what was written, for its owner alone', () => {
    const entry = stored({ roles: ['analyst'], expiresAt: '2030-01-01T00:00:00.000Z' });
    changeKeyFile(path, (keys) => [...keys, entry]);
    expect(readKeyFile(path)).to.deep.equal([entry]);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it('is not there before the first key', () => expect(readKeyFile(path)).to.equal(null));

  it('has one writer at a time, and is left alone when a change fails', () => {
    changeKeyFile(path, () => [stored()]);
    const before = readFileSync(path, 'utf8');
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => changeKeyFile(path, fail)).to.throw('no');
    writeFileSync(`${path}.new`, '');
    expect(() => changeKeyFile(path, () => [])).to.throw(KeyFileError, 'another "forkline keys" is writing');
    expect(readFileSync(path, 'utf8')).to.equal(before);
  });

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['another kind of value', [], 'must hold {"keys": [...]}'],
    ['an entry that is none', { keys: [1] }, 'keys.0.id: each entry must be an object'],
    [
      'a hash that is none',
      { keys: [stored({ hash: 'abc' })] },
      'keys.0.hash: must be 64 hexadecimal digits',
    ],
    [
      'a time that is none',
      { keys: [stored({ expiresAt: 'tomorrow' })] },
      'keys.0.expiresAt: must be a time in UTC',
    ],
    ['an unknown field', { keys: [{ ...stored(), role: 'x' }] }, 'keys.0.role: there is no such field'],
    [
      'an id twice',
      { keys: [stored({ id: 'a'.repeat(12) }), stored({ id: 'a'.repeat(12) })] },
      'is there twice',
    ],
    ['another purpose', { keys: [{ ...stored(), only: 'logs' }] }, 'keys.0.only: must be "metrics" or null'],
  ];
  for (const [what, content, message] of wrong)
    it(`refuses ${what}, without a word of what it holds`, () => {
      writeFileSync(path, JSON.stringify(content));
      expect(() => readKeyFile(path)).to.throw(KeyFileError, message);
    });

  it('refuses what is no JSON', () => {
    writeFileSync(path, '{"keys": [');
    expect(() => readKeyFile(path)).to.throw(KeyFileError, 'it is not JSON');
  });
});
