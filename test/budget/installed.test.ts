/** An installation for users (`npm ci --omit=dev`) weighs no more than test/budget/limits.ts says. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { INSTALLED } from './limits.ts';

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Returns the folders that npm installs for users here: those of the lock file, without those for other systems. */
function installedFolders(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(lock.packages).flatMap(([folder, { dev, devOptional, optional }]) => {
    if (folder === '' || dev === true || devOptional === true) return [];
    if (existsSync(join(ROOT, folder))) return [folder];
    if (optional === true) return [];
    throw new Error(`${folder} is in package-lock.json and not installed: run npm ci`);
  });
}

/** Returns the bytes of the files of a package, without the packages that are nested in it. */
function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesOf(path);
    return sum + (entry.isFile() ? lstatSync(path).size : 0);
  }, 0);
}

describe('an installation for users', function () {
  this.timeout(60_000);

  before(function () {
    if (process.platform === 'linux' && process.arch === 'x64') return;
    console.log('skipped: the budget of an installation was measured on Linux x64');
    this.skip();
  });

  it('has no more packages and bytes than test/budget/limits.ts allows', () => {
    const folders = installedFolders();
    const sizes = folders.map((folder) => ({ folder, bytes: bytesOf(join(ROOT, folder)) }));
    const megabytes = sizes.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    const largest = sizes.sort((a, b) => b.bytes - a.bytes).slice(0, 8);
    const list = largest.map(({ folder, bytes }) => `${folder} ${(bytes / 1e6).toFixed(1)} MB`).join(', ');
    expect(folders.length).to.be.above(50);
    expect(folders.length, `packages; the largest: ${list}`).to.be.at.most(INSTALLED.packages);
    expect(megabytes, `MB; the largest: ${list}`).to.be.at.most(INSTALLED.megabytes);
  });
});
