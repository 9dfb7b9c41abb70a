import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const CHECK = fileURLToPath(new URL('../../scripts/check-licences.mjs', import.meta.url));

describe('licences', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-licences-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function check(packages: object): { status: number | null; stderr: string } {
    const file = join(dir, 'package-lock.json');
    writeFileSync(file, JSON.stringify({ packages: { '': { license: 'MIT' }, ...packages } }));
    const { status, stderr } = spawnSync(process.execPath, [CHECK, file], { encoding: 'utf8' });
    return { status, stderr };
  }

  it('of what is shipped are allowed ones, of development any', () => {
    const fine = {
      a: { license: 'MIT' },
      b: { license: '(MIT OR GPL-3.0)' },
      c: { license: 'GPL-3.0', dev: true },
    };
    expect(check(fine).status).to.equal(0);
    for (const license of ['GPL-3.0', 'MIT AND GPL-3.0', 'SEE LICENSE IN LICENSE', undefined]) {
      const { status, stderr } = check({ ...fine, 'node_modules/bad': { license } });
      expect([status, stderr.includes('node_modules/bad: its licence is')], String(license)).to.deep.equal([
        1,
        true,
      ]);
    }
    expect(check({}).status, 'nothing seen').to.equal(1);
  });
});
