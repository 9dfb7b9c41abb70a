import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../../core/config/config.ts';

function rsa(modulusLength: number): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

describe('the keys of encrypted queries', () => {
  let cwd: string;
  const pem = rsa(2048);

  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'forkline-config-'));
    writeFileSync(join(cwd, 'good.pem'), pem);
    writeFileSync(join(cwd, 'short.pem'), rsa(1024));
    writeFileSync(join(cwd, 'none.pem'), 'SECRET');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(cwd, 'other.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(cwd, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  });
  after(() => rmSync(cwd, { recursive: true }));

  const load = async (keys: string, more: Record<string, string> = {}) =>
    await loadConfig({ cwd, env: { FORKLINE_ENCRYPTION_KEYS: keys, ...more } });

  it('are none by default', async () => {
    expect(await loadConfig({ cwd, env: {} })).to.have.nested.property('config.encryption', null);
  });

  it('come from files and variables', async () => {
    const second = rsa(3072);
    expect(await load('file:good.pem,env:QUERY_KEY', { QUERY_KEY: second }))
      .to.have.nested.property('config.encryption')
      .deep.equal({
        keys: [pem.trim(), second],
        replayDirectory: join(cwd, 'data', 'replay'),
      });
  });

  for (const [keys, problem] of [
    ['file:missing.pem', 'ENOENT'],
    ['env:MISSING', 'MISSING is not set'],
    ['file:short.pem', 'has 1024 bits'],
    ['file:other.pem', 'is not an RSA key'],
    ['file:public.pem', 'is not a private key'],
    ['file:none.pem', 'is not a private key'],
    ['file:good.pem,file:good.pem', 'twice'],
    ['-----BEGIN PRIVATE KEY-----', 'references'],
  ] as const)
    it(`are refused: ${keys}`, async () => {
      const loaded = await load(keys);
      if (!('errors' in loaded)) throw new Error('it was taken');
      expect(loaded.errors.join('\n')).to.contain(problem);
      expect(loaded.errors.join('\n')).not.to.contain('SECRET').and.not.to.contain('postgresql://');
    });

  it('must be there for a directory to be of use', async () => {
    const loaded = await loadConfig({ cwd, env: { FORKLINE_ENCRYPTION_REPLAY_DIRECTORY: './replay' } });
    expect(loaded).to.have.property('errors').that.has.length(1);
  });
});
