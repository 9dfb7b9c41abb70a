import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadConfig } from '../../../../core/config/config.ts';
import { allOptions, DOCUMENT, withTables } from './options-table.ts';

/** A formatter may align the columns of tables. */
function unpadded(markdown: string): string {
  return markdown
    .replace(/ +/g, ' ')
    .replace(/ ?-{3,} ?/g, '---')
    .replace(/\n{2,}/g, '\n');
}

describe('the configuration is documented', () => {
  it('docs/configuration.md lists every option as the schema has it', () => {
    const document = readFileSync(DOCUMENT, 'utf8');
    const mend = 'run: npm run docs:options';
    expect(unpadded(document) === unpadded(withTables(document)), mend).to.equal(true);
  });

  it('each option has a variable of its own', () => {
    const variables = allOptions().map(({ notes }) => notes.variable);
    expect(variables).not.to.include(undefined);
    expect(new Set(variables).size).to.equal(variables.length);
    expect(variables.length).to.be.above(30);
  });

  it('each example is valid', async () => {
    const env = Object.fromEntries(
      allOptions().map(({ notes }) => [notes.variable as string, String(notes.example)] as const),
    );
    const cwd = mkdtempSync(join(tmpdir(), 'forkline-examples-'));
    writeFileSync(join(cwd, env.FORKLINE_POLICY_FILE!), '{"roles": {}}'); // the file must be there
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(cwd, env.FORKLINE_ENCRYPTION_KEYS!.replace('file:', '')), pem);
    writeFileSync(join(cwd, env.FORKLINE_CACHE_RULES_FILE!), '{"rules": []}');
    env.CACHE_REDIS_KEY = 'k'.repeat(32); // the key that the example refers to
    for (const [variable, name] of [
      ['FORKLINE_TLS_CERT_FILE', 'server.crt'],
      ['FORKLINE_TLS_KEY_FILE', 'server.key'],
      ['FORKLINE_TLS_CLIENT_CA_FILE', 'ca.crt'],
    ] as const) {
      const fixture = fileURLToPath(new URL(`../../../fixtures/tls/${name}`, import.meta.url));
      copyFileSync(fixture, join(cwd, env[variable]!));
    }
    try {
      expect(await loadConfig({ cwd, env, cores: 2 })).to.have.property('config');
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  it('forkline.config.example.json is valid', async () => {
    const file = fileURLToPath(new URL('../../../../forkline.config.example.json', import.meta.url));
    const env = {
      CRM_URL: 'postgresql://forkline:secret@db.example.com:5432/crm',
      SALES_URL: 'postgresql://h/sales',
    };
    const loaded = await loadConfig({ cwd: '/', env, file, cores: 2 });
    expect(loaded).to.have.property('config');
    if ('config' in loaded) expect(loaded.config.connections).to.have.all.keys('crm', 'sales');
  });
});
