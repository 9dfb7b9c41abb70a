/**
 * Says where the embedded database lives and who runs it. PostgreSQL refuses to run as root, so under root it runs as
 * `postgres`, or as `nobody` where there is no such user; that user must be able to go where data and binaries
 * lie, which a checkout below /root does not allow. Then both live below /var/lib/forkline.
 *
 *   <home>/              ours, 0700 (0711 under root, so that the database's user gets through)
 *     cluster/           PostgreSQL's data directory, the database user's, 0700
 *     secrets.json       passwords and port, ours, 0600
 *     state.json         what has been loaded
 *     postgres.log       what the server prints
 *     import/            files on their way into the database
 *     postgresql-<v>/    a copy of the binaries, only where the installed ones cannot be used
 * Under root nothing is ever written into a directory that the database's user owns: it could plant a link there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SYSTEM_HOME = '/var/lib/forkline';
const USERS = ['postgres', 'nobody'];

export interface Owner {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface DatabaseHome {
  /** Absolute. */
  readonly dir: string;
  /** The user that the server runs as; null: the user that we are. */
  readonly owner: Owner | null;
  /** Said once to the user when the data does not lie where the configuration says. */
  readonly notice: string | null;
}

/** Creates what is missing. Throws when no user or no place can be found, with what to do. */
export function openHome(dataDir: string): DatabaseHome {
  mkdirSync(dataDir, { recursive: true });
  const owner = process.getuid?.() === 0 ? findOwner() : null;
  const local = join(dataDir, 'postgres');
  if (owner === null) return { dir: makeDir(local, 0o700), owner, notice: null };
  if (canEnter(dataDir, owner)) return { dir: makeDir(local, 0o711), owner, notice: null };
  const dir = join(
    SYSTEM_HOME,
    createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 12),
  );
  makeDir(SYSTEM_HOME, 0o711);
  makeDir(dir, 0o711);
  const notice = `PostgreSQL runs as user ${owner.name}, who cannot enter ${dataDir}: its data is in ${dir}`;
  writeFileSync(join(dataDir, 'README'), `${notice}\n\nRemove both directories to start afresh.\n`);
  return { dir, owner, notice };
}

function makeDir(dir: string, mode: number): string {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, mode); // mkdir's mode is subject to the umask
  return dir;
}

function findOwner(): Owner {
  for (const name of USERS) {
    const [uid, gid] = [idOf(name, '-u'), idOf(name, '-g')];
    if (uid !== null && gid !== null && uid !== 0) return { name, uid, gid };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as. ' +
      'Start Forkline as an ordinary user, or set DATABASE_URL to a database of yours.',
  );
}

function idOf(user: string, flag: '-u' | '-g'): number | null {
  try {
    return Number(
      execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch {
    return null; // no such user
  }
}

/** By trying it: modes alone do not tell (ACLs, mounts, security modules). */
function canEnter(dir: string, { uid, gid }: Owner): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0
  );
}
